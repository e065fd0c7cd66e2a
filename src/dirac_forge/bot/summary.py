"""A run's result as rows for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from dirac_forge.bot.budget import Held
from dirac_forge.bot.proposed import RunDecision
from dirac_forge.bot.run import Result
from dirac_forge.bump.skip_reasons import Current
from dirac_forge.distribution.outlook import DistributionOutlook
from dirac_forge.proposals.outcome_reasons import ChangeSent
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.records import Identity
from dirac_forge.report.bot_words import reason_code, worded
from dirac_forge.report.outlook import outlook_json, outlook_lines
from dirac_forge.report.runs import RunRow

_QUIET = frozenset({"unchanged", "closed"})


def result_rows(result: Result) -> tuple[RunRow, ...]:
    """Return a row for each change, then for what is held back, then for release lines without a change."""
    titles = {each.wanted.identity: each.wanted.change.title for each in result.decisions if each.wanted is not None}
    next_tries = {entry.identity: entry.next_try for entry in result.requests}
    return (
        *(
            replace(_outcome_row(each, titles), next_try=next_tries.get(each.identity), quiet=each.state in _QUIET)
            for each in result.outcomes
        ),
        *(_held_row(held, titles) for held in result.held),
        *(
            RunRow(feedstock=_line(line.line.name, line.branch), outcome=line.state, reason=line.text)
            for line in result.looked
            if line.state != "read"
        ),
        *(_decision_row(decision) for decision in result.decisions if decision.wanted is None),
    )


def _outcome_row(outcome: Outcome, titles: Mapping[Identity, str]) -> RunRow:
    title = titles.get(outcome.identity) or _title(outcome.identity)
    return RunRow(
        feedstock=outcome.identity.feedstock,
        title=title,
        outcome=outcome.state,
        url=outcome.url if outcome.state != "prepared" else "",
        reason=_reason(outcome, title),
    )


def _held_row(held: Held, titles: Mapping[Identity, str]) -> RunRow:
    title = titles.get(held.identity) or _title(held.identity)
    return RunRow(feedstock=held.identity.feedstock, title=title, outcome="held back", reason=worded(held.reason))


def _reason(outcome: Outcome, title: str) -> str:
    """Return what the state and the title do not say yet."""
    if outcome.fault is not None:
        return "see the notes"
    is_title = isinstance(outcome.reason, ChangeSent) and outcome.reason.title == title
    return "" if is_title and not outcome.refused else outcome.text


def _decision_row(decision: RunDecision) -> RunRow:
    name = _line(decision.feedstock, decision.branch) or decision.key
    if decision.state == "nothing":
        wrong = any(isinstance(reason, Current) and reason.objection is not None for reason in decision.reasons)
        return RunRow(feedstock=name, outcome="nothing to do", reason=decision.said, quiet=not wrong)
    if decision.state not in {"waiting", "blocked"}:
        # What was found so far says nothing if the rest could not be found out.
        return RunRow(feedstock=name, outcome=decision.state, reason=decision.said)
    return RunRow(feedstock=name, title=_found(decision), outcome=decision.state, reason=decision.said)


def _found(decision: RunDecision) -> str:
    return worded(decision.found) if decision.found is not None else ""


def _line(feedstock: str, branch: str) -> str:
    return feedstock if branch in {"", "main", "master"} else f"{feedstock}@{branch}"


def _title(identity: Identity) -> str:
    line = _line(identity.feedstock, identity.branch)
    return f"{line}: {identity.key}" if identity.kind == "migration" else f"{line} {identity.key}"


def result_notes(result: Result, *, where: str, outlooks: Sequence[DistributionOutlook] = ()) -> tuple[str, ...]:
    """Return what to know about the run: distributions, faults of the environment, how to retract it, its place."""
    opened = any(outcome.state == "opened" for outcome in result.outcomes)
    back = (f"dirac-forge bot retract {result.run.id} closes what this run opened",) if opened else ()
    lines = tuple(line for each in outlooks for line in outlook_lines(each))
    return tuple(filter(None, (*lines, *fault_notes(result), *back, where)))


def fault_notes(result: Result) -> tuple[str, ...]:
    """Return each fault of the environment once, with what to do about it."""
    faults = {each.fault: each.text for each in reversed(result.outcomes) if each.fault is not None}
    return tuple(f"{text}. {fault.hint} The next run tries everything again." for fault, text in faults.items())


def result_json(result: Result, outlooks: Sequence[DistributionOutlook] = ()) -> dict[str, Any]:
    """Return the document of `bot run --json`."""
    return {
        "run": result.run.id,
        "distributions": [outlook_json(each) for each in outlooks],
        "requests": [
            {
                **asdict(outcome.identity),
                "state": outcome.state,
                "url": outcome.url or None,
                "reason": outcome.text,
                "reason_code": outcome.code,
                "superseded": list(outcome.superseded),
            }
            for outcome in result.outcomes
        ],
        "held": [
            {**asdict(one.identity), "reason": worded(one.reason), "reason_code": reason_code(one.reason)}
            for one in result.held
        ],
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
                "found": _found(one),
                "decided": one.decided,
                "reason": one.said,
                "reason_codes": [reason_code(reason) for reason in one.reasons],
            }
            for one in result.decisions
        ],
    }
