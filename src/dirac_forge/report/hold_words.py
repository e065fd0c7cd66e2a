"""Why a proposed change is not sent in a run, in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from dirac_forge.proposals.hold_reasons import (
    BehindOthers,
    FeedstockFull,
    ForgeFull,
    GroupHeld,
    GroupStuck,
    HoldReason,
    OutsideSchedule,
    Paused,
    RunFull,
    TooYoung,
    UnaskedRecipe,
    WaitsForCanaries,
)
from dirac_forge.report.run_words import clauses

__all__ = ["hold_words"]


def hold_words(reason: HoldReason) -> str:  # a sentence for each
    """Return a reason as a clause."""
    match reason:
        case Paused():
            return _paused(reason)
        case FeedstockFull() | ForgeFull() | RunFull():
            return _full(reason)
        case WaitsForCanaries():
            return _canaries(reason)
        case BehindOthers(until=until):
            return f"waits until {_moment(until)}, so that conda-forge's bot can go first"
        case TooYoung():
            return _young(reason)
        case OutsideSchedule(windows=windows):
            return f"new requests are opened in the hours of `schedule` only: {'; '.join(windows)} (UTC)"
        case GroupHeld(feedstock=feedstock, reason=other):
            return _group(feedstock, other)
        case GroupStuck(feedstock=feedstock, reasons=reasons):
            why = f": {clauses(reasons)}" if reasons else ""
            return f"moves together with {feedstock}, which can't move yet{why}"
        case UnaskedRecipe():
            return "a new recipe goes to staged-recipes only when asked for (`--recipes`, or `recipe PROJECT --pr`)"


def _paused(reason: Paused) -> str:
    what = "everything" if reason.name == "all" else reason.name
    return f"{what} is paused" + ("; its request stays as it is" if reason.there else "")


def _full(reason: FeedstockFull | ForgeFull | RunFull) -> str:
    match reason:
        case FeedstockFull(open=count, most=most):
            return f"{count} requests are open on it, of {most} at most"
        case ForgeFull(open=count, most=most):
            return f"{count} requests are open on all feedstocks, of {most} at most"
        case RunFull(most=most):
            return f"this run has opened {most}, as many as it may"


def _canaries(reason: WaitsForCanaries) -> str:
    wave = f"the migration {reason.migration}" if reason.migration else "bumps"
    waits = ", ".join(reason.urls) or "those that this run opens"
    return f"{wave}: {reason.canaries} canaries go first, and are to be merged and built ({waits})"


def _young(reason: TooYoung) -> str:
    what = "released" if reason.released else "seen first"
    until = _moment(reason.since + reason.cooldown)
    age = _span(reason.cooldown)
    return f"{what} on {reason.since:%Y-%m-%d}: waits until {until}, because `cooldown` wants a release to be {age} old"


def _group(feedstock: str, reason: HoldReason | None) -> str:
    if reason is None:
        return "moves together with others of its group, which are held back"
    return f"moves together with {feedstock}, which is held back: {hold_words(reason)}"


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{span.days} day{'s' if span.days > 1 else ''}" if hours % 24 == 0 and span.days else f"{hours:g} h"
