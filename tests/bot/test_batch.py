"""The sealed batch: what is written is read, value for value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dirac_forge.bot.batch import BatchDecider, BatchDecision, batch_lines, read_batch, write_batch
from dirac_forge.bot.proposed import ProposedChange, RunDecision, YoungRelease
from dirac_forge.bot.release_lines import CurrentLine, ReleaseLine
from dirac_forge.bump.objections import TooYoung
from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Change, Edit, Recorded, Skip
from dirac_forge.proposals.decision_reasons import ChangedSincePrepared, ChosenVersion, UpstreamVersion, WaitsForBumps
from dirac_forge.proposals.outcome_reasons import Unneeded
from dirac_forge.proposals.review_reasons import LeftForPerson
from dirac_forge.pullrequest.clones import Clones
from dirac_forge.pullrequest.outbox import Outbox
from dirac_forge.pullrequest.records import Identity

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHANGE = Change(
    feedstock="demo", kind="bump", key="2.0", title="demo 2.0", body="Größe\n", reasons=("a",),
    edits=(Edit(path="recipe/recipe.yaml", before="a\n", after="b\n"), Edit(path="x", before=None, after="\x00")),
)  # fmt: skip
WANTED = ProposedChange(
    change=CHANGE, remake=lambda _: CHANGE, blocks=3, review=LeftForPerson(note="look"), allowed="version",
    released=NOW - timedelta(days=1), unblocks=True, after=("other",), remake_conflicts=False,
)  # fmt: skip
DECISIONS = (
    RunDecision(
        feedstock="demo",
        branch="main",
        kind="bump",
        state="wanted",
        key="2.0",
        wanted=WANTED,
        found=UpstreamVersion(new="2.0", old="1.0"),
        reasons=(ChosenVersion(version="2.0"),),
        young=YoungRelease(version="2.1", reason=TooYoung(since=NOW, released=True, cooldown=timedelta(days=3))),
    ),
    RunDecision(
        feedstock="other",
        branch="v1",
        kind="migration",
        state="blocked",
        reasons=(WaitsForBumps(names=("demo",)), "?"),
    ),
)
LINES = (
    CurrentLine(line=ReleaseLine(name="demo"), state="read"),
    CurrentLine(line=ReleaseLine(name="other", branch="v1"), state="unknown", text="no answer"),
)
IDENTITY = Identity(feedstock="demo", branch="main", kind="bump", key="1.0")


def written(folder: Path) -> Path:
    outbox = Outbox(folder=folder, clones=Clones(folder / "clones"), repository=lambda name: (name, name))
    over = {IDENTITY: Unneeded(why="withdrawn", version="1.0", objection="yanked")}
    write_batch(outbox, made=NOW, looked=LINES, decisions=DECISIONS, arrived=[IDENTITY], over=over, unrendered="why")
    return folder


def test_what_was_decided_is_replayed(tmp_path: Path) -> None:
    batch = read_batch(written(tmp_path), now=NOW)
    assert batch_lines(batch) == LINES
    decider = BatchDecider(batch=batch, folder=tmp_path)
    replayed = decider.decide((), ())
    assert [each.young for each in replayed] == [each.young for each in DECISIONS]
    assert [BatchDecision.of(each) for each in replayed] == [BatchDecision.of(each) for each in DECISIONS]
    assert [(each.decided, each.said) for each in replayed] == [(each.decided, each.said) for each in DECISIONS]
    assert replayed[0].found == Recorded(code="upstream-version", text="2.0 upstream, 1.0 in the recipe")
    assert replayed[1].reasons == (
        Recorded(code="waits-for-bumps", text="waits for demo"),
        Recorded(code="error", text="?"),
    )
    assert replayed[0].wanted is not None
    assert replayed[0].wanted.review == Recorded(code="left-for-person", text="a person has to decide: look")
    assert (batch.unrendered, decider.arrived(IDENTITY)) == ("why", True)
    assert decider.current(IDENTITY) == Unneeded(why="withdrawn", version="1.0", objection="yanked")
    other = Identity(feedstock="x", branch="main", kind="bump", key="1")
    assert (decider.arrived(other), decider.current(other)) == (None, None)


def test_a_change_of_a_batch_is_not_decided_again(tmp_path: Path) -> None:
    (first, _) = BatchDecider(batch=read_batch(written(tmp_path), now=NOW), folder=tmp_path).decide((), ())
    assert first.wanted is not None
    made = first.wanted.remake({})
    assert isinstance(made, Skip)
    assert made.reason == ChangedSincePrepared()


def test_the_same_decisions_are_the_same_bytes(tmp_path: Path) -> None:
    first = (written(tmp_path / "a") / "batch.json").read_bytes()
    assert (written(tmp_path / "b") / "batch.json").read_bytes() == first


def test_a_folder_without_a_batch_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no batch in") as raised:
        read_batch(tmp_path, now=NOW)
    assert raised.value.hint == "`dirac-forge bot prepare` makes one."


@pytest.mark.parametrize("name", ["../../etc/passwd", "x" * 64, ""])
def test_a_pack_is_named_by_its_digest_only(tmp_path: Path, name: str) -> None:
    decider = BatchDecider(batch=read_batch(written(tmp_path), now=NOW), folder=tmp_path)
    with pytest.raises(InputError, match="the batch names a pack that is not a digest"):
        decider._pack(name)
