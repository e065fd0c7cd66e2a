"""The dashboard: the state of the bot in one issue (or a file), and what people ask for by its checkboxes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import quote, unquote

from dirac_forge.bot.budget import Held
from dirac_forge.proposals.outcome_reasons import MergedRequest
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.report.bot_words import worded
from dirac_forge.report.foreign import code, escaped, link
from dirac_forge.values import dataclass

TITLE = "dirac-forge bot: dashboard"
_MOST = 200
_LONGEST_REASON = 300

Action = Literal["again", "ignore", "now"]
_WORDS: dict[Action, str] = {"again": "make again", "ignore": "ignore this version", "now": "open now"}
_BOX = re.compile(
    r"^\s*- \[[xX]\] [^\n<]{0,40}<!-- dirac-forge-(?P<action>again|ignore|now): "
    r"(?P<feedstock>[^\s/]{1,300})/(?P<branch>[^\s/]{1,300})/(?P<kind>[a-z]{1,20})/(?P<key>[^\s/]{1,600}) -->\s*$",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DashboardRequests:
    """What people ticked."""

    again: frozenset[Identity] = frozenset()
    ignore: frozenset[Identity] = frozenset()
    now: frozenset[Identity] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class DashboardState:
    """What the dashboard shows."""

    now: datetime
    run: str
    outcome: str
    """How the run went, in words."""
    notes: tuple[str, ...] = ()
    """Faults of the environment."""
    entries: tuple[LedgerEntry, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    held: tuple[Held, ...] = ()
    waiting: tuple[tuple[str, str], ...] = ()
    """Feedstocks that are blocked or could not be read, and why."""
    distributions: tuple[str, ...] = ()
    """What the next releases would get, and what does not solve."""


def asked_for(body: str) -> DashboardRequests:
    """Return what is ticked in the body of a dashboard; who may edit the issue may ask."""
    found: dict[str, set[Identity]] = {"again": set(), "ignore": set(), "now": set()}
    for match in _BOX.finditer(body[:200_000].replace("\r\n", "\n")):
        parts = (unquote(match[name]) for name in ("feedstock", "branch", "kind", "key"))
        found[match["action"]].add(Identity(**dict(zip(("feedstock", "branch", "kind", "key"), parts, strict=True))))
    return DashboardRequests(**{name: frozenset(identities) for name, identities in found.items()})


def with_ticks(body: str, asked: DashboardRequests, done: DashboardRequests) -> str:
    """Return the body of a dashboard with what people ticked meanwhile: the boxes of `asked` but for those `done`."""
    for action, before, now in (
        ("again", done.again, asked.again),
        ("ignore", done.ignore, asked.ignore),
        ("now", done.now, asked.now),
    ):
        for identity in now - before:
            mark = _mark(action, identity)
            body = re.sub(rf"(?m)^(\s*- )\[ \](?= [^\n<]*{re.escape(mark)}$)", r"\1[x]", body)
    return body


def dashboard(state: DashboardState) -> str:
    """Return the Markdown of the dashboard."""
    lines = [
        f"Last run: **{state.now:%Y-%m-%d %H:%M} UTC** ({code(state.run)}): {escaped(state.outcome)}.",
        "",
        "If this is much older than the schedule, the bot does not run. Tick a box to ask for something; the next run",
        "does it.",
    ]
    if state.notes:
        lines += ["", "> [!CAUTION]", *(f"> {escaped(note)}" for note in state.notes)]
    for title, items in _sections(state).items():
        if items:
            lines += ["", f"## {title} ({len(items)})", "", *items[:_MOST]]
            if len(items) > _MOST:
                lines.append(f"- and {len(items) - _MOST} more")
    return "\n".join(lines) + "\n"


def _sections(state: DashboardState) -> dict[str, list[str]]:
    failed = [each for each in state.outcomes if each.state in {"failed", "unknown"}]
    undone = [each for each in state.outcomes if isinstance(each.reason, MergedRequest) and each.reason.lacking]
    closed = _closed(state, {each.identity for each in failed})
    return {
        "Distributions": [f"- {_short(line)}" for line in state.distributions],
        "Open": _entries(_in_states(state, "pushed", "open"), "again"),
        "Prepared": _entries(_in_states(state, "prepared")),
        "Waiting": list(map(_held, state.held)),
        "Blocked": [f"- {code(name)}: {_short(reason)}" for name, reason in state.waiting],
        "Failed": list(map(_failed, failed)),
        "Merged and undone": [f"- {code(str(each.identity))}: {_short(each.text)}" for each in undone],
        "Requests of others": _entries(_in_states(state, "theirs")),
        "Closed by people": _entries(closed, "again"),
    }


def _closed(state: DashboardState, failing: Collection[Identity]) -> list[LedgerEntry]:
    return [each for each in _in_states(state, "closed-by-person", "retracted") if each.identity not in failing]


def _in_states(state: DashboardState, *states: str) -> list[LedgerEntry]:
    return [entry for entry in state.entries if entry.state in states]


def _entries(entries: Iterable[LedgerEntry], *actions: Action) -> list[str]:
    return [_entry(each, *actions) for each in entries]


def _entry(entry: LedgerEntry, *actions: Action) -> str:
    name = str(entry.identity)
    shown = link(entry.title or name, entry.url) if entry.on_forge else escaped(entry.title or name)
    told = f": {_short(entry.decided)}" if entry.decided else ""
    told += f": {_short(entry.error)}" if entry.state == "open" and entry.step == "left" else ""
    told += f": {_short(entry.trouble)}" if entry.trouble else ""
    return "\n".join([f"- {shown}{told}", *_boxes(entry.identity, actions)])


def _held(held: Held) -> str:
    return "\n".join(
        [f"- {code(str(held.identity))}: {_short(worded(held.reason))}", *_boxes(held.identity, ("now", "ignore"))]
    )


def _failed(outcome: Outcome) -> str:
    head = f"- {code(str(outcome.identity))}: {_short(outcome.text)}"
    return "\n".join([head, *_boxes(outcome.identity, ("again", "ignore"))])


def _boxes(identity: Identity, actions: Sequence[Action]) -> Iterable[str]:
    return (f"  - [ ] {_WORDS[action]} {_mark(action, identity)}" for action in actions)


def _mark(action: str, identity: Identity) -> str:
    parts = (identity.feedstock, identity.branch, identity.kind, identity.key)
    about = "/".join(quote(part, safe="") for part in parts).replace("--", "%2D%2D")
    return f"<!-- dirac-forge-{action}: {about} -->"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return escaped(flat if len(flat) <= _LONGEST_REASON else f"{flat[:_LONGEST_REASON]}…")
