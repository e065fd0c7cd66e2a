"""What a run makes of a bump."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dirac_forge.bot.proposed import bump_decision, bump_wanted
from dirac_forge.bot.release_lines import CurrentLine, ReleaseLine
from dirac_forge.bot.run import Result
from dirac_forge.bot.summary import result_rows
from dirac_forge.build.evidence import BuildEvidence, FailedPart
from dirac_forge.build.failures import SourceUnavailable
from dirac_forge.bump.blockers import FailedBuild
from dirac_forge.bump.bump_notes import LeftBeside
from dirac_forge.bump.drift.merge import Drift
from dirac_forge.bump.proposal import Bump, bump_of
from dirac_forge.bump.versions import Edited
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.review_reasons import LeftForPerson, UnprovenTargets
from dirac_forge.pullrequest.clones import Tip
from dirac_forge.pullrequest.records import Run

TEXT = "package:\n  name: demo\n  version: 1.2.3\n"


NOTHING = Result(
    run=Run(id="1", start=datetime(2026, 1, 1, tzinfo=UTC)), looked=(), decisions=(), outcomes=(), held=(), requests=()
)


def never(folder: FeedstockFolder) -> Change | Skip:
    raise AssertionError(folder)


def line() -> CurrentLine:
    folder = FeedstockFolder("demo", Path("c/demo-feedstock"), given={"recipe/meta.yaml": TEXT})
    tip = Tip(full_name="c/demo-feedstock", folder=Path(), branch="main", commit="a" * 40, url="")
    return CurrentLine(line=ReleaseLine(name="demo"), state="read", folder=folder, tip=tip)


def test_a_build_script_that_names_the_old_version_is_left_to_a_person() -> None:
    looked = line()
    after = TEXT.replace("1.2.3", "1.3.0")
    bump = bump_of("demo", "main", "recipe/meta.yaml", Edited(before=TEXT, after=after, old="1.2.3", new="1.3.0"))
    bump = replace(bump, drift=Drift(text=after))
    assert bump_wanted(bump, looked, never, blocks=0).review == UnprovenTargets()
    note = LeftBeside(path="recipe/build.sh", line=1, named="1.2.3", text="cd demo-1.2.3")
    left = bump_wanted(replace(bump, notes=(note,)), looked, never, blocks=0)
    assert left.review == LeftForPerson(note=note)


def test_a_bump_whose_build_is_unknown_is_unknown_and_not_sent() -> None:
    silent = SourceUnavailable(phase="source", url="https://host.invalid/a", reason="no answer", unknown=True)
    failed = (FailedPart(name="demo", failure=silent, unknown=True),)
    evidence = BuildEvidence(platform="linux-64", outputs=(), failed=failed)
    edited = Edited(before=TEXT, after=TEXT.replace("1.2.3", "1.3.0"), old="1.2.3", new="1.3.0")
    bump = bump_of("demo", "main", "recipe/meta.yaml", edited)
    bump = replace(bump, status="unknown", build=evidence, blocked_by=(FailedBuild(evidence=evidence),))
    looked = line()
    decision = bump_decision(bump, looked, bump_wanted(bump, looked, never, blocks=0))
    said = "demo: the source https://host.invalid/a can't be fetched: no answer"
    assert (decision.state, decision.said, decision.wanted) == ("unknown", said, None)
    assert decision.decided == "no bump to 1.3.0 yet"


def test_a_bump_that_waits_is_called_waiting_as_bump_calls_it() -> None:
    edited = Edited(before=TEXT, after=TEXT.replace("1.2.3", "1.3.0"), old="1.2.3", new="1.3.0")
    bump = bump_of("demo", "main", "recipe/meta.yaml", edited)
    looked = line()

    def decided(bump: Bump) -> tuple[str, str]:
        decision = bump_decision(bump, looked, bump_wanted(bump, looked, never, blocks=0))
        (row,) = result_rows(replace(NOTHING, decisions=(decision,)))
        return decision.state, row.outcome

    assert decided(replace(bump, status="waiting", waits_for=("other",))) == ("waiting", "waiting")
    assert decided(replace(bump, status="blocked")) == ("blocked", "blocked")
