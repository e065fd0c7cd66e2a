"""Audits and what mends them, in words."""

from __future__ import annotations

import pytest

from dirac_forge.audit.findings import Audited, Uncompared
from dirac_forge.channel.records import Record
from dirac_forge.feedstock.change import Skip
from dirac_forge.proposals.corrections import CorrectionSkip
from dirac_forge.proposals.patches import PatchThere
from dirac_forge.report.audit import audit_json
from dirac_forge.report.audit_edits import AuditEdits, edits_json
from dirac_forge.report.bump_reasons import skip_text

RECORD = Record(name="demo", version="1.0_a", build="0", subdir="noarch")


@pytest.mark.parametrize(
    ("unknown", "text"),
    [
        (Uncompared(kind="not-a-project"), "demo is not made from the project of that name"),
        (Uncompared(kind="not-a-version"), "1.0_a is not a version as PEP 440 has them"),
        (Uncompared(kind="no-release", projects=("demo", "de-mo")), "the index has no demo or de-mo 1.0_a"),
        (
            Uncompared(kind="no-metadata", projects=("demo",)),
            "no file of demo 1.0_a declares its requirements statically",
        ),
        (Uncompared(kind="unreadable", problem="demo.whl: broken"), "demo.whl: broken"),
        (Uncompared(kind="unreachable", problem="host: timed out"), "host: timed out"),
    ],
)
def test_why_a_build_was_not_compared(unknown: Uncompared, text: str) -> None:
    document = audit_json([Audited(record=RECORD, unknown=unknown)], [], [])
    assert [each["reason"] for each in document["not_compared"]] == [text]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (CorrectionSkip(why="no-output", package="demo", wanted="1.0"), "the recipe makes no demo"),
        (
            CorrectionSkip(why="other-version", package="demo", wanted="1.0", has="2.0"),
            "the recipe builds demo 2.0, the finding is about 1.0",
        ),
        (CorrectionSkip(why="already"), "the recipe says so already: it has to be rebuilt"),
        (CorrectionSkip(why="by-hand", notes=("one", "two")), "one; two"),
    ],
)
def test_why_a_recipe_is_not_corrected(reason: CorrectionSkip, text: str) -> None:
    skip = Skip(feedstock="demo", reason=reason)
    assert skip_text(skip) == text
    assert edits_json(AuditEdits(corrections=(skip,)))["corrections"][0]["skipped"] == text


def test_patch_that_is_there_already() -> None:
    skip = Skip(feedstock="conda-forge-repodata-patches", reason=PatchThere(path="recipe/patch_yaml/demo.yaml"))
    assert skip_text(skip) == "recipe/patch_yaml/demo.yaml has this patch already"
