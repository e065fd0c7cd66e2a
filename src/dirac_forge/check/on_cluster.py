"""The matrix answered by the workers of a cluster: what they get and give back are plain values."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from dirac_forge.channel.opening import ChannelAddress
from dirac_forge.channel.solver import Channel
from dirac_forge.check.answer_reasons import Unanswered
from dirac_forge.check.cells import Cell
from dirac_forge.check.matrix import answered, grouped, merged_groups
from dirac_forge.cluster import Cluster, LastRuns, Lost
from dirac_forge.progress import Observer, Silent
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class CellGroup:
    """The cells of one target and platform, and the channels that they are asked of."""

    run: str
    """Of one run: what a worker opened for an earlier one may have changed since."""
    channels: ChannelAddress
    cells: tuple[Cell, ...]
    remedies: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupAnswer:
    """The answers of a group, and what its worker had to say."""

    cells: tuple[Cell, ...]
    warnings: tuple[str, ...] = ()
    as_of: date | None = None


def check_on_cluster(
    cluster: Cluster,
    channels: ChannelAddress,
    cells: Sequence[Cell],
    *,
    observer: Observer,
    remedies: bool = True,
) -> tuple[Cell, ...]:
    """Answer the cells as `check` does; those that were lost with their worker are unknown.

    Args:
        cluster: its workers open the channels, folders among them at the same path.
        channels: where packages come from.
        cells: the questions, from `cells_of`.
        observer: receives the progress, and the workers' warnings.
        remedies: also look for what would unblock each no.

    Raises:
        InputError: a worker can't open the channels.
    """
    task = "checking"
    groups = grouped(cells)
    # By platform, because a worker reads the packages of each that it is asked about.
    keys = sorted(groups, key=lambda key: key[1])
    run = secrets.token_hex(8)
    asked = [CellGroup(run=run, channels=channels, cells=tuple(groups[key]), remedies=remedies) for key in keys]
    observer.started(task, len(groups))
    answers: dict[tuple[str, str], Sequence[Cell]] = {}
    for key, found in zip(keys, cluster.results(answer_groups, asked), strict=True):
        if isinstance(found, Lost):
            reason = Unanswered(message=found.reason)
            answers[key] = [replace(cell, status="unknown", reason=reason) for cell in groups[key]]
            continue
        answers[key] = found.cells
        for warning in found.warnings:
            observer.warned(warning)
        if found.as_of is not None:
            observer.dated(found.as_of)
    observer.finished(task)
    return merged_groups(groups, answers)


def answer_groups(groups: Sequence[CellGroup]) -> list[GroupAnswer]:
    """Return the answers of some groups, on a worker, which opens each channel once.

    Raises:
        InputError: the channels can't be opened here.
    """
    return [_answered(group) for group in groups]


def _answered(group: CellGroup) -> GroupAnswer:
    channel, watcher = _OPENED(group.run, lambda: _opened(group.channels))
    cells = answered(channel, group.cells, remedies=group.remedies)
    return GroupAnswer(cells=tuple(cells), warnings=tuple(watcher.warnings), as_of=watcher.as_of)


def _opened(address: ChannelAddress) -> tuple[Channel, Silent]:
    watcher = Silent()
    return address.open(watcher), watcher


_OPENED: LastRuns[tuple[Channel, Silent]] = LastRuns()
