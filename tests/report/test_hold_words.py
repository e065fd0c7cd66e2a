"""Why a change is held back, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dirac_forge.bump.objections import TooYoung
from dirac_forge.proposals.decision_reasons import WaitsForBumps
from dirac_forge.proposals.hold_reasons import (
    BehindOthers,
    FeedstockFull,
    ForgeFull,
    GroupHeld,
    GroupStuck,
    HoldReason,
    Paused,
    RunFull,
    UnaskedRecipe,
    WaitsForCanaries,
)
from dirac_forge.report.bot_words import worded

DAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
WAITS = "released on 2026-11-22: waits until 2026-11-23 12:00 UTC, because `cooldown` requires releases to be 1 day old"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Paused(name="all"), "everything is paused"),
        (Paused(name="openssl4", there=True), "openssl4 is paused; its request is left open"),
        (FeedstockFull(open=3, most=3), "open requests on it: 3 (limit 3)"),
        (ForgeFull(open=9, most=9), "open requests on all feedstocks: 9 (limit 9)"),
        (RunFull(most=5), "this run has reached its limit (per-run = 5)"),
        (
            WaitsForCanaries(migration="", canaries=3, urls=("https://x/1",)),
            "bumps: 3 canaries go first, and must be merged and built (https://x/1)",
        ),
        (BehindOthers(until=DAY), "waits until 2026-11-22 12:00 UTC to let conda-forge's bot go first"),
        (
            TooYoung(since=DAY, released=True, cooldown=timedelta(days=1)),
            WAITS,
        ),
        (GroupHeld(), "moves together with others of its group, which are held back"),
        (
            GroupHeld(feedstock="boto3", reason=RunFull(most=1)),
            "moves together with boto3, which is held back: this run has reached its limit (per-run = 1)",
        ),
        (GroupStuck(feedstock="boto3"), "moves together with boto3, which can't move yet"),
        (GroupStuck(feedstock="boto3", why="archived"), "moves together with boto3, whose repository is archived"),
        (
            GroupStuck(feedstock="boto3", reasons=(WaitsForBumps(names=("botocore",)), "no answer")),
            "moves together with boto3, which can't move yet: waits for botocore; no answer",
        ),
        (
            UnaskedRecipe(),
            "a new recipe goes to staged-recipes only on request (`--recipes`, or `recipe PROJECT --pr`)",
        ),
    ],
)
def test_each_reason_is_a_clause(reason: HoldReason, words: str) -> None:
    assert worded(reason) == words
