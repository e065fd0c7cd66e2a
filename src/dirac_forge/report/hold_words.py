"""Why a proposed change is not sent in a run, in words."""

from __future__ import annotations

from datetime import datetime

from dirac_forge.proposals.hold_reasons import (
    BehindOthers,
    FeedstockFull,
    ForgeFull,
    GroupHeld,
    GroupStuck,
    OutsideSchedule,
    Paused,
    RunFull,
    UnaskedRecipe,
    UnknownSettingName,
    WaitsForCanaries,
)
from dirac_forge.report.wording import add_words, clauses, worded

add_words(
    {UnaskedRecipe: "a new recipe goes to staged-recipes only on request (`--recipes`, or `recipe PROJECT --pr`)"}
)


add_words(
    {
        FeedstockFull: "open requests on it: {0.open} (limit {0.most})",
        ForgeFull: "open requests on all feedstocks: {0.open} (limit {0.most})",
        RunFull: "this run has reached its limit (per-run = {0.most})",
    }
)


@worded.register
def _(reason: BehindOthers) -> str:
    return f"waits until {_moment(reason.until)} to let conda-forge's bot go first"


@worded.register
def _(reason: OutsideSchedule) -> str:
    return f"new requests are opened only during `schedule`: {'; '.join(reason.windows)} (UTC)"


@worded.register
def _(reason: GroupStuck) -> str:
    why = f": {clauses(reason.reasons)}" if reason.reasons else ""
    clause = {
        "absent": "which is not part of this run",
        "archived": "whose repository is archived",
        "closed": "whose request was closed, and is not opened again",
        "decided": f"which can't move yet{why}",
    }[reason.why]
    return f"moves together with {reason.feedstock}, {clause}"


@worded.register
def _(reason: UnknownSettingName) -> str:
    kinds = "neither a feedstock nor a migration" if reason.key == "paused" else "not a feedstock"
    near = f" (did you mean {reason.near}?)" if reason.near else ""
    return f"[tool.dirac-forge.bot] {reason.key}: {reason.name} is {kinds} of this workspace{near}"


@worded.register
def _(reason: Paused) -> str:
    what = "everything" if reason.name == "all" else reason.name
    return f"{what} is paused" + ("; its request is left open" if reason.there else "")


@worded.register
def _(reason: WaitsForCanaries) -> str:
    wave = f"the migration {reason.migration}" if reason.migration else "bumps"
    waits = ", ".join(reason.urls) or "those that this run opens"
    return f"{wave}: {reason.canaries} canaries go first, and must be merged and built ({waits})"


@worded.register
def _(reason: GroupHeld) -> str:
    if reason.reason is None:
        return "moves together with others of its group, which are held back"
    return f"moves together with {reason.feedstock}, which is held back: {worded(reason.reason)}"


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
