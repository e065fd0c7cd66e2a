"""Tables that ship with the package: how projects are called on conda-forge. Read lazily, once a process."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Entry", "curated", "extras", "occupied", "owners", "packages_of_extras", "published", "same"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What a table says of a project."""

    packages: tuple[str, ...]
    """The preferred one first; the others where a channel lacks it."""
    reason: str = ""


@cache
def curated() -> Mapping[str, Entry]:
    """Choices made by hand, by normalised project (PEP 503)."""
    names = tomllib.loads(_text("curated.toml"))["names"]
    return {
        project: Entry(
            packages=(row["package"], *row.get("also", ())),
            reason=row.get("reason", ""),
        )
        for project, row in names.items()
    }


@cache
def published() -> Mapping[str, tuple[str, ...]]:
    """Normalised project to its packages, where spelled otherwise; from the metadata in conda-forge's files."""
    rows = (line.split("\t") for line in _lines("published.tsv"))
    return {project: tuple(packages.split(" ")) for project, packages in rows}


@cache
def same() -> frozenset[str]:
    """Often used projects whose package has the very same name."""
    return frozenset(_lines("same.txt"))


@cache
def occupied() -> frozenset[str]:
    """Packages that share their name with a project on PyPI, but are something else."""
    return frozenset(_lines("occupied.txt"))


@cache
def owners() -> Mapping[str, frozenset[str]]:
    """Package to the projects whose metadata its files carry, for the packages of `published`."""
    found: dict[str, set[str]] = {}
    for project, packages in published().items():
        for package in packages:
            found.setdefault(package, set()).add(project)
    return {package: frozenset(projects) for package, projects in found.items()}


@cache
def extras() -> Mapping[tuple[str, str], str]:
    """(Normalised project, normalised extra) to the package that stands for both."""
    rows = (line.split("\t") for line in _lines("extras.tsv"))
    return {(project, extra): package for project, extra, package in rows}


@cache
def packages_of_extras() -> Mapping[str, tuple[str, ...]]:
    """Normalised project to all packages that stand for it with an extra."""
    found: dict[str, tuple[str, ...]] = {}
    for (project, _), package in extras().items():
        found[project] = (*found.get(project, ()), package)
    return found


def _lines(name: str) -> list[str]:
    return [line for line in _text(name).splitlines() if line and not line.startswith("#")]


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
