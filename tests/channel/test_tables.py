from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from dirac_forge.channel import tables

PACKAGE = re.compile(r"[a-z0-9_][a-z0-9._-]*")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return tomllib.loads(files(tables).joinpath("curated.toml").read_text(encoding="utf-8"))


def assert_sorted_and_normalised(names: Iterable[str]) -> None:
    listed = list(names)
    assert listed == sorted(listed)
    assert [name for name in listed if canonicalize_name(name) != name] == []


def test_the_table_has_these_sections_alone(document: dict[str, Any]) -> None:
    assert list(document) == ["names", "namesakes", "imports", "extras", "siblings"]


def test_names_are_sorted_normalised_and_strict(document: dict[str, Any]) -> None:
    assert_sorted_and_normalised(document["names"])
    for project, row in document["names"].items():
        assert {"package"} <= set(row) <= {"package", "also", "outputs", "whole", "adds", "wraps", "reason"}, project
        assert ("adds" not in row) or "whole" in row, project
        assert ("wraps" not in row) or row["package"] != project, project
        names = [row["package"], *row.get("also", [])]
        assert all(PACKAGE.fullmatch(name) for name in names), project
        assert len(set(names)) == len(names), project
        assert set(names) <= set(row.get("outputs", names)), project
        assert "reason" in row or names != [project], project
        assert not row.get("reason", "").endswith("."), project


def test_packages_belong_to_one_project_but_for_stand_ins(document: dict[str, Any]) -> None:
    """Two projects with one package are variants of one wheel, stand-ins or wrappers: a reason says which."""
    rows = document["names"]
    unexplained = [row["package"] for project, row in rows.items() if "reason" not in row]

    assert sorted({name for name in unexplained if unexplained.count(name) > 1}) == ["pyside6"]


def test_namesakes_are_sorted_and_no_projects_of_the_table(document: dict[str, Any]) -> None:
    namesakes = document["namesakes"]

    assert_sorted_and_normalised(namesakes)
    assert set(namesakes).isdisjoint(document["names"])
    assert [what for what in namesakes.values() if not what or what.endswith(".")] == []


def test_extras_are_sorted_and_normalised(document: dict[str, Any]) -> None:
    assert_sorted_and_normalised(document["extras"])
    for project, row in document["extras"].items():
        assert_sorted_and_normalised(row)
        assert [name for name in row.values() if not PACKAGE.fullmatch(name)] == [], project
        assert len(set(row.values())) == len(row), project


def test_siblings_are_sorted_and_packages(document: dict[str, Any]) -> None:
    listed = document["siblings"]["packages"]

    assert listed == sorted(set(listed))
    assert [name for name in listed if not PACKAGE.fullmatch(name)] == []
    assert tables.siblings() == set(listed)


def test_what_is_read_is_what_is_written(document: dict[str, Any]) -> None:
    assert tables.curated().keys() == document["names"].keys()
    assert tables.curated()["prompt-toolkit"] == tables.NameEntry(
        packages=("prompt_toolkit", "prompt-toolkit"),
        reason="both spellings are packages of one feedstock",
        outputs=("prompt-toolkit", "prompt_toolkit"),
    )
    assert tables.namesakes()["bash"] == "the shell"
    assert tables.extras()["cachecontrol"]["filecache"] == "cachecontrol-with-filecache"


def test_imports_are_sorted_and_name_projects(document: dict[str, Any]) -> None:
    assert list(document["imports"]) == sorted(document["imports"])
    assert all(canonicalize_name(project) == project for project in document["imports"].values())
