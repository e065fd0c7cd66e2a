"""The table that ships with the package: how projects are called on conda-forge. Read lazily, once a process."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from dirac_forge.values import dataclass

__all__ = ["NameEntry", "curated", "extras", "imports", "namesakes", "siblings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NameEntry:
    """What a table says of a project."""

    packages: tuple[str, ...]
    """The preferred one first; the others if a channel lacks it."""
    reason: str = ""
    outputs: tuple[str, ...] = ()
    """All packages of the feedstock if some only require the first, which holds the module."""
    whole: str = ""
    """The package of the same feedstock that requires the preferred one and more."""
    adds: tuple[str, ...] = ()
    """What more `whole` requires, by name."""
    wraps: bool = False
    """The project only wraps the package, which has another name, for pip."""


@cache
def curated() -> Mapping[str, NameEntry]:
    """Return the choices made by hand, by normalised project (PEP 503)."""
    return {
        project: NameEntry(
            packages=(row["package"], *row.get("also", ())),
            reason=row.get("reason", ""),
            outputs=tuple(row.get("outputs", ())),
            whole=row.get("whole", ""),
            adds=tuple(row.get("adds", ())),
            wraps=row.get("wraps", False),
        )
        for project, row in _document()["names"].items()
    }


@cache
def namesakes() -> Mapping[str, str]:
    """Return packages that share their name with a project on PyPI but are something else, to what they are."""
    return dict(_document()["namesakes"])


@cache
def imports() -> Mapping[str, str]:
    """Return the projects that install top-level modules whose names do not tell."""
    return dict(_document()["imports"])


@cache
def extras() -> Mapping[str, Mapping[str, str]]:
    """Return the package for each normalised project and extra."""
    return {project: dict(row) for project, row in _document()["extras"].items()}


@cache
def siblings() -> frozenset[str]:
    """Return packages of extras that come from the feedstock of the project's own package, whatever their name."""
    return frozenset(_document()["siblings"]["packages"])


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath("curated.toml").read_text(encoding="utf-8"))
