"""Whether a lock is what would be locked today; decides from values alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

from rattler import RepoDataRecord

from dirac_forge.check.cells import Cell
from dirac_forge.distribution.locked_files import LostFile, PatchedRecord
from dirac_forge.distribution.solving import OutdatedPackage, UnsatisfiedSpecs
from dirac_forge.errors import redact
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherChannels:
    """An environment of which the packages were taken from other channels than now."""

    environment: str
    locked: tuple[str, ...]
    """URLs without credentials, the first has priority."""
    asked: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatedPackage:
    """A package of which an environment has several builds on one platform: nobody can install that."""

    environment: str
    platform: str
    name: str
    builds: tuple[str, ...]
    """Version and build of each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SurplusEnvironment:
    """An environment that the file no longer has, or no longer has on a platform."""

    environment: str
    platform: str = ""
    """"" if the file has the environment nowhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LockCheck:
    """A lock compared with its file, with the channels that are asked for, and with a new solve."""

    unsatisfied: tuple[UnsatisfiedSpecs, ...] = ()
    channels: tuple[OtherChannels, ...] = ()
    lost: tuple[LostFile, ...] = ()
    """Nobody can install these from the lock."""
    patched: tuple[PatchedRecord, ...] = ()
    """The channel has other requirements of these than the lock, which tells them to whoever installs from it."""
    repeated: tuple[RepeatedPackage, ...] = ()
    surplus: tuple[SurplusEnvironment, ...] = ()
    failed: tuple[Cell, ...] = ()
    """What the file asks for and cannot be solved now, or is not known."""
    outdated: tuple[OutdatedPackage, ...] = ()
    as_of: date | None = None
    """The day of the embedded snapshot, where that answered: what the channel has today is not known then."""

    @property
    def status(self) -> Literal["up-to-date", "outdated", "not-solvable", "unknown"]:
        """Outdated where anything differs; unknown where only packages do and a snapshot stood in for the channel.

        Not solvable where the file cannot be solved now, so that no other lock can be made.
        """
        if any(cell.status == "not-installable" for cell in self.failed):
            return "not-solvable"
        if any((self.unsatisfied, self.channels, self.lost, self.patched, self.repeated, self.surplus)):
            return "outdated"
        if self.as_of is not None or self.failed:
            return "unknown"
        return "outdated" if self.outdated else "up-to-date"


def repeated_packages(known: Mapping[tuple[str, str], Sequence[RepoDataRecord]]) -> tuple[RepeatedPackage, ...]:
    """Return the packages that a lock has more than once in one environment and platform, as after a bad merge."""
    found = []
    for (environment, platform), records in known.items():
        builds: dict[str, list[str]] = {}
        for record in records:
            builds.setdefault(record.name.normalized, []).append(f"{record.version} {record.build}")
        found += [
            RepeatedPackage(environment=environment, platform=platform, name=name, builds=tuple(some))
            for name, some in sorted(builds.items())
            if len(some) > 1
        ]
    return tuple(found)


def surplus_environments(
    known: Iterable[tuple[str, str]], asked: Mapping[str, Collection[str]], *, every_platform: bool
) -> tuple[SurplusEnvironment, ...]:
    """Return the environments and platforms of a lock that its file does not have.

    Args:
        known: environment and platform of the lock.
        asked: environment to platforms, as the file says.
        every_platform: whether the file was read for all of its platforms; else others of the lock are no fault.
    """
    found = (
        SurplusEnvironment(environment=environment, platform=platform if environment in asked else "")
        for environment, platform in known
        if environment not in asked or (every_platform and platform not in asked[environment])
    )
    return tuple(dict.fromkeys(found))


def other_channels(
    locked: Mapping[str, Sequence[str]], asked: Mapping[str, Sequence[str]]
) -> tuple[OtherChannels, ...]:
    """Return the environments whose channels differ, in name or order, from those that are asked for.

    An environment that the lock lacks is not among them.
    """
    pairs = (
        OtherChannels(environment=name, locked=_plain(locked[name]), asked=_plain(urls))
        for name, urls in asked.items()
        if name in locked
    )
    return tuple(pair for pair in pairs if pair.locked != pair.asked)


def _plain(urls: Sequence[str]) -> tuple[str, ...]:
    return tuple(redact(url).rstrip("/") for url in urls)
