from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.resources import files

import pytest
from packaging.utils import canonicalize_name

from dirac_forge.channel import tables

PACKAGE = re.compile(r"[a-z0-9_][a-z0-9._-]*")


def lines(name: str) -> list[str]:
    text = files(tables).joinpath(name).read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [line for line in text.splitlines() if not line.startswith("#")]


def assert_projects(projects: Iterable[str]) -> None:
    listed = list(projects)
    assert listed == sorted(set(listed))
    assert [project for project in listed if canonicalize_name(project) != project] == []


def test_published_pairs_are_sorted_normalised_and_worth_a_line() -> None:
    rows = [line.split("\t") for line in lines("published.tsv")]

    assert_projects(project for project, _ in rows)
    for project, packages in rows:
        names = packages.split(" ")
        assert all(PACKAGE.fullmatch(name) for name in names), project
        assert len(set(names)) == len(names), project
        assert names != [project], project


def test_names_that_are_the_same_are_sorted_normalised_and_listed_once() -> None:
    assert_projects(lines("same.txt"))
    assert tables.same().isdisjoint(tables.published())
    assert tables.same().isdisjoint(tables.curated())
    assert tables.same().isdisjoint(tables.occupied())


def test_occupied_names_are_sorted_and_no_projects_of_the_tables() -> None:
    rows = lines("occupied.txt")

    assert rows == sorted(set(rows))
    assert all(PACKAGE.fullmatch(name) for name in rows)


def test_choices_by_hand_are_sorted_normalised_and_strict() -> None:
    document = tomllib.loads(files(tables).joinpath("curated.toml").read_text(encoding="utf-8"))

    assert set(document) == {"names"}
    assert_projects(document["names"])
    for project, row in document["names"].items():
        assert {"package"} <= set(row) <= {"package", "also", "reason"}, project
        names = [row["package"], *row.get("also", [])]
        assert all(PACKAGE.fullmatch(name) for name in names), project
        assert len(set(names)) == len(names), project
        assert "reason" in row or names != [project], project
        assert not row.get("reason", "").endswith("."), project
    assert set(document["names"]).isdisjoint(tables.published())


def test_extras_are_sorted_and_normalised() -> None:
    rows = [line.split("\t") for line in lines("extras.tsv")]

    assert [tuple(row[:2]) for row in rows] == sorted({(project, extra) for project, extra, _ in rows})
    for project, extra, package in rows:
        assert (canonicalize_name(project), canonicalize_name(extra)) == (project, extra)
        assert PACKAGE.fullmatch(package)


@pytest.mark.parametrize(
    ("package", "projects"), [("dirac-grid", {"dirac"}), ("py-opencv", set()), ("importlib_resources", set())]
)
def test_owners_are_known_from_what_files_carry(package: str, projects: set[str]) -> None:
    assert tables.owners().get(package, frozenset()) == projects
