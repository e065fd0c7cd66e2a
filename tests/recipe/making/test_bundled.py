from collections.abc import Mapping, Sequence

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
        ("extern/other/3rd-party/libuv/CMakeLists.txt", "", {}, {}),
        ("deps/nothing-known/configure", ENVIRON, {}, {}),
    ],
)
def test_bundled_sources_are_linked_from_the_channel(
    member: str, setup: str, packages: Mapping[str, str], environment: Mapping[str, str]
) -> None:
    sources = f"{member.rpartition('/')[0]}/src/a.c"
    found = bundled_libraries([member, sources, "setup.py"], {"setup.py": setup}, "zz")
    assert (found.packages, found.environment) == (packages, environment)


@pytest.mark.parametrize(
    ("members", "text", "bundled"),
    [
        (["libuv/CMakeLists.txt", "libuv/src/uv.c"], "project(libuv C)", True),
        (["libuv/CMakeLists.txt", "libuv/src/uv.c"], "add_library(binding uv.c)", False),
        (["deps/libuv/CMakeLists.txt", "deps/libuv/uv.c"], "", True),
        (["deps/libuv/CMakeLists.txt"], "project(libuv C)", False),
        (["deps/libuv/uv.c"], "project(libuv C)", False),
        (["libuv/CMakeLists.txt", "libuv/__init__.py", "libuv/module.c"], "project(libuv C)", False),
    ],
)
def test_a_folder_of_a_librarys_name_is_the_library_where_it_has_its_sources(
    members: Sequence[str], text: str, *, bundled: bool
) -> None:
    found = bundled_libraries(members, {members[0]: text}, "zz")
    assert list(found.packages) == (["libuv"] if bundled else [])


def test_the_project_itself_is_not_bundled() -> None:
    assert bundled_libraries(["libuv/configure", "libuv/uv.c"], {}, "libuv").packages == {}


def test_one_note_names_libraries_folders_and_switch() -> None:
    members = [f"deps/{name}/{file}" for name in ("libev", "libuv") for file in ("configure", "a.c")]
    (note,) = bundled_libraries(members, {"setup.py": "GEVENTSETUP_DISABLE"}, "gevent").notes
    assert note.text == (
        "libev, libuv in host, because the sdist has their sources (deps/libev, deps/libuv): GEVENTSETUP_EMBED=0 lets "
        "the build link the channel's"
    )
    (note,) = bundled_libraries(members[:2], {}, "gevent").notes
    assert note.text == (
        "libev in host, because the sdist has its sources (deps/libev): let the build link the channel's instead"
    )
    assert bundled_libraries([], {}, "gevent").notes == ()
