"""Why a channel is taken for only a part of conda-forge: then what it lacks may well exist."""

from __future__ import annotations

from typing import Literal

from dirac_forge.values import dataclass

Section = Literal["build", "host", "run"]


@dataclass(frozen=True, slots=True)
class NeededBefore:
    """The package was needed before the bumps, too, so the feedstock could not have been built without it."""

    by: str = ""
    """The other feedstock that needs it; "" for the bump's own."""


@dataclass(frozen=True, slots=True)
class UsualBackend:
    """The package is a usual build backend."""


@dataclass(frozen=True, slots=True)
class ListedName:
    """Tables of conda-forge's names have the package."""


@dataclass(frozen=True, slots=True)
class InSnapshot:
    """The embedded snapshot of conda-forge has the package."""


@dataclass(frozen=True, slots=True)
class LacksOther:
    """The channel lacks another package too, which the recipe needed before."""

    package: str


@dataclass(frozen=True, slots=True)
class LacksTool:
    """The channel lacks a tool too, which feedstocks are built with."""

    package: str


PartReason = NeededBefore | UsualBackend | ListedName | InSnapshot | LacksOther | LacksTool


def proves(reason: PartReason | None) -> bool:
    """Return whether conda-forge should have the package, in whichever versions."""
    return isinstance(reason, (NeededBefore, UsualBackend, ListedName, InSnapshot))
