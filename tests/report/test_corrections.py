"""Corrections of recipes, in words."""

from __future__ import annotations

import pytest

from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.bump.drift.verification import EditFault
from dirac_forge.feedstock.change import Skip
from dirac_forge.proposals.corrections import CorrectionSkip
from dirac_forge.proposals.patches import PatchThere
from dirac_forge.report.audit_edits import AuditEdits, edits_json
from dirac_forge.report.bump_reasons import skip_text
from dirac_forge.report.corrections import correction_lines

FAULTS = (EditFault(kind="kept", output="demo", text="a"), EditFault(kind="absent", output="demo", text="b"))


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (CorrectionSkip(why="no-output", package="demo", wanted="1.0"), "the recipe makes no demo"),
        (
            CorrectionSkip(why="other-version", package="demo", wanted="1.0", has="2.0"),
            "the recipe builds demo 2.0, the finding is about 1.0",
        ),
        (CorrectionSkip(why="already"), "the recipe is already correct: rebuild it"),
        (CorrectionSkip(why="not-proved", faults=FAULTS), "demo: a is still in the text; demo: b is not in the text"),
        (
            CorrectionSkip(
                why="by-hand",
                notes=(DriftNote(level="todo", kind="remove-by-hand", output="lib", facts=(("package", "six"),)),),
            ),
            "lib: remove six by hand",
        ),
    ],
)
def test_why_a_recipe_is_not_corrected(reason: CorrectionSkip, text: str) -> None:
    skip = Skip(feedstock="demo", reason=reason)
    assert skip_text(skip) == text
    assert edits_json(AuditEdits(corrections=(skip,)))["corrections"][0]["skipped"] == text
    assert list(correction_lines([skip])) == [f"demo: left as it is: {text}"]


def test_patch_that_is_there_already() -> None:
    skip = Skip(feedstock="conda-forge-repodata-patches", reason=PatchThere(path="recipe/patch_yaml/demo.yaml"))
    assert skip_text(skip) == "recipe/patch_yaml/demo.yaml has this patch already"
