"""The history of a feedstock from the ledger, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dirac_forge.bot.budget import paused_by
from dirac_forge.pullrequest.backoff import due
from dirac_forge.pullrequest.records import Event, LedgerEntry, LedgerLine, Run, State
from dirac_forge.values import dataclass

_SAID: dict[State, str] = {
    "wanted": "wanted, not sent yet",
    "prepared": "prepared in the outbox, not sent yet",
    "theirs": "left to someone else's request",
    "pushed": "branch pushed, request not open yet",
    "open": "open",
    "merged": "merged; not in the channel yet",
    "closed-by-person": "closed by a person; stays closed unless somebody asks for it",
    "superseded": "superseded by a newer one",
    "retracted": "retracted; stays closed unless somebody asks for it",
    "done": "done: in the channel",
    "failed": "failed",
    "waiting": "waits",
}
_TAKEN_OUT = "taken out of the outbox; not proposed again unless somebody asks for it"
"""Of a retracted change that was only prepared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Everything that the ledger has of one feedstock."""

    feedstock: str
    now: datetime
    lines: tuple[LedgerLine, ...] = ()
    entries: tuple[LedgerEntry, ...] = ()
    """The changes, newest first."""
    events: tuple[Event, ...] = ()
    """The last ones, oldest first."""
    last_run: Run | None = None
    """Of the bot, whatever it looked at."""
    paused: str = ""
    """What pauses it: its own name, or `all`."""
    lost: tuple[str, ...] = ()
    """The files of earlier ledgers that could no longer be read."""

    @property
    def known(self) -> bool:
        """Whether the bot has ever had to do with it."""
        return bool(self.lines or self.entries or self.events)


def history_of(
    feedstock: str,
    *,
    now: datetime,
    lines: Sequence[LedgerLine],
    entries: Sequence[LedgerEntry],
    events: Sequence[Event],
    runs: Sequence[Run],
    paused: Sequence[str],
    lost: Sequence[str] = (),
) -> History:
    """Return the history out of what the ledger gives for the feedstock; `runs` are the last ones, newest first."""
    beginning = datetime.min.replace(tzinfo=UTC)
    return History(
        feedstock=feedstock,
        now=now,
        lines=tuple(lines),
        entries=tuple(sorted(entries, key=lambda one: (one.updated or beginning, one.identity), reverse=True)),
        events=tuple(events),
        last_run=runs[0] if runs else None,
        paused=next((name for name in paused if name in {"all", feedstock}), ""),
        lost=tuple(lost),
    )


def moment(time: datetime) -> str:
    """Return a time for people, in UTC: `2026-01-05 14:03 UTC`."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def history_lines(history: History, *, all_events: bool = False) -> list[str]:
    """Return the answer to `bot why`: last looked, found, decided, tried, failed, next try."""
    if not history.known:
        return _unknown(history)
    lines = [f"{history.feedstock} is paused: {_paused(history.paused)}."] if history.paused else []
    for line in history.lines:
        lines += _release_line(line)
    for entry in history.entries:
        lines += _entry_lines(entry, history)
    events = history.events if all_events else history.events[-10:]
    if events:
        lines.append("What happened:" if len(events) == len(history.events) else "What happened last (-v for more):")
        lines += [f"  {moment(event.time)}  {event.step}{_about(event)}" for event in events]
    return lines


def _release_line(line: LedgerLine) -> list[str]:
    reason = f": {line.reason}" if line.reason else ""
    return [
        f"{line.feedstock} ({line.branch})",
        f"  looked:  {moment(line.looked)}",
        f"  found:   {line.found or 'nothing'}",
        f"  decided: {line.decided or 'nothing'}{reason}",
    ]


def _about(event: Event) -> str:
    about = f" {event.kind} {event.key}".rstrip() if event.key else ""
    return f"{about}: {event.text}" if event.text else about


def _unknown(history: History) -> list[str]:
    if history.lost:
        kept = f"The bot's ledger could no longer be read (it is kept as {', '.join(history.lost)})"
        return [f"{kept}, so it is not known what the bot did before with {history.feedstock}."]
    if history.last_run is None:
        return [f"The bot has never run here, so nothing is known about {history.feedstock}."]
    last = history.last_run
    if history.paused:
        return [f"The bot has never looked at {history.feedstock}: {_paused(history.paused)}."]
    end = f"its last run started at {moment(last.start)}"
    return [f"The bot has never looked at {history.feedstock}; {end}.", "Is it in the workspace?"]


def _paused(name: str) -> str:
    what = "everything" if name == "all" else name
    return f"{what} is, by `paused` of [tool.dirac-forge.bot]"


def _entry_lines(entry: LedgerEntry, history: History) -> list[str]:
    identity = entry.identity
    paused = paused_by(identity, [history.paused] if history.paused else [])
    taken_out = entry.state == "retracted" and not entry.on_forge
    tried = ""
    if entry.updated is not None:
        tried = f"{moment(entry.updated)}{f' ({entry.step})' if entry.step else ''}{_times(entry.attempts)}"
    facts = {
        "paused": _paused(paused) if paused else "",
        "request" if entry.on_forge else "outbox": "" if taken_out else entry.url,
        "tried": tried,
        "waits" if entry.state == "waiting" else "failed": entry.error,
        "people": entry.decided,
        "trouble": entry.trouble,
        "next": _next_try(entry, history.now),
    }
    said = _TAKEN_OUT if taken_out else _SAID[entry.state]
    head = f"{identity.kind} {identity.key} ({identity.branch}): {said}"
    return [head, *(f"  {f'{name}:':<8} {fact}" for name, fact in facts.items() if fact)]


def _next_try(entry: LedgerEntry, now: datetime) -> str:
    if entry.next_try is None or entry.state not in {"wanted", "pushed", "failed", "waiting"}:
        return ""
    return "with the next run" if due(entry.next_try, now) else moment(entry.next_try)


def _times(attempts: int) -> str:
    if not attempts:
        return ""
    return f", {attempts} attempt{'s' if attempts > 1 else ''} failed"


def history_json(history: History) -> dict[str, Any]:
    """Return the document of `bot why --json`."""
    run = history.last_run
    last = {"run": run.id, "start": run.start.isoformat(), "outcome": run.outcome or None} if run is not None else None
    return {
        "feedstock": history.feedstock,
        "known": history.known,
        **({"lost_ledgers": list(history.lost)} if history.lost else {}),
        "paused": history.paused or None,
        "last_run": last,
        "lines": [_line_json(line) for line in history.lines],
        "changes": [_entry_json(entry) for entry in history.entries],
        "events": [_event_json(event) for event in history.events],
    }


def _line_json(line: LedgerLine) -> dict[str, Any]:
    return {
        "branch": line.branch,
        "looked": line.looked.isoformat(),
        "found": line.found,
        "decided": line.decided,
        "reason": line.reason,
        "reason_codes": line.codes.split(),
    }


def _entry_json(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "branch": entry.identity.branch,
        "kind": entry.identity.kind,
        "key": entry.identity.key,
        "state": entry.state,
        "url": entry.url or None,
        "batch": entry.batch or None,
        "tried": _iso(entry.updated),
        "attempts": entry.attempts,
        "error": entry.error or None,
        "people": entry.decided or None,
        "failed_checks": list(entry.failing),
        "conflicts": entry.conflicts,
        "next_try": _iso(entry.next_try),
    }


def _event_json(event: Event) -> dict[str, Any]:
    return {
        "time": event.time.isoformat(),
        "run": event.run,
        "branch": event.branch,
        "kind": event.kind,
        "key": event.key,
        "step": event.step,
        "text": event.text,
    }


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time is not None else None
