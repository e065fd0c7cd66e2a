"""What crates need beyond a Rust compiler."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dirac_forge.recipe.making.compiled import Nature, nature
from dirac_forge.recipe.notes import NoteKind
from support.facts import facts

TAGGED = "cp312-cp312-manylinux_2_28_x86_64"
MATURIN: Mapping[str, object] = {"build-system": {"requires": ["maturin"], "build-backend": "maturin"}}
KINDS = (NoteKind.CRATES_NEED, NoteKind.CRATE_MAY_NEED, NoteKind.CRATE_OPENSSL, NoteKind.CRATE_OPENSSL_VENDORED)


def built(needs: Mapping[str, str], texts: Mapping[str, str] | None = None) -> Nature:
    """Return how a crate is built whose lock has these crates, with what they depend on; demo uses the others."""
    deeper = {each for more in needs.values() for each in more.split(",")}
    crates = {"demo": ",".join(name for name in needs if name not in deeper), **needs}
    parts = []
    for name, more in crates.items():
        source = "" if name in ("demo", "own-sys") else 'source = "index"\n'
        listed = ", ".join(f'"{each}"' for each in more.split(",") if each)
        parts.append(f'[[package]]\nname = "{name}"\nversion = "1"\n{source}dependencies = [{listed}]')
    said = {"Cargo.toml": '[package]\nname = "demo"', "Cargo.lock": "\n".join(parts), **(texts or {})}
    members = ["src/lib.rs", *said]
    return nature(facts("demo", wheels=[TAGGED], sdist_members=members, texts=said, pyproject=MATURIN))


def told(found: Nature) -> list[str]:
    return [note.text for note in found.notes if note.kind in KINDS]


@pytest.mark.parametrize(
    ("needs", "languages", "programs"),
    [
        ({"serde": ""}, ("c", "rust"), ()),
        ({"tikv-jemalloc-sys": "cc", "cc": ""}, ("c", "rust"), ("make",)),
        ({"esaxx-rs": "cc", "cc": ""}, ("c", "cxx", "rust"), ()),
        ({"esaxx-rs": "", "cc": ""}, ("c", "rust"), ()),
        ({"rocks": "bindgen", "bindgen": "clang-sys", "clang-sys": ""}, ("c", "rust"), ("libclang",)),
        ({"z": "cmake", "cmake": "cc", "cc": ""}, ("c", "rust"), ("cmake", "make")),
        ({"cxx-build": ""}, ("c", "cxx", "rust"), ()),
    ],
)
def test_build_scripts_of_crates_need_compilers_and_programs(
    needs: Mapping[str, str], languages: tuple[str, ...], programs: tuple[str, ...]
) -> None:
    found = built(needs)
    assert (found.languages, found.programs) == (languages, programs)


def test_the_note_names_the_crates() -> None:
    assert told(built({"esaxx-rs": "cc", "cc": "", "tikv-jemalloc-sys": ""})) == [
        (
            "a C++ compiler and make in build, because esaxx-rs and tikv-jemalloc-sys of Cargo.lock need them: check "
            "that the build compiles these crates"
        )
    ]


def test_libclang_is_looked_for_in_a_folder_that_a_variable_names() -> None:
    found = built({"bindgen": "clang-sys", "clang-sys": ""})
    assert [note.text for note in found.notes if note.kind == NoteKind.CRATE_LIBCLANG] == [
        (
            "the crate clang-sys looks for libclang in the folder LIBCLANG_PATH: set it to the one in build "
            "($BUILD_PREFIX/lib) if the build does not find it"
        )
    ]


def test_what_only_some_systems_need_is_told_and_not_written() -> None:
    found = built({"aws-lc-sys": "cmake,cc", "cmake": "", "cc": "", "prost-build": ""})
    assert found.programs == ()
    assert told(found) == [
        "aws-lc-sys of Cargo.lock may need cmake and nasm in build, which depends on its features and the system",
        "prost-build of Cargo.lock may need libprotobuf in build, which depends on its features and the system",
    ]


def test_openssl_is_found_by_pkg_config() -> None:
    found = built({"openssl-sys": "cc", "cc": ""})
    assert (found.libraries, found.programs, found.environment) == (("openssl",), ("pkg-config",), {})
    assert told(found) == [
        (
            "openssl in host and pkg-config in build, because Cargo.lock has openssl-sys: on Windows it needs "
            "OPENSSL_DIR (%LIBRARY_PREFIX%); check that openssl is used, and its run_exports"
        )
    ]


def test_openssl_that_would_be_compiled_is_linked_from_the_channel() -> None:
    found = built({"openssl-sys": "openssl-src", "openssl-src": "cc", "cc": ""})
    assert (found.libraries, found.programs) == (("openssl",), ("pkg-config",))
    assert found.environment == {"OPENSSL_NO_VENDOR": "1"}
    assert told(found) == [
        (
            "openssl in host and pkg-config in build, because Cargo.lock has openssl-sys: OPENSSL_NO_VENDOR=1 lets the "
            "build link the channel's; on Windows it needs OPENSSL_DIR (%LIBRARY_PREFIX%); check that openssl is used"
        )
    ]


def test_build_scripts_of_the_projects_own_crates_are_read() -> None:
    manifest = {"own-sys/Cargo.toml": '[package]\nname = "own-sys"'}
    script = "fn main() {\n  // cmake::build(x)\n  cc::Build::new().cpp(true);\n  bindgen::Builder::default();\n}"
    found = built({"own-sys": ""}, {**manifest, "own-sys/build.rs": script, "other/build.rs": "cmake::build()"})
    assert (found.languages, found.programs) == (("c", "cxx", "rust"), ("libclang",))


def test_cargo_reads_no_build_file_of_cmake() -> None:
    assert built({}, {"own-sys/zstd/CMakeLists.txt": "find_package(ZLIB)"}).libraries == ()
