"""Notes of recipes: their words, and that each has the facts that its words name."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dirac_forge.recipe.notes import NoteKind, note

PACKAGE = Path(__file__).parents[2] / "src" / "dirac_forge"


def calls() -> Iterator[tuple[str, NoteKind, set[str]]]:
    """Yield each call that makes a note with a kind that is written out, with the names of its facts."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "NoteKind." in text else ():
            if (
                not isinstance(node, ast.Call)
                or ast.unparse(node.func) not in {"note", "self._note"}
                or any(keyword.arg is None for keyword in node.keywords)
            ):
                continue
            for argument in node.args:
                if isinstance(argument, ast.Attribute) and ast.unparse(argument.value) == "NoteKind":
                    facts = {str(keyword.arg) for keyword in node.keywords}
                    yield f"{path.name}:{node.lineno}", NoteKind[argument.attr], facts


def test_notes_have_the_facts_that_their_words_name() -> None:
    named = {
        kind: {field for _, field, _, _ in string.Formatter().parse(kind.value) if field}
        - {"untested", "sdist", "Sdist"}
        for kind in NoteKind
    }
    assert [(place, kind) for place, kind, facts in calls() if named[kind] - facts] == []


def test_a_folder_is_not_called_an_sdist() -> None:
    one = note("todo", NoteKind.NO_SOURCES)
    assert one.text == "the sdist has no source in C, C++, Fortran or Rust: check which compilers the build needs"
    assert replace(one, folder=True).text == one.text.replace("the sdist", "the folder")
    assert replace(note("info", NoteKind.NO_LICENCE_FILE), folder=True).text == "The folder ships no licence file."


@pytest.mark.parametrize(
    ("packages", "text"),
    [
        (("a",), "a in host, because setup.py names it: check that it is used, and its run_exports"),
        (("a", "b"), "a, b in host, because setup.py names them: check that they are used, and their run_exports"),
    ],
)
def test_words_agree_with_the_number_of_names(packages: tuple[str, ...], text: str) -> None:
    assert note("warning", NoteKind.LINKED_LIBRARIES, packages=packages, path="setup.py").text == text


@pytest.mark.parametrize(
    ("files", "text"),
    [
        (["A"], "A also contains text that reads like MIT, which license leaves out."),
        (["A", "B"], "A and B also contain text that reads like MIT, which license leaves out."),
        (["A", "B", "C", "D"], "A, B and 2 more also contain text that reads like MIT, which license leaves out."),
    ],
)
def test_many_files_are_counted(files: list[str], text: str) -> None:
    assert note("info", NoteKind.FURTHER_LICENCE, files=files, texts="MIT").text == text


def test_a_note_of_several_outputs_names_its_output() -> None:
    told = note("todo", NoteKind.NO_SUMMARY)
    assert replace(told, output="lib").sentence == "lib: upstream gives no summary: fill in about"
