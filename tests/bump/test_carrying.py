"""Tests of bumps with their drift: written, only told, or blocked."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.bump.carrying import carried
from dirac_forge.bump.drift.draft import Carried
from dirac_forge.bump.drift.merge import Drift
from dirac_forge.bump.proposal import Bump, bump_of
from dirac_forge.bump.versions import Edited
from dirac_forge.recipe.model import Note

LINE = Carried(
    output="thing", part="run", package="attrs", before="attrs >=1", after="attrs >=2", line=9,
    evidence="attrs>=2", reason="upstream's bound moved",
)  # fmt: skip
SAID = "thing, run: attrs >=1 → attrs >=2 (upstream's bound moved: attrs>=2)"
DRIFT = Drift(text="drifted", changed=(LINE,), notes=(Note(level="info", text="see this"),))


def bump() -> Bump:
    return bump_of("thing", "main", "recipe/meta.yaml", Edited(before="old", after="edited", old="1.0", new="2.0"))


def test_what_is_carried_over_is_in_the_edit_and_in_the_reasons() -> None:
    done = carried(bump(), DRIFT, write=True)
    assert (done.status, done.edited.after, done.change.edits[0].after) == ("proposed", "drifted", "drifted")
    assert done.change.reasons[-1] == SAID
    assert done.change.body == ""  # `report` writes it
    assert done.notes == ("see this",)


def test_what_is_only_reported_is_a_note() -> None:
    done = carried(bump(), DRIFT, write=False)
    assert (done.status, done.edited.after, done.change.edits[0].after) == ("proposed", "edited", "edited")
    assert done.notes == (f"not carried over: {SAID}", "see this")


def test_a_text_that_did_not_read_back_is_not_written() -> None:
    done = carried(bump(), replace(DRIFT, text="edited", faults=("attrs >=2 is not in the text",)), write=True)
    assert (done.status, done.edited.after, done.change.edits[0].after) == ("proposed", "edited", "edited")
    assert (
        done.notes[0] == "requirements were left alone, the edited recipe was not right: attrs >=2 is not in the text"
    )
    assert done.notes[1:] == (f"not carried over: {SAID}", "see this")


def test_a_blocker_blocks() -> None:
    for write in (True, False):
        done = carried(bump(), replace(DRIFT, blockers=("it compiles now",)), write=write)
        assert (done.status, done.blocked_by) == ("blocked", ("it compiles now",))


def test_notes_on_lines_that_were_carried_over_are_settled() -> None:
    notes = ("line 9 still says 1.0: - attrs >=1.0", "line 8 still says 1.0: 1.0")
    assert carried(replace(bump(), notes=notes), DRIFT, write=True).notes == (notes[1], "see this")
    assert carried(replace(bump(), notes=notes), DRIFT, write=False).notes[:2] == notes
