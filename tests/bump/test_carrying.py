"""Tests of bumps with their drift: written, only told, or blocked."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.bump.bump_notes import LeftBeside, NotCarried, RefusedEdit, SecondLeft
from dirac_forge.bump.carrying import carried
from dirac_forge.bump.drift.carried import Carried, CarriedReason, CompiledNow, TooLowPython
from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.bump.drift.merge import Drift
from dirac_forge.bump.drift.verification import EditFault
from dirac_forge.bump.proposal import Bump, bump_of
from dirac_forge.bump.versions import Edited
from dirac_forge.recipe.editing.notes import HashKept, NumberUnknown, OldHashLeft, OldVersionLeft
from dirac_forge.recipe.making.nature_reasons import NatureKind, NatureReason

COMPILES = NatureReason(NatureKind.FILE_COMPILES, "setup.py")
FAULT = EditFault(kind="absent", output="demo", text="attrs >=2")
LINE = Carried(
    output="thing", part="run", package="attrs", before="attrs >=1", after="attrs >=2", line=9,
    evidence="attrs>=2", reason=CarriedReason(kind="bound-moved"),
)  # fmt: skip
DRIFT = Drift(text="drifted", changed=(LINE,), notes=(DriftNote(level="info", kind="python-min-test"),))


def bump() -> Bump:
    return bump_of("thing", "main", "recipe/meta.yaml", Edited(before="old", after="edited", old="1.0", new="2.0"))


def test_what_is_carried_over_is_in_the_edit() -> None:
    done = carried(bump(), DRIFT, write=True)
    assert (done.status, done.edited.after, done.change.edits[0].after) == ("proposed", "drifted", "drifted")
    assert (done.change.reasons, done.change.body) == ((), "")  # `report` writes them
    assert done.notes == ()


def test_what_is_only_reported_is_a_note() -> None:
    done = carried(bump(), DRIFT, write=False)
    assert (done.status, done.edited.after, done.change.edits[0].after) == ("proposed", "edited", "edited")
    assert done.notes == (NotCarried(change=LINE),)


def test_a_text_that_did_not_read_back_is_not_written() -> None:
    done = carried(bump(), replace(DRIFT, text="edited", faults=(FAULT,)), write=True)
    assert (done.status, done.edited.after, done.change.edits[0].after) == ("proposed", "edited", "edited")
    assert done.notes == (RefusedEdit(fault=FAULT), NotCarried(change=LINE))


def test_a_blocker_blocks() -> None:
    for write in (True, False):
        compiled = CompiledNow(
            output="thing", evidence=NatureReason(NatureKind.FILE_COMPILES, "setup.py"), languages=("c",)
        )
        done = carried(bump(), replace(DRIFT, blockers=(compiled,)), write=write)
        assert (done.status, done.blocked_by) == ("blocked", (compiled,))


def test_a_python_that_is_too_low_blocks_where_it_is_not_raised() -> None:
    low = TooLowPython(output="thing", has="3.10", wants="3.11", evidence="Requires-Python: >=3.11")
    drifted = replace(DRIFT, pythons=(low,))
    assert carried(bump(), drifted, write=True).status == "proposed"
    told = carried(bump(), drifted, write=False)
    assert (told.status, told.blocked_by) == ("blocked", (low,))
    faulty = carried(bump(), replace(drifted, faults=(FAULT,)), write=True)
    assert faulty.blocked_by == (replace(low, update=False),)


def test_notes_on_the_old_version_are_made_from_the_final_text() -> None:
    made = bump()
    before = replace(made.edited, after="x ==1.0.1\n  demo 1.0.1\n")
    moved = replace(
        made, old="1.0.1", edited=before, notes=(OldVersionLeft(line=9, version="1.0.1", text="x ==1.0.1"),)
    )
    drifted = replace(DRIFT, text="a\nx ==2.0.0\n")
    assert carried(moved, drifted, write=True).notes == ()
    left = replace(drifted, text="x ==2.0.0\n  demo 1.0.1\n")
    assert carried(moved, left, write=True).notes == (OldVersionLeft(line=2, version="1.0.1", text="demo 1.0.1"),)
    # The bound of another project that moved to what happens to be the old version.
    other = replace(drifted, text="y >=1.0.1\n")
    assert carried(moved, other, write=True).notes == ()
    assert carried(moved, drifted, write=False).notes[:1] == moved.notes


def test_urls_of_the_old_series_are_named() -> None:
    moved = replace(bump(), old="2.2.0", new="3.1.3")
    text = "doc_url: https://flask.example/en/2.2.x/\nhome: https://flask.example/v2.2/a\nurl: https://flask.example/12.2/\n"
    first, second, _ = map(str.strip, text.splitlines())
    assert carried(moved, replace(DRIFT, text=text), write=True).notes == (
        OldVersionLeft(line=1, version="2.2.x", text=first),
        OldVersionLeft(line=2, version="v2.2", text=second),
    )
    patch = replace(moved, new="2.2.1")
    assert carried(patch, replace(DRIFT, text=text), write=True).notes == ()


def test_notes_have_the_numbers_of_lines_in_the_final_text() -> None:
    made = bump()
    before = "context:\n  version: 1\nsource:\n  sha256: a\nrun:\n  - x\n  - y\n  script: a\n"
    after = "context:\n  version: 1\n  python_min: 3.11\nsource:\n  sha256: a\nrun:\n  - x\n  script: a\n"
    second = SecondLeft(project="pip", version="1", line=4)
    beside = LeftBeside(path="build.sh", line=4, named="1", text="x-1")
    notes = (HashKept(line=4), OldHashLeft(line=8, version="1.0"), NumberUnknown(line=7), second, beside)
    moved = replace(made, edited=replace(made.edited, after=before), notes=notes)
    assert carried(moved, replace(DRIFT, text=after), write=True).notes == (
        HashKept(line=5),
        OldHashLeft(line=8, version="1.0"),
        NumberUnknown(line=8),
        replace(second, line=5),
        beside,
    )
    assert carried(moved, replace(DRIFT, text=after), write=False).notes[:-1] == notes
