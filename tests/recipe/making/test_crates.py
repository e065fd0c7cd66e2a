from collections.abc import Mapping, Sequence

import pytest

from dirac_forge.recipe.making.crates import bundling_commands
from support.facts import facts

AT_THE_TOP = ("cargo-bundle-licenses --format yaml --output THIRDPARTY.yml",)


def commands(
    members: Sequence[str], *, setup: str = "", pyproject: Mapping[str, object] | None = None
) -> tuple[str, ...]:
    made = facts("demo", sdist_members=members, pyproject=pyproject, texts={"setup.py": setup})
    return bundling_commands(made.sdist)


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
    assert bundling_commands(None) == AT_THE_TOP
