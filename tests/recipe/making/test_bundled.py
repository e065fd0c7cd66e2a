from collections.abc import Mapping

import pytest

from dirac_forge.recipe.making.bundled import bundled_libraries

ENVIRON = 'system = bool(int(os.environ.get("ZZ_USE_SYSTEM_LIB", 0)))\n'


@pytest.mark.parametrize(
    ("member", "setup", "packages", "environment"),
    [
        ("src/libsodium/configure", "SODIUM_INSTALL", {"libsodium": "src/libsodium"}, {"SODIUM_INSTALL": "system"}),
        ("deps/c-ares/CMakeLists.txt", ENVIRON, {"c-ares": "deps/c-ares"}, {"ZZ_USE_SYSTEM_LIB": "1"}),
        ("deps/libuv/CMakeLists.txt", "", {"libuv": "deps/libuv"}, {}),
        ("tests/libuv/CMakeLists.txt", "", {}, {}),
        ("tools/test cases/9 x/libuv/meson.build", "", {}, {}),
        ("subprojects/libuv/meson.build", "", {}, {}),
        ("ffi/CMakeLists.txt", "", {}, {}),
        ("extern/ffi/configure", "", {"libffi": "extern/ffi"}, {}),
        ("deps/libuv/uv.c", "", {}, {}),
        ("extern/other/3rd-party/libuv/CMakeLists.txt", "", {}, {}),
        ("deps/nothing-known/configure", ENVIRON, {}, {}),
    ],
)
def test_bundled_sources_are_linked_from_the_channel(
    member: str, setup: str, packages: Mapping[str, str], environment: Mapping[str, str]
) -> None:
    found = bundled_libraries([member, "setup.py"], {"setup.py": setup}, "zz")
    assert (found.packages, found.environment) == (packages, environment)


def test_the_project_itself_is_not_bundled() -> None:
    assert bundled_libraries(["libuv/CMakeLists.txt"], {}, "libuv").packages == {}


def test_the_note_names_folder_and_switch() -> None:
    found = bundled_libraries(["deps/libev/configure"], {"setup.py": "GEVENTSETUP_DISABLE"}, "gevent")
    (note,) = found.notes
    assert note.text == (
        "libev in host, because the sdist has its sources (deps/libev): "
        "GEVENTSETUP_EMBED=0 lets the build link the channel's"
    )
