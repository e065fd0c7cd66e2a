"""Whether what was solved may be locked: a lock promises files that exist, whose hashes are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from rattler import RepoDataRecord

from dirac_forge.channel.records import OVERLAY_URL
from dirac_forge.channel.solver import Channel
from dirac_forge.distribution.locks import LockedPackage, locked
from dirac_forge.distribution.solving import SolvedDistribution
from dirac_forge.values import dataclass

UnlockableReason = Literal["embedded", "snapshot", "unbuilt", "no-hash"]
"""`embedded`, `snapshot`: it is a record of a snapshot, which has no package files; `unbuilt`: nobody has built it;
`no-hash`: its channel has no hash of the file, so that nothing could check what is installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnlockablePackages:
    """Packages of a solve that can't be installed from a lock, or not be checked."""

    reason: UnlockableReason
    place: str = ""
    """The snapshot's folder, where one is the reason."""
    packages: tuple[LockedPackage, ...]
    """Each file once."""

    @property
    def refused(self) -> bool:
        """Whether no lock may have them: nobody asked for these records, or nobody can have their files.

        The embedded snapshot stands in for a channel. A folder that was named is the user's own world: a lock of it
        is what was asked for, with a warning.
        """
        return self.reason in {"embedded", "unbuilt"}


def unlockable(solved: SolvedDistribution, channel_of: Callable[[str], Channel]) -> tuple[UnlockablePackages, ...]:
    """Return what can't be installed and checked from a lock, by reason; nothing if all can.

    Args:
        solved: the packages.
        channel_of: where the packages of an environment come from.
    """
    found: dict[tuple[UnlockableReason, str], dict[str, LockedPackage]] = {}
    for environment, platforms in solved.records.items():
        snapshots = channel_of(environment).snapshots
        for record in (record for records in platforms.values() for record in records):
            for reason in _reason(record, snapshots):
                found.setdefault(reason, {})[record.url] = locked(record)
    return tuple(
        UnlockablePackages(reason=reason, place=place, packages=tuple(packages.values()))
        for (reason, place), packages in found.items()
    )


def _reason(record: RepoDataRecord, snapshots: dict[str, str]) -> Iterator[tuple[UnlockableReason, str]]:
    """Yield the reason why a record can't be locked, if any; `snapshots` are folders by URL, "" if embedded."""
    snapshot = next((folder for url, folder in snapshots.items() if record.url.startswith(url)), None)
    if snapshot is not None:
        yield ("snapshot" if snapshot else "embedded"), snapshot
    elif record.url.startswith(OVERLAY_URL):
        yield "unbuilt", ""
    elif not record.sha256 and not record.md5:
        yield "no-hash", ""
