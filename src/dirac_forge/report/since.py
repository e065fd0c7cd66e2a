"""Since when targets are as they are, and which upload did it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.check.cells import Cell
from dirac_forge.check.since import Turn, compared_names
from dirac_forge.report.document import listed
from dirac_forge.report.numbers import counted
from dirac_forge.report.reasoned import Reasoned, where

_UNREAD = "whether it can be installed is not known for all the days in between"


def turns(found: Sequence[Turn]) -> list[Reasoned]:
    """Return one paragraph for each change, with all the cells that it holds for."""
    groups: dict[object, list[Turn]] = {}
    for turn in found:
        uploads = tuple((one.name, one.version) for one in turn.uploads)
        groups.setdefault(
            (turn.moment, uploads, _stood(turn.earlier), _stood(turn.cell), tuple(_lines(turn))), []
        ).append(turn)
    return [
        Reasoned(
            cells=where([turn.cell for turn in some]),
            said=f": {_headline(some[0])}",
            lines=tuple(_lines(some[0])),
        )
        for some in groups.values()
    ]


def unread_turns(cells: Sequence[Cell]) -> list[Reasoned]:
    """Return that it is unknown since when cells are as they are, if there are any."""
    return [Reasoned(cells=where(cells), said=f": since when is unknown: {_UNREAD}", lines=())] if cells else []


def unread_json() -> dict[str, Any]:
    """Return the same for a cell of the JSON document."""
    return {"status": "unknown", "reason": f"since when is unknown: {_UNREAD}"}


def end_words(end: SnapshotEnd) -> str:
    """Return which snapshot ends when."""
    return f"the {f'snapshot {end.folder}' if end.folder else 'embedded snapshot'} ends on {end.day}"


def unknown_since(ends: SnapshotEnd) -> str:
    """Return that nobody can tell since when, as the snapshot ends before."""
    return f"since when is unknown: {end_words(ends)}"


def turn_json(turn: Turn) -> dict[str, Any]:
    """Return a change for the JSON document."""
    return {
        "asked": turn.since.isoformat(),
        "changed": turn.moment.isoformat() if turn.moment is not None else None,
        "before": _state_json(turn.earlier),
        "on_that_day": _state_json(turn.first),
        "changes_at_least": turn.changes,
        "uploads": [
            {"name": one.name, "version": one.version, "build": one.build, "subdir": one.subdir} for one in turn.uploads
        ],
        **({"newest_upload": turn.newest.isoformat()} if turn.newest is not None else {}),
    }


def _state_json(cell: Cell) -> dict[str, Any]:
    return {"status": cell.status, "version": cell.version or None}


def _headline(turn: Turn) -> str:
    if turn.moment is not None:
        return f"{_stood(turn.cell)} since {_time(turn.moment)}"
    if _stood(turn.earlier) == _stood(turn.cell):
        return f"{_stood(turn.cell)}, as on {_time(turn.since)}"
    return f"{_stood(turn.cell)}, unlike on {_time(turn.since)}; no upload explains it"


def _lines(turn: Turn) -> list[str]:
    if turn.moment is None and turn.newest is not None:
        return [
            f"the newest upload of a package that it needs is from {turn.newest.date()}; the channel has no later ones"
        ]
    if turn.moment is None:
        return [] if _stood(turn.earlier) == _stood(turn.cell) else [f"before: {_stood(turn.earlier)}"]
    moved = _moved(turn, turn.earlier)
    before = f"before: {listed(moved)}" if moved else f"before: {_stood(turn.earlier)}"
    return [f"by the upload of {listed(upload_words(turn))}", before, *_more_changes(turn)]


def upload_words(turn: Turn) -> list[str]:
    """Return the packages that were uploaded, several builds of one, as for many Pythons, together."""
    builds: dict[tuple[str, str, str], list[str]] = {}
    for one in turn.uploads:
        builds.setdefault((one.name, one.version, one.subdir), []).append(one.build)
    return [
        f"{name} {version} ({subdir}, {found[0] if len(found) == 1 else counted(len(found), 'build')})"
        for (name, version, subdir), found in builds.items()
    ]


def _more_changes(turn: Turn) -> list[str]:
    """Return that there were other changes before, if any was seen."""
    if turn.changes < 2:
        return []
    moved = _moved(turn, turn.first)
    stood = listed(moved) if moved else _stood(turn.first)
    return [f"on {_time(turn.since)}: {stood}; it changed at least {turn.changes} times since"]


def _moved(turn: Turn, earlier: Cell) -> list[str]:
    """Return the packages that the target names and that changed, as they were, where it names several."""
    names = compared_names(turn.cell)
    old, new = (
        {record.name: record.version for record in cell.packages if record.name in names}
        for cell in (earlier, turn.cell)
    )
    if len(names) < 2 or not old or not new:
        return []
    return [f"{name} {version}" for name, version in old.items() if new.get(name) != version]


def _stood(cell: Cell) -> str:
    return f"✓ {cell.version}" if cell.status == "installable" else "✗ not installable"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
