"""Since when a target is as it is, and which upload did it: the channel's records bisected by their timestamps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell, python_spec
from dirac_forge.check.matrix import solve_cell
from dirac_forge.values import dataclass

_State = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A change of one cell since a day: the last one, as far as was looked."""

    cell: Cell
    """As it is now."""
    since: datetime
    """The day that was asked about."""
    first: Cell
    """As it was on that day."""
    changes: int = 0
    """How often it changed since, at least: only some of the moments in between are looked at."""
    earlier: Cell
    """Just before the change; if nothing changed, on that day."""
    moment: datetime | None = None
    """The upload after which it is as now; None: it is as it was on that day."""
    uploads: tuple[Record, ...] = ()
    """The packages that were uploaded at that moment, of those that the target can reach."""
    newest: datetime | None = None
    """If nothing changed, and the channels are folders: the newest upload that the target can reach, before that day.

    A folder without a date of its own may end there.
    """


def turn_of(channel: Channel, cell: Cell, since: datetime) -> Turn | None:
    """Return an upload after which a target came to be as it is now, or None if a channel can't be read.

    The uploads are bisected. A target that names one package and is solved in one channel only gets newer by uploads,
    so that this is the last change. With several, a change that a later upload undid may not be seen.

    The status and the versions of the packages that the target names are compared. Only uploads are seen: the records
    that a channel has now, by their timestamps. A package that was taken back since leaves no trace, and the
    priority of channels behind a network is that of today's records.

    Args:
        channel: as it is now.
        cell: answered with it.
        since: where to begin.
    """

    def at(moment: datetime) -> Cell:
        return solve_cell(channel.as_of(moment), cell.question)

    first = at(since)
    if "unknown" in (first.status, cell.status):
        return None
    now = _state(cell)
    if _state(first) == now:
        return Turn(cell=cell, since=since, first=first, earlier=first, newest=_last_upload(channel, cell, since))
    uploads = _uploads(channel, cell, since)
    moments = sorted(uploads)
    low, high, earlier = 0, len(moments) - 1, first
    seen = {-1: _state(first), len(moments): now}
    while low < high:
        middle = (low + high) // 2
        answer = at(uploaded_at(moments[middle]))
        if answer.status == "unknown":
            return None
        seen[middle] = _state(answer)
        if seen[middle] == now:
            high = middle
        else:
            low, earlier = middle + 1, answer
    if not moments:
        return Turn(cell=cell, since=since, first=first, changes=1, earlier=first)
    return Turn(
        cell=cell,
        since=since,
        first=first,
        changes=sum(one != other for one, other in pairwise(seen[at] for at in sorted(seen))),
        earlier=earlier,
        moment=uploaded_at(moments[high]),
        uploads=tuple(uploads[moments[high]]),
    )


def compared_names(cell: Cell) -> frozenset[str]:
    """Return the packages that the target names.

    Without the Python of the question: its patch releases change nothing about the target.
    """
    of_question = python_spec(cell.python) if cell.python else ""
    return frozenset(name_of(spec) for spec in cell.specs if spec != of_question)


def _state(cell: Cell) -> _State:
    """Return what is compared: the status, and the versions of the packages that the target names."""
    names = compared_names(cell)
    versions = sorted((record.name, record.version) for record in cell.packages if record.name in names)
    return cell.status, tuple(versions)


def _uploads(channel: Channel, cell: Cell, since: datetime) -> dict[int, list[Record]]:
    """Return the packages that the target can reach and that were uploaded later, by timestamp."""
    index = channel.index(cell.platform)
    start = since.timestamp() * 1000
    found: dict[int, list[Record]] = {}
    for name in sorted(_reachable(channel, cell.platform, cell.specs)):
        for record in index.group(name).records:
            if record.timestamp is not None and record.timestamp > start:
                found.setdefault(record.timestamp, []).append(record)
    return found


def _last_upload(channel: Channel, cell: Cell, since: datetime) -> datetime | None:
    """Return the newest upload that the target can reach, or None if it is later than `since` or of a live channel."""
    if channel.remote:
        return None
    index = channel.index(cell.platform)
    names = _reachable(channel, cell.platform, cell.specs)
    stamps = [record.timestamp for name in names for record in index.group(name).records if record.timestamp]
    newest = max(map(uploaded_at, stamps), default=None)
    return newest if newest is not None and newest < since else None


def _reachable(channel: Channel, platform: str, specs: Sequence[str]) -> set[str]:
    """Return the names that some build of the target may need, now or then."""
    index = channel.index(platform)
    found: set[str] = set()
    wave = {name_of(spec) for spec in specs}
    while wave:
        found |= wave
        index.prefetch(wave)
        wave = {
            name_of(need) for name in wave for record in index.group(name).records for need in record.depends
        } - found
    return found


def uploaded_at(milliseconds: int) -> datetime:
    """Return the moment of a record's timestamp."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
