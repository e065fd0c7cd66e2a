"""What Cargo.toml says of a project that maturin builds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from dirac_forge.recipe.making.externals import programs_of
from dirac_forge.recipe.making.imports import imports_of
from dirac_forge.upstream.files.crate import crate_modules, crate_of, crate_programs, with_crate
from dirac_forge.upstream.files.facts import SdistFacts
from support.facts import facts

CARGO = """\
[package]
name = "las-zip"
version = "1.0.0"
description = " Reads LAZ "
license = "MIT/Apache-2.0"
homepage = "https://laz.example.org"
repository = "https://github.com/example/laz"
readme.workspace = true

[lib]
name = "lazzy"
"""


def sdist(cargo: str, tool: Mapping[str, object] | None = None, *, path: str = "Cargo.toml") -> SdistFacts:
    pyproject = {"build-system": {"build-backend": "maturin"}, "tool": {"maturin": tool or {}}}
    made = facts("demo", wheels=[], pyproject=pyproject, texts={path: cargo}, sdist_members=[path, "src/lib.rs"]).sdist
    assert made is not None
    return made


def test_metadata_that_pyproject_leaves_out_is_the_crates() -> None:
    bare = replace(facts("demo").metadata, summary=None, license_expression=None, project_urls={})
    found = with_crate(bare, sdist(CARGO))
    assert (found.summary, found.license, found.home_page, found.project_urls) == (
        "Reads LAZ",
        "MIT/Apache-2.0",
        "https://laz.example.org",
        {"Source Code": "https://github.com/example/laz"},
    )
    own = replace(bare, summary="Own", license="ISC", project_urls={"Home": "https://demo.example.org"})
    assert with_crate(own, sdist(CARGO)) == own


@pytest.mark.parametrize(
    "cargo", ["[package", f"{'a.' * 600}b = 1", f"a = {'[' * 70}{']' * 70}", "package = 1", "", "[package]\nname = 1"]
)
def test_a_manifest_that_says_nothing_adds_nothing(cargo: str) -> None:
    metadata = facts("demo").metadata
    assert with_crate(metadata, sdist(cargo)) == metadata
    assert (crate_modules(sdist(cargo)), crate_programs(sdist(cargo, {"bindings": "bin"}))) == (None, ())


def test_a_crate_of_another_backend_is_not_the_project() -> None:
    other = replace(sdist(CARGO), pyproject={"build-system": {"build-backend": "hatchling.build"}})
    assert crate_of(other) == {}
    assert with_crate(facts("demo").metadata, None) == facts("demo").metadata


@pytest.mark.parametrize(
    ("cargo", "tool", "path", "modules"),
    [
        (CARGO, {}, "Cargo.toml", ("lazzy",)),
        (CARGO.partition("[lib]")[0], {}, "Cargo.toml", ("las_zip",)),
        (CARGO, {"module-name": "laz._native"}, "Cargo.toml", ("laz",)),
        (CARGO, {"module-name": "laz._native", "python-packages": ["laz", "tools"]}, "Cargo.toml", ("laz", "tools")),
        (CARGO, {"manifest-path": "rust/Cargo.toml"}, "rust/Cargo.toml", ("lazzy",)),
        (CARGO, {"bindings": "bin"}, "Cargo.toml", ()),
        (CARGO, {"bindings": "bin", "python-source": "python"}, "Cargo.toml", None),
    ],
)
def test_the_module_is_the_library_of_the_crate(
    cargo: str, tool: dict[str, object], path: str, modules: tuple[str, ...] | None
) -> None:
    assert crate_modules(sdist(cargo, tool, path=path)) == modules


def test_other_folders_of_a_crates_sources_are_not_installed() -> None:
    one = sdist(CARGO)
    one = replace(one, members=(*one.members, "ci/update.py", "ci/__init__.py"))
    made = facts("demo", wheels=[])
    assert imports_of(replace(made, wheel=None, sdist=one)) == ("lazzy",)
    assert imports_of(replace(made, wheel=None, sdist=replace(one, pyproject={}))) == ("ci",)


def test_programs_of_a_crate_are_those_of_bin_else_the_crates() -> None:
    one = sdist(f"{CARGO}\n[[bin]]\nname = 'laz'\n\n[[bin]]\nname = 'unlaz'\n", {"bindings": "bin"})
    assert crate_programs(one) == ("laz", "unlaz")
    assert programs_of(replace(facts("demo"), wheel=None, sdist=one)) == ("laz", "unlaz")
    assert crate_programs(sdist(CARGO, {"bindings": "bin"})) == ("las-zip",)
    assert crate_programs(sdist(CARGO)) == ()
