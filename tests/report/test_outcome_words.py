"""Why a change has its outcome, as a clause."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from dirac_forge.bump.skip_reasons import Current
from dirac_forge.proposals.outcome_reasons import (
    ArchivedRepository,
    ChangeSent,
    ClosedRequest,
    FeedstockExists,
    FeedstockMovedOn,
    FixConflict,
    IgnoredVersion,
    MergedBeforeRetraction,
    MergedRequest,
    NextTry,
    NoRecipeOnBranch,
    NotTried,
    OpenRequest,
    OthersRequest,
    OutcomeReason,
    RequestInConflict,
    RequestTextUpdated,
    RetractedRequest,
    TakenOut,
    Unneeded,
    UpToDateRequest,
)
from dirac_forge.report.bot_words import closing_words, worded
from dirac_forge.report.document import ended

CASES = [
    (ChangeSent(how="opened", title="a 2"), "opened: a 2"),
    (
        NextTry(time=datetime(2026, 1, 5, 14, 3, tzinfo=UTC), error="refused"),
        "the next try is at 2026-01-05 14:03 UTC: refused",
    ),
    (
        FeedstockMovedOn(repository="c/a", reason=Current(version="2")),
        "c/a has changed: 2 is the newest release that fits",
    ),
    (UpToDateRequest(name="#1"), "#1 is open and up to date"),
    (UpToDateRequest(name="a", prepared=True), "a is prepared"),
    (RequestTextUpdated(name="#1"), "the text of #1 was updated"),
    (OthersRequest(number=1, author="bot", title="a 2"), "#1 by bot makes the same change: a 2"),
    (MergedRequest(name="#1"), "#1 is merged"),
    (ClosedRequest(how="closed #1"), "closed #1"),
    (
        MergedRequest(name="#1", lacking="main"),
        "#1 is merged, and main lacks the change: it was undone or edited. Nothing is opened again",
    ),
    (
        ClosedRequest(how="#1 was closed", stays=True),
        "#1 was closed, and is not opened again unless somebody asks for it",
    ),
    (RetractedRequest(comment="wrong"), "it was retracted: wrong"),
    (
        TakenOut("wrong"),
        "taken out of the outbox (wrong): nothing was sent, and it is not proposed again unless somebody asks for it",
    ),
    (MergedBeforeRetraction(), "it is merged and can't be retracted any more"),
    (RequestInConflict(name="#1"), "#1 has conflicts, and remake_prs_with_conflicts of conda-forge.yml is false"),
    (ArchivedRepository(repository="c/a"), "c/a is archived, so nothing is proposed there"),
    (ArchivedRepository(repository="c/a", open_request=True), "c/a is archived: its request is left open"),
    (IgnoredVersion(), "ignored on the dashboard"),
    (OpenRequest(url="u"), "its request is open: u"),
    (OpenRequest(url="u", decided="closed #1"), "closed #1"),
    (NotTried(reason=MergedRequest(name="#1")), "not tried in this run: #1 is merged"),
    (
        FeedstockExists(feedstock="a", repository="c/a"),
        "c/a exists: `dirac-forge bump a --pr` moves it",
    ),
    (FixConflict(paths=("x", "y")), "the fix does not apply to x, y there"),
    (NoRecipeOnBranch(), "there is no recipe there"),
    (Unneeded(why="built"), "the channel has it rebuilt already"),
    (Unneeded(why="reached", version="2"), "the feedstock is at 2 already"),
    (Unneeded(why="excluded", version="2"), "conda-forge.yml excludes 2"),
    (Unneeded(why="withdrawn", version="2"), "upstream no longer offers 2"),
    (Unneeded(why="withdrawn", version="2", objection="yanked (x)"), "2 can't be used any more: yanked (x)"),
    ("no answer", "no answer"),
]


@pytest.mark.parametrize(("reason", "words"), CASES)
def test_each_reason_is_a_clause(reason: OutcomeReason, words: str) -> None:
    assert worded(reason) == words


def test_every_reason_is_tried() -> None:
    assert {type(reason) for reason, _ in CASES} == set(get_args(OutcomeReason))


@pytest.mark.parametrize(
    ("unneeded", "marked", "comment"),
    [
        (Unneeded(why="reached", version="2"), False, "Closed because the feedstock is at 2 already."),
        (
            Unneeded(why="withdrawn", version="2", objection="yanked @a"),
            False,
            "2 can't be used any more: yanked @\u200ba. If it comes back, a new request is opened.",
        ),
        (
            Unneeded(why="withdrawn", version="2"),
            True,
            "Upstream no longer offers 2. This request stays open, and is not merged automatically.",
        ),
    ],
)
def test_the_comment_that_closes_a_request_mentions_nobody(unneeded: Unneeded, marked: bool, comment: str) -> None:
    assert closing_words(unneeded, marked=marked) == comment


def test_sentence_that_ends_with_a_question_gets_no_full_stop() -> None:
    assert [ended(text) for text in ("no a", "no a; did you mean b?", "Done.")] == [
        "no a.",
        "no a; did you mean b?",
        "Done.",
    ]
