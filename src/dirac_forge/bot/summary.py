"""A run's result as rows for people and as JSON for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dirac_forge.bot.run import Result
from dirac_forge.pullrequest.records import Identity
from dirac_forge.report.runs import RunRow

__all__ = ["result_json", "result_notes", "result_rows"]

_QUIET = frozenset({"unchanged", "closed"})


def result_rows(result: Result) -> tuple[RunRow, ...]:
    """What became of each change, then what is held back, then the lines without a change."""
    entries = {entry.identity: entry for entry in result.requests}
    titles = {one.wanted.identity: one.wanted.change.title for one in result.decisions if one.wanted is not None}
    rows = [
        RunRow(
            feedstock=outcome.identity.feedstock,
            title=titles.get(outcome.identity) or _title(outcome.identity),
            outcome=outcome.state,
            url=outcome.url,
            reason=outcome.text,
            next_try=entries[outcome.identity].next_try if outcome.identity in entries else None,
            quiet=outcome.state in _QUIET,
        )
        for outcome in result.outcomes
    ]
    rows += [
        RunRow(
            feedstock=one.identity.feedstock,
            title=titles.get(one.identity) or _title(one.identity),
            outcome="held back",
            reason=one.reason,
        )
        for one in result.held
    ]
    rows += [
        RunRow(feedstock=_line(one.line.name, one.branch), outcome=one.state, reason=one.text)
        for one in result.looked
        if one.state != "read"
    ]
    for one in result.decisions:
        if one.wanted is None:
            nothing = one.state == "nothing"
            rows.append(
                RunRow(
                    feedstock=_line(one.feedstock, one.branch) or one.found,
                    title="" if nothing else one.found,
                    outcome="nothing to do" if nothing else "waiting" if one.state == "blocked" else one.state,
                    reason=one.reason,
                    quiet=nothing,
                )
            )
    return tuple(rows)


def _line(feedstock: str, branch: str) -> str:
    return feedstock if branch in {"", "main", "master"} else f"{feedstock}@{branch}"


def _title(identity: Identity) -> str:
    line = _line(identity.feedstock, identity.branch)
    return f"{line}: {identity.key}" if identity.kind == "migration" else f"{line} {identity.key}"


def result_notes(result: Result, *, where: str) -> tuple[str, ...]:
    """What to know about the run: its id, for `bot retract`, and where everything went."""
    opened = any(outcome.state == "opened" for outcome in result.outcomes)
    back = (f"dirac-forge bot retract {result.run.id} takes back what this run opened",) if opened else ()
    return (*back, where)


def result_json(result: Result) -> dict[str, Any]:
    """The document of `bot run --json`."""
    return {
        "run": result.run.id,
        "requests": [
            {
                **asdict(outcome.identity),
                "state": outcome.state,
                "url": outcome.url or None,
                "reason": outcome.text,
                "superseded": list(outcome.superseded),
            }
            for outcome in result.outcomes
        ],
        "held": [{**asdict(one.identity), "reason": one.reason} for one in result.held],
        "feedstocks": [
            {"feedstock": one.line.name, "branch": one.branch, "state": one.state, "reason": one.text}
            for one in result.looked
        ],
        "decisions": [
            {
                "feedstock": one.feedstock,
                "branch": one.branch,
                "kind": one.kind,
                "state": one.state,
                "found": one.found,
                "decided": one.decided,
                "reason": one.reason,
            }
            for one in result.decisions
        ],
    }
