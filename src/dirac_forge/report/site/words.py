"""Words, numbers and dates of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from dirac_forge.untrusted import parse_time

STATE_ORDER = ("done", "in-pr", "awaiting-pr", "awaiting-parents", "not-solvable", "error", "unknown")
_STATES = {
    "done": "done",
    "in-pr": "in a pull request",
    "awaiting-pr": "ready",
    "awaiting-parents": "waits for others",
    "not-solvable": "not solvable",
    "error": "error",
    "planned": "planned",
    "running": "running",
    "paused": "paused",
    "no-members": "no members here",
    "unknown": "unknown",
}


def state_words(state: str) -> str:
    """Return a state in words."""
    return _STATES.get(state, state)


def moment(text: str | None) -> str:
    """Return a time for people, in UTC: `2026-01-05 14:03 UTC`."""
    time = parse_time(text)
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time is not None else ""


def day(text: str | None) -> str:
    """Return the day of a time."""
    time = parse_time(text)
    return f"{time.astimezone(UTC):%Y-%m-%d}" if time is not None else ""


def number(value: int) -> str:
    """Return a number with a narrow space between thousands."""
    return f"{value:,}".replace(",", "\u202f")


def parted(text: str, first: int = 110) -> tuple[str, str]:
    """Return a long text as its beginning and the rest, cut between words; a short one has no rest."""
    if len(text) <= first + 30:
        return text, ""
    end = text.rfind(" ", first // 2, first)
    end = end if end > 0 else first
    return text[:end], text[end:].lstrip()


def plural(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number(count)} {one if count == 1 else many or f'{one}s'}"


def change_words(change: Mapping[str, Any]) -> str:
    """Return a change of the history in one line."""
    if "target" not in change:
        done, members = change["to"]
        before = f", {change['from'][0]} before" if change["from"] else ", new"
        return f"{change['migration']}: {done} of {members} done{before}"
    python = f", Python {change['python']}" if change["python"] else ""
    place = f"{change['target']} on {change['platform']}{python}"
    (_, old), (status, new) = change["from"], change["to"]
    match change["kind"]:
        case "broke":
            return f"{place}: not installable any more ({old} was)"
        case "better":
            return f"{place}: installable now, {new}"
        case "version":
            return f"{place}: {old} → {new}"
        case "unknown":
            return f"{place}: not known now"
        case _:
            now = "not installable" if status == "not-installable" else f"installable, {new}"
            return f"{place}: {now}; not known before"
