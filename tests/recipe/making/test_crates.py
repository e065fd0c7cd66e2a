from collections.abc import Mapping, Sequence

import pytest

from dirac_forge.recipe.making.crates import CrateLicences, crate_licences
from support.facts import facts

AT_THE_TOP = ("cargo-bundle-licenses --format yaml --output THIRDPARTY.yml",)


def licences(
    members: Sequence[str], *, setup: str = "", pyproject: Mapping[str, object] | None = None, top: str = ""
) -> CrateLicences:
    made = facts("demo", sdist_members=members, pyproject=pyproject, texts={"setup.py": setup, "Cargo.toml": top})
    return crate_licences(made.sdist)


def commands(
    members: Sequence[str], *, setup: str = "", pyproject: Mapping[str, object] | None = None
) -> tuple[str, ...]:
    return licences(members, setup=setup, pyproject=pyproject).commands


@pytest.mark.parametrize(
    "members", [["Cargo.toml", "crates/a/Cargo.toml"], [], ["a; b/Cargo.toml", "$(c)/Cargo.toml", "-d/Cargo.toml"]]
)
def test_a_manifest_at_the_top_is_where_the_build_runs(members: list[str]) -> None:
    assert commands(members) == AT_THE_TOP


def test_a_manifest_that_maturin_is_told_of_is_gone_to() -> None:
    pyproject = {"tool": {"maturin": {"manifest-path": "./bindings/python/Cargo.toml"}}}
    assert commands(["Cargo.toml", "bindings/python/Cargo.toml"], pyproject=pyproject) == (
        "cd bindings/python",
        "cargo-bundle-licenses --format yaml --output ../../THIRDPARTY.yml",
    )


@pytest.mark.parametrize(
    ("setup", "tool"),
    [
        ('setup(rust_extensions=[RustExtension("demo.core", path="rust/Cargo.toml")])', {}),
        ("", {"ext-modules": [{"target": "demo.core", "path": "rust/Cargo.toml"}]}),
        ("", {}),
    ],
)
def test_a_manifest_of_setuptools_rust_or_the_only_one_is_gone_to(setup: str, tool: Mapping[str, object]) -> None:
    found = commands(
        ["rust/Cargo.toml", "rust/inner/Cargo.toml"], setup=setup, pyproject={"tool": {"setuptools-rust": tool}}
    )
    assert found == ("cd rust", "cargo-bundle-licenses --format yaml --output ../THIRDPARTY.yml")


def test_without_an_sdist_the_top_is_taken() -> None:
    assert crate_licences(None) == CrateLicences(commands=AT_THE_TOP, files=("THIRDPARTY.yml",))


SEVERAL = """
crates = [
    RustExtension("demo._one", "crates/one/Cargo.toml", optional=True),
    setuptools_rust.RustBin("demo-two", path="crates/two/Cargo.toml"),
]
"""
MEMBERS = ["Cargo.toml", "crates/one/Cargo.toml", "crates/two/Cargo.toml"]


def test_members_of_one_workspace_are_read_together() -> None:
    top = '[workspace]\nmembers = ["crates/*"]\n'
    assert licences(MEMBERS, setup=SEVERAL, top=top) == CrateLicences(commands=AT_THE_TOP, files=("THIRDPARTY.yml",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not TOML",
        '[workspace]\nmembers = ["crates/one"]\n',
        '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/two"]\n',
        '[workspace]\nmembers = ["crates/*"]\n[package]\nname = "another"\n',
    ],
)
def test_each_of_several_crates_has_its_own_file_without_a_workspace_of_all(text: str) -> None:
    assert licences(MEMBERS, setup=SEVERAL, top=text) == CrateLicences(
        commands=(
            "cd crates/one",
            "cargo-bundle-licenses --format yaml --output ../../THIRDPARTY-crates-one.yml",
            "cd ../two",
            "cargo-bundle-licenses --format yaml --output ../../THIRDPARTY-crates-two.yml",
        ),
        files=("THIRDPARTY-crates-one.yml", "THIRDPARTY-crates-two.yml"),
    )


def test_a_computed_path_of_a_crate_is_told() -> None:
    found = licences(["rust/Cargo.toml"], setup='RustExtension("demo.core", str(HERE / "rust" / "Cargo.toml"))')
    assert found.commands == ("cd rust", "cargo-bundle-licenses --format yaml --output ../THIRDPARTY.yml")
    assert [one.text for one in found.notes] == [
        "setup.py computes the path of a crate: check that cargo-bundle-licenses runs for each crate that is compiled"
    ]
