"""Words of notes on requirements."""

from __future__ import annotations

import ast
import string
from pathlib import Path
from typing import get_args

import pytest

from dirac_forge.bump.drift import drift_notes
from dirac_forge.report import drift_note_words
from dirac_forge.report.bump_reasons import worded

DRIFT = Path(drift_notes.__file__).parent


def test_every_kind_has_words() -> None:
    assert set(drift_note_words.WORDS) == set(get_args(drift_notes.DriftNoteKind))


def test_notes_have_the_facts_that_their_words_name() -> None:
    lacking = []
    for path in sorted(DRIFT.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("draft.note"):
                facts = {keyword.arg for keyword in node.keywords}
                for kind in [each.value for each in node.args if isinstance(each, ast.Constant)]:
                    words = drift_note_words.WORDS.get(kind, "")  # type: ignore[call-overload]
                    named = {field for _, field, _, _ in string.Formatter().parse(words) if field}
                    lacking += [(path.name, node.lineno, name) for name in named - facts]
    assert lacking == []


@pytest.mark.parametrize(
    ("note", "text"),
    [
        (
            drift_notes.DriftNote(
                level="warning",
                kind="python-admitted",
                output="thing",
                facts=(("pythons", ("3.10", "3.11")), ("requires", "!=3.10.*,!=3.11.*")),
            ),
            (
                "thing: upstream excludes Python 3.10, 3.11 (Requires-Python: !=3.10.*,!=3.11.*), and the recipe "
                "admits them; check whether the builds are skipped"
            ),
        ),
        (
            drift_notes.DriftNote(level="todo", kind="stdlib-by-hand", output="thing", line=7),
            "thing, line 7: add stdlib('c') next to the compiler by hand",
        ),
        (
            drift_notes.DriftNote(level="todo", kind="newcomer", facts=(("package", "x"),)),
            "x is a new project of the family: add an output for it by hand",
        ),
    ],
)
def test_words_name_the_output_and_the_line(note: drift_notes.DriftNote, text: str) -> None:
    assert worded(note) == text
