"""What a run found and decided, as clauses; every reason of the bot has words and a code."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.feedstock.change import Recorded
from dirac_forge.migration.evidence import Evidence
from dirac_forge.proposals import decision_reasons, review_reasons
from dirac_forge.proposals.decision_reasons import (
    ChangedSincePrepared,
    ChosenVersion,
    InNoChannel,
    OnBranchAlready,
    RebuildEvidence,
    RecipeVersion,
    UnknownEffect,
    UpstreamVersion,
    WaitsForBumps,
)
from dirac_forge.proposals.review_reasons import (
    AutomergeLimited,
    AutomergeReason,
    ChecksState,
    LeftForPerson,
    MergedAfter,
    MergedByPeople,
    NotProposed,
    WorseWithBump,
)
from dirac_forge.report.bot_words import clauses, decided_words, reason_code, recorded, worded


@pytest.mark.parametrize(
    ("reason", "code", "words"),
    [
        (UpstreamVersion(new="2", old="1"), "upstream-version", "2 upstream, 1 in the recipe"),
        (RecipeVersion(version="1"), "recipe-version", "1 in the recipe"),
        (InNoChannel(package="a", version="1"), "in-no-channel", "a 1 is in no channel"),
        (RebuildEvidence(migration="m"), "rebuild-evidence", "m"),
        (
            RebuildEvidence(migration="m", evidence=Evidence(done={}, findings={})),
            "rebuild-evidence",
            "m: it is not built on any platform",
        ),
        (ChosenVersion(version="2"), "chosen-version", "2 is the newest that fits"),
        (ChosenVersion(version="2", asked=True), "chosen-version", "2 was requested"),
        (
            ChosenVersion(version="2", moves=False),
            "chosen-version",
            "The recipe is at 2, and its requirements are behind upstream's",
        ),
        (WaitsForBumps(names=("a", "b")), "waits-for-bumps", "waits for a, b"),
        (UnknownEffect(message="x"), "unknown-effect", "its effect on the targets is unknown: x"),
        (
            ChangedSincePrepared(),
            "changed-since-prepared",
            "its files changed after it was prepared; the next run decides again",
        ),
        (OnBranchAlready(branch="v1"), "on-branch-already", "v1 has it already"),
        (NotProposed(status="blocked"), "not-proposed", "it is blocked"),
        (
            LeftForPerson(note=DriftNote(level="todo", kind="python-min-test", output="lib")),
            "left-for-person",
            "a person has to decide: lib: also test with python_min",
        ),
        (WorseWithBump(outcome="worse"), "worse-with-bump", "it makes the targets worse"),
        (MergedAfter(title="a 2"), "merged-after", "a 2 of its group is merged first"),
        (MergedByPeople(kind="fix"), "merged-by-people", "only people merge a fix"),
        (
            AutomergeLimited(allowed="version"),
            "automerge-limited",
            "bot.automerge of the feedstock allows it for version only",
        ),
        (ChecksState(checks="red"), "checks-state", "checks failed"),
        (Recorded(code="checks-state", text="checks failed"), "checks-state", "checks failed"),
        ("no answer", "error", "no answer"),
    ],
)
def test_each_reason_has_a_code_and_words(reason: object, code: str, words: str) -> None:
    assert recorded(reason) == Recorded(code=code, text=words)


def test_no_reason_of_the_bot_is_without_words() -> None:
    kinds = (
        *get_args(AutomergeReason),
        *get_args(decision_reasons.LineFinding),
        *get_args(decision_reasons.DecisionReason),
    )
    assert {kind.__name__ for kind in kinds if worded.dispatch(kind) is worded.dispatch(object)} <= {"SkipReason"}
    plain = [kind() for kind in kinds if kind.__module__ == review_reasons.__name__ and not kind.__dataclass_fields__]
    assert len({worded(reason) for reason in plain}) == len(plain) == 9


def test_a_reason_without_words_is_an_error() -> None:
    with pytest.raises(TypeError, match="no words for 3"):
        worded(3)


def test_reasons_are_one_clause() -> None:
    assert clauses([WaitsForBumps(names=("a",)), "no answer"]) == "waits for a; no answer"
    assert reason_code(WaitsForBumps(names=())) == "waits-for-bumps"


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (("bump", "wanted", "2.0"), "bump to 2.0"),
        (("bump", "blocked", "2.0"), "no bump to 2.0 yet"),
        (("bump", "unknown", "2.0"), "no bump to 2.0 yet"),
        (("bump", "nothing", ""), "nothing"),
        (("bump", "blocked", ""), "nothing yet"),
        (("bump", "unknown", ""), "nothing: the answer is unknown"),
        (("bump", "failed", ""), "nothing: it can't be read or edited"),
        (("migration", "wanted", "libboost"), "rebuild for libboost"),
        (("migration", "failed", "libboost"), "no rebuild for libboost"),
        (("recipe", "wanted", "demo"), "recipe for demo"),
    ],
)
def test_a_decision_is_a_few_words(decision: tuple[Any, Any, str], words: str) -> None:
    assert decided_words(*decision) == words
