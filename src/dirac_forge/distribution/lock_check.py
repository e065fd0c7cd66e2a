"""Whether a lock is what would be locked today; decides from values alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

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
class LockCheck:
    """A lock compared with its file, with the channels that are asked for, and with a new solve."""

    unsatisfied: tuple[UnsatisfiedSpecs, ...] = ()
    channels: tuple[OtherChannels, ...] = ()
    lost: tuple[LostFile, ...] = ()
    """Nobody can install these from the lock."""
    patched: tuple[PatchedRecord, ...] = ()
    """The channel has other requirements of these than the lock, which tells them to whoever installs from it."""
    outdated: tuple[OutdatedPackage, ...] = ()
    as_of: date | None = None
    """The day of the embedded snapshot, where that answered: what the channel has today is not known then."""

    @property
    def status(self) -> Literal["up-to-date", "outdated", "unknown"]:
        """Outdated where anything differs; unknown where only packages do and a snapshot stood in for the channel."""
        if self.unsatisfied or self.channels or self.lost or self.patched:
            return "outdated"
        if self.as_of is not None:
            return "unknown"
        return "outdated" if self.outdated else "up-to-date"


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
