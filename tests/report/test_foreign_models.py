"""Foreign text in every field of the values that are worded: nothing of it has an effect wherever it is shown."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Iterator

import pytest

from dirac_forge.cli.console import print_error, print_result
from dirac_forge.errors import InputError
from dirac_forge.report.bump_reasons import worded
from dirac_forge.report.document import Code, Link, Paragraph, Section
from dirac_forge.report.foreign import code, escaped, quiet
from dirac_forge.report.markdown import markdown
from dirac_forge.report.terminal import Shown

NASTY = "a\x1b[2J\u202eb\nerror: c"
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def filled(kind: object) -> object:
    """Return a value of a type, with `NASTY` for every text in it. Raises TypeError where none can be made so."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return filled(next(each for each in arguments if each is not type(None)))
    if origin is typing.Literal:
        return arguments[0]
    if origin is tuple:
        return (filled(arguments[0]),)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{each.name: filled(hints[each.name]) for each in dataclasses.fields(kind) if each.init})
    if kind is str:
        return NASTY
    if kind in (int, float, bool):
        return kind(1)
    raise TypeError(f"no value of {kind}")


def reasons() -> Iterator[object]:
    for kind in worded.registry:
        try:
            yield filled(kind)
        except (TypeError, NameError, ValueError):
            continue


REASONS = list(reasons())


def test_most_reasons_are_filled() -> None:
    assert len(REASONS) >= 25


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: type(reason).__name__)
def test_a_reason_reaches_terminal_and_markdown_without_effect(
    reason: object, capsys: pytest.CaptureFixture[str]
) -> None:
    text = worded(reason)
    section = Section(title=text, blocks=(Paragraph((text, Code(text), Link(text, "https://e/" + text))),))
    print_result(Shown((section,)))
    assert _RAW.search(capsys.readouterr().out) is None
    assert _RAW.search(markdown((section,))) is None


@pytest.mark.parametrize("shown", [code, escaped, quiet])
def test_no_line_of_markdown_comes_from_outside(shown: Callable[[str], str]) -> None:
    assert "\n" not in shown(NASTY)
    assert _RAW.search(shown(NASTY)) is None


def test_an_error_has_no_line_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    error = InputError(f"{NASTY} is wrong", hint=f"Say {NASTY}.")
    print_error(error.message, hint=error.hint)
    assert capsys.readouterr().err == "error: a[2Jb error: c is wrong\nSay a[2Jb error: c.\n"
