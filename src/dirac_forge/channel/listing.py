"""Values: what channels have under the names they were asked for, and the provider that is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date
from typing import Literal, Protocol

from dirac_forge.errors import InputError
from dirac_forge.values import dataclass

Status = Literal["available", "outdated", "missing", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageInfo:
    """A package as the first channel that has it has it (strict channel priority, as conda-forge asks of users)."""

    name: str
    versions: tuple[str, ...]
    """Conda's spelling, newest first."""
    python: bool
    """A record is noarch python, or needs `python` or `python_abi`."""
    channel: str
    """The channel's name or folder, without credentials."""
    depends: tuple[str, ...] = field(default=(), compare=False)
    """What every build of the newest version requires to run, as one of them spells it."""

    @property
    def newest(self) -> str:
        """The newest version."""
        return self.versions[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Availability:
    """How a requirement stands in the channels."""

    status: Status
    newest: str | None = None
    """The newest version of the package, if the channel has it."""
    satisfying: str | None = None
    """The newest version that satisfies the requirement, if one does."""
    as_of: date | None = None
    """The day of the embedded snapshot, if that gave the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing(Mapping[str, PackageInfo]):
    """The answer to a question about names: what is there.

    That a name is absent means a no only if every channel could be read (`complete`).
    """

    packages: Mapping[str, PackageInfo] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    """Channels that could not be read."""
    as_of: date | None = None
    """The day of the embedded snapshot, if that answers for conda-forge; it has a part of its packages only."""
    part: bool = False
    """Whether a channel is a snapshot of what some targets need."""
    torn: frozenset[str] = frozenset()
    """Names of which malformed records were left out: what else the channel has of them is unknown."""

    @property
    def complete(self) -> bool:
        """Every channel could be read as a whole: what is absent is not there."""
        return not self.unread and self.as_of is None and not self.part

    def __getitem__(self, name: str) -> PackageInfo:
        return self.packages[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.packages)

    def __len__(self) -> int:
        return len(self.packages)


class Catalogue(Protocol):
    """What there is under which name."""

    def info(self, names: Iterable[str]) -> Listing:
        """Return the packages of these names; ask for many at once."""
        ...

    def satisfies(self, name: str, spec: str) -> bool:
        """Whether some version of `name` that is known to be there matches conda's version spec ("": any does)."""
        ...

    def status(self, name: str, spec: str) -> Availability:
        """Return how a requirement stands; never `missing` or `outdated` if a channel could not be read."""
        ...


def availability(listing: Listing | None, package: str, spec: str) -> Availability:
    """Return how a requirement stands.

    `listing` is the answer for names with `package` among them; None: no channel was queried.

    `spec` is conda's version spec, "" for any. Never `missing` or `outdated` if a channel, or a record of the
    package, could not be read; the embedded snapshot may say `available` and `outdated`, as of its day. Raises
    `InputError` if the spec is none.
    """
    if listing is None:
        return Availability(status="unknown")
    found = listing.get(package)
    if found is None:
        return Availability(status="missing" if listing.complete and package not in listing.torn else "unknown")
    if (satisfying := newest_match(found, spec)) is not None:
        return Availability(status="available", satisfying=satisfying, newest=found.newest, as_of=listing.as_of)
    status: Status = "unknown" if listing.unread or package in listing.torn else "outdated"
    return Availability(status=status, newest=found.newest, as_of=listing.as_of)


def matches(info: PackageInfo, spec: str) -> bool:
    """Whether some version satisfies conda's version spec; raises `InputError` if it is none."""
    return newest_match(info, spec) is not None


def newest_match(info: PackageInfo, spec: str) -> str | None:
    """Return the newest version that satisfies conda's version spec, or None if none does; raises as `matches` does."""
    if spec.strip() in {"", "*"}:
        return info.newest
    from rattler import Version, VersionSpec  # noqa: PLC0415  # large, and not needed before a channel answers
    from rattler.exceptions import InvalidVersionSpecError  # noqa: PLC0415

    try:
        wanted = VersionSpec("".join(spec.split()))
    except InvalidVersionSpecError as exc:
        raise InputError(f"{info.name} {spec}: not a version spec of conda: {exc}") from exc
    return next((version for version in info.versions if wanted.matches(Version(version))), None)


def newer(version: str, other: str) -> bool:
    """Whether conda orders `version` after `other`."""
    from rattler import Version  # noqa: PLC0415  # large, and not needed before a channel answers

    return Version(version) > Version(other)
