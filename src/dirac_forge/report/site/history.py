"""The history that the site keeps: targets and migrations at earlier runs, and what changed between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dirac_forge.untrusted import parse_time, time_from

HISTORY_VERSION = 1
_MOST_RUNS = 200
_MOST_CHANGES = 200
_ALL_FOR = timedelta(days=3)
"""Every run of this time is kept; of older days only the last one."""
_DAY = timedelta(hours=20)
"""A run that is this old is yesterday's: schedules drift by some hours."""


def history_of_site(
    documents: Mapping[str, Mapping[str, Any]],
    migrations: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
    past: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the history with this run: `runs` and `changes` oldest first, and since when each member is in its state.

    A history that another version of this program wrote, or that is damaged, begins again.
    """
    old = past if past is not None and _is_sound(past) else {"runs": [], "changes": [], "states": {}}
    time = now.astimezone(UTC).isoformat(timespec="seconds")
    run = {
        "time": time,
        "cells": {
            cell_key(each): [each["status"], each["version"]] for each in documents["check.json"].get("results", ())
        },
        "migrations": {
            each["migration"]: _progress(each["status"]) for each in migrations if "feedstocks" in each["status"]
        },
    }
    before = old["runs"][-1] if old["runs"] else None
    changes = [{"time": time, **change} for change in changes_between(before, run)] if before is not None else []
    return {
        "version": HISTORY_VERSION,
        "runs": [*_kept(old["runs"], now), run][-_MOST_RUNS:],
        "changes": [*old["changes"], *changes][-_MOST_CHANGES:],
        "states": _states(migrations, old["states"], time),
    }


def cell_key(result: Mapping[str, Any]) -> str:
    """Return the name of a cell in the history: target, platform and Python."""
    return "|".join((result["target"], result["platform"], result["python"] or ""))


def _progress(status: Mapping[str, Any]) -> list[int]:
    states = [each["state"] for each in status["feedstocks"]]
    return [states.count("done"), len(states)]


def _is_sound(past: Mapping[str, Any]) -> bool:
    runs, changes, states = past.get("runs"), past.get("changes"), past.get("states")
    return (
        past.get("version") == HISTORY_VERSION
        and isinstance(runs, list)
        and isinstance(changes, list)
        and isinstance(states, dict)
        and all(_is_sound_run(run) for run in runs)
        and all(isinstance(each, dict) and parse_time(each.get("time")) for each in changes)
    )


def _is_sound_run(run: Any) -> bool:
    if not isinstance(run, dict) or parse_time(run.get("time")) is None:
        return False
    cells, migrations = run.get("cells"), run.get("migrations")
    if not isinstance(cells, dict) or not isinstance(migrations, dict):
        return False
    parts = [*cells.values(), *migrations.values()]
    return all(isinstance(part, list) and len(part) == 2 for part in parts)


def _time(run: Mapping[str, Any]) -> datetime:
    return time_from(run["time"])


def _kept(runs: Sequence[Mapping[str, Any]], now: datetime) -> Iterator[Mapping[str, Any]]:
    for run, following in zip(runs, (*runs[1:], None), strict=False):
        fresh = now - _time(run) <= _ALL_FOR
        if fresh or following is None or _time(following).date() != _time(run).date():
            yield run


def yesterday(history: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the run to compare the last one with: the newest that is a day old, else the oldest, or None."""
    *earlier, last = history["runs"]
    old = [run for run in earlier if _time(last) - _time(run) >= _DAY]
    return old[-1] if old else earlier[0] if earlier else None


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what changed from one run to another: cells that `broke`, got `better`, moved, or are not known now."""
    changes = []
    for key, (status, version) in after["cells"].items():
        old_status, old_version = before["cells"].get(key, (None, None))
        kind = _kind(old_status, status, old_version != version)
        if kind:
            target, platform, python = key.rsplit("|", 2)
            changes.append(
                {
                    "kind": kind,
                    "target": target,
                    "platform": platform,
                    "python": python or None,
                    "from": [old_status, old_version],
                    "to": [status, version],
                }
            )
    for name, (done, members) in after["migrations"].items():
        old = before["migrations"].get(name)
        if old is not None and old != [done, members]:
            changes.append({"kind": "migration", "migration": name, "from": old, "to": [done, members]})
        elif old is None:
            changes.append({"kind": "new-migration", "migration": name, "from": None, "to": [done, members]})
    return changes


def _kind(old: str | None, new: str, moved: bool) -> str:
    """Return what happened to a cell, or "" if nothing did, or nothing is known of before."""
    if old is None:
        return ""
    if old == new:
        return "version" if moved and new == "installable" else ""
    match old, new:
        case _, "unknown":
            return "unknown"
        case _, "installable":
            return "better" if old == "not-installable" else "known"
        case "installable", _:
            return "broke"
        case _:
            return "known"


def _states(
    migrations: Sequence[Mapping[str, Any]], old: Mapping[str, Any], time: str
) -> dict[str, dict[str, list[str]]]:
    """Return for each member its state and since when this site has seen it so."""
    found: dict[str, dict[str, list[str]]] = {}
    for document in migrations:
        known = old.get(document["migration"], {})
        mine = found[document["migration"]] = {}
        for each in document["status"].get("feedstocks", ()):
            before = known.get(each["feedstock"]) if isinstance(known, dict) else None
            same = isinstance(before, list) and before[:1] == [each["state"]] and parse_time(before[-1]) is not None
            mine[each["feedstock"]] = [each["state"], before[-1] if same and before else time]
    return found


def days_in_state(history: Mapping[str, Any], migration: str) -> dict[str, int]:
    """Return for each member how many days this site has seen it in its state."""
    now = _time(history["runs"][-1])
    states = history["states"].get(migration, {})
    return {name: (now - time_from(since)).days for name, (_, since) in states.items()}
