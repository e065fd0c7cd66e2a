"""What the next release of a distribution would contain, and since when and why it does not solve."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import field, replace
from datetime import datetime

from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.since import Turn, turn_of
from dirac_forge.distribution.difference import LockDifference, difference_of
from dirac_forge.distribution.ends import day_of
from dirac_forge.distribution.locks import Lock
from dirac_forge.distribution.solving import Distribution, lock_of, solve
from dirac_forge.progress import Observer
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedPlatform:
    """An environment that does not solve on a platform."""

    cell: Cell
    turn: Turn | None = None
    """The upload after which it does not; None if that is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DistributionOutlook:
    """What a distribution would become today."""

    name: str
    difference: LockDifference | None = None
    """From the last release, or from `since`; None if no platform solves now and did then."""
    since: datetime
    """The day it is compared with, where there is no lock; how far back an upload is looked for."""
    failed: tuple[FailedPlatform, ...] = ()
    end: SnapshotEnd | None = None
    """The snapshot among the channels that ends first: later uploads are not in the answer."""
    problem: str = field(default="")
    """Why nothing is known; "" if something is."""

    @property
    def past_end(self) -> bool:
        """Whether a snapshot ends before the day that is compared with: what changed since is not known."""
        return self.end is not None and day_of(self.since) > self.end.day


def outlook_of(
    channel_of: Callable[[str], Channel],
    distribution: Distribution,
    released: Lock | None,
    *,
    since: datetime,
    executor: Executor,
    observer: Observer,
) -> DistributionOutlook:
    """Return what changes for the next release, and what does not solve, with the upload that did it.

    Args:
        channel_of: where the packages of an environment come from.
        distribution: what is asked for.
        released: the packages of the last release; None to compare with what the channels had at `since`.
        since: how far back an upload is looked for.
        executor: runs the solves.
        observer: receives the progress.

    Raises:
        InputError: a spec or platform that is none.
    """
    ends = [end for each in distribution.environments if (end := channel_of(each).end) is not None]
    found = DistributionOutlook(
        name=distribution.name, since=since, end=min(ends, key=lambda end: end.day, default=None)
    )
    now = solve(channel_of, distribution, executor=executor, observer=observer)
    if found.past_end:
        failed = tuple(FailedPlatform(cell=cell) for cell in now.failed)
    else:
        turns = (turn_of(channel_of(cell.target), cell, since) for cell in now.failed)
        failed = tuple(FailedPlatform(cell=cell, turn=turn) for cell, turn in zip(now.failed, turns, strict=True))
    if released is None and found.past_end:
        return replace(found, failed=failed)
    before = released or _then(channel_of, distribution, since, executor, observer)
    after = lock_of(now, {}, "today")
    difference = difference_of(before, after) if set(before.platforms) & set(after.platforms) else None
    return replace(found, difference=difference, failed=failed)


def _then(
    channel_of: Callable[[str], Channel],
    distribution: Distribution,
    since: datetime,
    executor: Executor,
    observer: Observer,
) -> Lock:
    def then(environment: str) -> Channel:
        return channel_of(environment).as_of(since)

    return lock_of(solve(then, distribution, executor=executor, observer=observer), {}, f"{since:%Y-%m-%d}")
