"""Values: the causes that prevent a target, typed; `wording` turns them into words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from functools import total_ordering
from typing import ClassVar, Literal

from dirac_forge.channel.gap import Gap
from dirac_forge.values import dataclass

Kind = Literal["no-build", "python", "version", "broken", "conflict", "machine", "channel", "unknown-name", "solver"]


@total_ordering
@dataclass(frozen=True, slots=True)
class PythonLine:
    """A minor version of Python, with or without the global interpreter lock."""

    major: int
    minor: int
    free_threaded: bool = False

    def __lt__(self, other: PythonLine) -> bool:
        mine = (self.free_threaded, self.major, self.minor)
        return mine < (other.free_threaded, other.major, other.minor)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}{'t' if self.free_threaded else ''}"


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownName:
    """No channel has a package of this name on any platform."""

    kind: ClassVar[Kind] = "unknown-name"
    near: tuple[str, ...] = ()
    """Names that are alike."""
    gap: Gap | None = None
    """The snapshot that lacks it, if its channel may have it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotYetUploaded:
    """The channel has the package now, and had none of its builds on the day that was asked about."""

    kind: ClassVar[Kind] = "version"
    platform: str
    day: date


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadableBuilds:
    """The channel lists builds that could do and were left out, because their records are malformed."""

    kind: ClassVar[Kind] = "channel"
    specs: tuple[str, ...] = ()
    """What asks for them, where the package has other builds too; () where it has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoBuild:
    """The package has builds for other platforms only."""

    kind: ClassVar[Kind] = "no-build"
    platform: str
    elsewhere: tuple[str, ...]
    gap: Gap | None = None
    """The snapshot that lacks it for the platform, if its channel may have it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllBroken:
    """Every build for the platform was marked broken."""

    kind: ClassVar[Kind] = "broken"
    platform: str
    versions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedBroken:
    """The only version that matches was marked broken."""

    kind: ClassVar[Kind] = "broken"
    version: str
    specs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HiddenVersion:
    """A version in a channel of lower priority, which strict channel priority hides."""

    channel: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoVersion:
    """No build matches the specs."""

    kind: ClassVar[Kind] = "version"
    specs: tuple[str, ...]
    newest: str
    channel: str = ""
    """The channel that the builds come from, if another one has a version that matches."""
    hidden: tuple[HiddenVersion, ...] = ()
    """Versions that match, in channels of lower priority."""
    builds: tuple[str, ...] = ()
    """Builds of a version that matches, if none of them is the build that is requested."""
    of_platforms: tuple[str, ...] = ()
    """The platforms that have the build that is requested."""
    gap: Gap | None = None
    """The snapshot that lacks it, if its channel may have it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImpossibleVersion:
    """No version can meet the specs, whatever a channel has: they exclude each other."""

    kind: ClassVar[Kind] = "version"
    specs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignChannel:
    """The spec names a channel that has no such package here."""

    kind: ClassVar[Kind] = "channel"
    spec: str
    channel: str
    there: tuple[str, ...]
    """The channels that have the package."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoPython:
    """The package needs Python, and the platform has no build of it."""

    kind: ClassVar[Kind] = "python"
    platform: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonMismatch:
    """There are builds, for other Pythons."""

    kind: ClassVar[Kind] = "python"
    noarch: bool
    fit: tuple[PythonLine, ...]
    """The Pythons of the channel that it can be installed with."""
    known: tuple[PythonLine, ...]
    wish: tuple[PythonLine, ...]
    """The Pythons of the channel that are requested, or that the other packages leave."""
    holder: str = ""
    """The package that asks for another Python, if the user does not."""
    specs: tuple[str, ...] = ()
    gap: Gap | None = None
    """The snapshot that lacks builds for these Pythons, which it has of other versions; its channel may have them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineMismatch:
    """A virtual package of the machine is missing or does not match."""

    kind: ClassVar[Kind] = "machine"
    specs: tuple[str, ...]
    name: str
    have: str = ""
    """The version that the machine has, or "" if it has none."""
    only_constrains: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """One side of a conflict: who asks for what."""

    specs: tuple[str, ...]
    chain: tuple[str, ...] = ()
    """Package names from what was asked for to the package that brings the demand; empty: the user does."""
    excludes: bool = False
    """It only constrains: without the package it would be content too."""
    proposed: bool = False
    """It is a package that a proposal makes, not one that the user asks for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PinConflict:
    """Two demands on one package that no build meets."""

    kind: ClassVar[Kind] = "conflict"
    first: Demand
    second: Demand
    barred: str = ""
    """`NAME VERSION` of the package itself, if its own constraint excludes another that is needed."""
    needed: tuple[str, ...] = ()
    """The chain to the package that `barred` excludes."""
    gap: Gap | None = None
    """The snapshot that lacks a version for both demands, which its channel may have: they don't exclude each other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Jointly:
    """Each of these can be installed, all together can't."""

    kind: ClassVar[Kind] = "solver"
    specs: tuple[str, ...]
    by: tuple[str, ...] = ()
    """The package that needs them; empty: the user asks for them."""


Obstacle = (
    UnknownName
    | NotYetUploaded
    | UnreadableBuilds
    | NoBuild
    | AllBroken
    | MarkedBroken
    | NoVersion
    | ImpossibleVersion
    | ForeignChannel
    | NoPython
    | PythonMismatch
    | MachineMismatch
    | PinConflict
    | Jointly
)


def with_proposed(cause: Cause, specs: Collection[str]) -> Cause:
    """Return the same cause, where a demand for one of these specs is a proposed package, without its build."""
    found = cause.obstacle
    if not isinstance(found, PinConflict):
        return cause
    first, second = (_as_proposed(demand, specs) for demand in (found.first, found.second))
    return replace(cause, obstacle=replace(found, first=first, second=second))


def _as_proposed(demand: Demand, specs: Collection[str]) -> Demand:
    if demand.chain or set(demand.specs).isdisjoint(specs):
        return demand
    shown = (" ".join(spec.split()[:2]) if spec in specs else spec for spec in demand.specs)
    return replace(demand, specs=tuple(shown), proposed=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One obstacle, and where it is met."""

    obstacle: Obstacle
    package: str
    """The package that would have to change."""
    chain: tuple[str, ...]
    """Package names from what was asked for to `package`."""
    spec: str = ""
    """The requirement that the last but one of the chain has on `package`."""
    instead: bool = False
    """It stands in the way of an older build, which would do if the newer one can't be installed."""
    case: tuple[str, str] | None = None
    """Name and version of the package of which each version fails in another way: this cause holds with this one."""
    also: tuple[str, ...] = ()
    """For a conflict: further packages that pin `package` in the same way."""

    @property
    def kind(self) -> Kind:
        """The kind of the obstacle."""
        return self.obstacle.kind

    @property
    def gap(self) -> Gap | None:
        """The snapshot that lacks what is wanted, if its channel may have it."""
        found = self.obstacle
        return (
            found.gap if isinstance(found, UnknownName | NoBuild | NoVersion | PythonMismatch | PinConflict) else None
        )

    @property
    def other(self) -> tuple[str, ...]:
        """For a conflict: the chain to the package that brings the other pin; empty if the user does."""
        found = self.obstacle
        return (found.needed or found.second.chain) if isinstance(found, PinConflict) else ()


def culprits_of(causes: Iterable[Cause]) -> frozenset[str]:
    """Return the packages of which another build could remove these causes."""
    return frozenset(name for cause in causes for name in (cause.package, *cause.chain[-2:], *cause.other[-1:]))
