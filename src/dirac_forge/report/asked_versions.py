"""The versions of what a target asks for, where that is more than one package."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.channel.records import name_of
from dirac_forge.check.cells import Cell, python_spec
from dirac_forge.report.document import listed
from dirac_forge.report.reasoned import Reasoned, where

_MOST = 12
"""Packages that are listed without -v."""


def asked_versions(cell: Cell) -> dict[str, str]:
    """Return the installed versions of the packages that a target names, in its order; not of a lock, which names all.

    The Python of the question and what the machine has are no packages of the target.
    """
    if is_lock(cell):
        return {}
    of_question = python_spec(cell.python) if cell.python else ""
    installed = {record.name: record.version for record in cell.packages}
    names = dict.fromkeys(name_of(spec) for spec in cell.specs if spec != of_question)
    return {name: installed[name] for name in names if name in installed}


def is_lock(cell: Cell) -> bool:
    """Whether a target names every package that it installs with its exact version: none of them is what it is for."""
    exact = len(cell.specs) == len(cell.packages) > 1 and all(" ==" in spec for spec in cell.specs)
    return exact and set(map(name_of, cell.specs)) == {record.name for record in cell.packages}


def versions(cells: Sequence[Cell], *, verbose: bool) -> list[Reasoned]:
    """Return what is installed of the packages that a target asks for, cells that agree together.

    Nothing of a target that asks for one package, whose version the matrix has. Of many packages the first ones,
    unless `verbose`.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Cell]] = {}
    for cell in cells:
        found = tuple(asked_versions(cell).items())
        if len(found) > 1:
            groups.setdefault(found, []).append(cell)
    most = None if verbose else _MOST
    return [
        Reasoned(cells=where(some), said=": installs", lines=(_line(found, most),)) for found, some in groups.items()
    ]


def _line(found: Sequence[tuple[str, str]], most: int | None) -> str:
    shown = [f"{name} {version}" for name, version in found]
    if most is None or len(shown) <= most + 1:
        return listed(shown, most=len(shown))
    return f"{', '.join(shown[:most])} and {len(shown) - most} more (check -v lists them)"
