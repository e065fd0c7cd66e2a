"""Values: why a cell, an environment or a target with a proposal has its answer; `report/` words them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dirac_forge.channel.gap import Gap
from dirac_forge.check.causes import Cause
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.channel.records import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """There is no solution, for these causes; if all of them are gaps of a snapshot, it is unknown."""

    causes: tuple[Cause, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unexplained:
    """There is no solution, and why is unknown: no cause was found."""

    solver: str = ""
    """What the solver says; "" if it says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unanswered:
    """Nobody answered: the channel could not be read, or a worker was lost."""

    message: str
    """Of the error: what happened, where, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformNotCovered:
    """A channel has no packages for the platform."""

    platform: str
    gap: Gap | None = None
    """The snapshot of a part of a channel, which may have some."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnBuildsRefused:
    """What the channel has is unknown, and what recipes would add to it can't be installed."""

    unknown: CellReason | None
    why: CellReason | None = None
    """Why what they add can't be; None if that was not examined."""


CellReason = Refused | Unexplained | Unanswered | PlatformNotCovered | OwnBuildsRefused


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingPackages:
    """No channel has these packages on any platform."""

    names: tuple[str, ...]
    gap: Gap | None = None
    """The snapshot that lacks them, if its channel may have them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedBefore:
    """The environment has no solution without the proposal either."""

    reason: CellReason


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildCycle:
    """Packages of the proposal are needed to build each other, and no channel has builds that would do instead."""

    names: tuple[str, ...]
    """Each is built with the next, the last with the first."""


EnvironmentReason = CellReason | MissingPackages | RefusedBefore | BuildCycle


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionMove:
    """A package that a target names gets another version."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NowInstallable:
    """The target could not be installed, and can be now."""

    target: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewerVersions:
    """Packages that the target names get newer."""

    moves: tuple[VersionMove, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OlderVersion:
    """A package that the target names gets older."""

    move: VersionMove
    why: CellReason | None = None
    """What excludes the previous version, or None if that was not examined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposalRefused:
    """The target can't be installed with the proposal's packages, or it is unknown whether it can."""

    target: str
    packages: tuple[Record, ...]
    together: bool
    """Each can be installed with the target, all of them at once can't."""
    why: CellReason | None = None
    """None if that was not examined."""
    certain: bool = True
    """False: only a snapshot of a part of a channel lacks something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotTaken:
    """The target stays at a version of a proposal's package, as it does with the newest that the channel has today."""

    target: str
    package: str
    installed: str
    newest: str
    """The newest of today, which the target can't take without getting older itself."""


VerdictReason = CellReason | NowInstallable | NewerVersions | OlderVersion | ProposalRefused


def causes_of(reason: object) -> tuple[Cause, ...]:
    """Return the causes of a refusal; () for every other reason."""
    return reason.causes if isinstance(reason, Refused) else ()
