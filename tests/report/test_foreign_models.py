"""Foreign text in every field of every value that is reported: nothing of it has an effect wherever it is shown.

The functions that report are found in the package, and the types of their arguments tell what can be in them: a new
model is filled as soon as something words it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import io
import json
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import chain, islice
from string import Formatter
from typing import Any

import pytest
import rattler
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from rich.console import ConsoleRenderable, RichCast

import dirac_forge
from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.cli.console import Terminal, print_error, print_json, print_result
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.feedstock.change import Change
from dirac_forge.feedstock.facts_model import FeedstockFacts, Need
from dirac_forge.feedstock.graph import build_graph
from dirac_forge.migration.plan import Plan, make_plan
from dirac_forge.migration.schema import Migration
from dirac_forge.pullrequest.branches import title_of
from dirac_forge.recipe.notes import Fact, Note
from dirac_forge.report.bump_reasons import worded
from dirac_forge.report.document import Block, Bold, Code, Link, Paragraph, Section
from dirac_forge.report.drift_note_words import WORDS
from dirac_forge.report.markdown import markdown
from dirac_forge.report.next_steps import Step, steps_section
from dirac_forge.report.terminal import Shown, diff
from support.filling import Filler

NASTY = "a\x1b[2J\u202eb\nerror: c"
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BROKEN = re.compile(r"^\s*error: c", re.MULTILINE)
_VALUE = re.compile(r"\b(?!Code|Link|Bold)[A-Z][a-z]\w+\([a-z_]+=")
_FENCED = re.compile(r"^(`{3,})[^`\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)

TURNS = 4
ROOMS = (
    "bot.dashboard",
    "bot.groups",
    "bot.history",
    "bot.summary",
    "pullrequest.branches",
    "pullrequest.notes",
    "pullrequest.request_text",
    "report",
)
"""Where values become text."""
WITHIN = re.compile(r"report\.site\.(?!site\.)|report\.(document|numbers|terminal)\.")
"""Parts of others: what the site's pages are made of is seen on the pages."""
ALONE = {
    "bot.dashboard.with_ticks",  # ticks in the body that the forge has already
    "bot.history.history_of",  # what other functions word
    "bot.groups.grouped",  # an order, no text
    "pullrequest.branches.branch_name",  # the name of a feedstock was checked before
    "pullrequest.branches.safe_branch",  # refuses
    "report.bump_reasons.worded",  # has a test of its own
    "report.wording.add_words",  # of this package's own words
    "report.site.site.pages_of",  # of documents, which site_of makes
}
MARKDOWN = re.compile(r"markdown|foreign|closing_words|^bot\.dashboard|^pullrequest\.(notes|request_text)")
WHOLE = {"report.dot.dot", "report.mermaid.mermaid"}
KNOWN: Mapping[str, object] = {
    # Versions in channels and in recipes that were rendered are parsed where they are read.
    "VersionMove.old": "1.0",
    "VersionMove.new": "2.0",
    "Difference.added": ((NASTY, "1.0"),),
    "Difference.removed": ((NASTY, "1.0"),),
    "Difference.changed": ((NASTY, "1.0", "2.0"),),
    # Our own Markdown and titles: what these functions make.
    "Change.body": "",
    "WantedRequest.title": "",
    # What other fields refer to.
    "Box.wave": 0,
    "Migration.text": "x:\n  - '1'\n",
    "Migration.keys": ("x",),
    "MigratorTable.exclude": (f"another {NASTY}",),
    "MigratorTable.exclude_pinned_pkgs": False,
    "MigratorTable.override_cbc_keys": None,
    "MigratorTable.platform_allowlist": (),
}


class Reported(Filler):
    """Makes values that fit together."""

    def _object(self, kind: type) -> Any:
        if kind is Plan:
            return self._plan()
        made = super()._object(kind)
        return replace(made, facts=self._facts(made)) if isinstance(made, Note | DriftNote) else made

    def _facts(self, note: Note | DriftNote) -> tuple[tuple[str, Fact], ...]:
        """Return all that the words of a note name."""
        words = note.kind.value if isinstance(note, Note) else WORDS[note.kind]
        names = {field for _, field, spec, _ in Formatter().parse(words) if field}
        lists = {field for _, field, spec, _ in Formatter().parse(words) if field and spec}
        return tuple((name, (NASTY, NASTY) if name in lists else NASTY) for name in sorted(names))

    def _plan(self) -> Plan:
        """Return a plan in which one feedstock needs another, and both what the migration changes."""
        parent = f"{NASTY} parent"
        made: dict[str, Any] = {"platforms": (NASTY, "linux-64"), "recipe": NASTY, "version": NASTY, "notes": (NASTY,)}
        needs = [Need("host", name, NASTY, NASTY, 1, 3 - self.turn % 3, NASTY) for name in ("x", parent)]
        facts = {
            NASTY: FeedstockFacts(outputs=(NASTY,), needs=tuple(needs), **made),
            parent: FeedstockFacts(outputs=(parent, NASTY), needs=tuple(needs[: 1 + self.turn % 2]), **made),
        }
        return make_plan(build_graph(facts), self.of(Migration))


def reporters() -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield the public functions that make text of values."""
    for module in pkgutil.walk_packages(dirac_forge.__path__, "dirac_forge."):
        name = module.name.removeprefix("dirac_forge.")
        if not any(f"{name}.".startswith(f"{room}.") for room in ROOMS):
            continue
        for word, each in vars(importlib.import_module(module.name)).items():
            place = f"{name}.{word}"
            if not inspect.isfunction(each) or each.__module__ != module.name or word.startswith("_"):
                continue
            if not WITHIN.match(place) and place not in ALONE:
                yield place, each


REPORTERS = dict(reporters())


def called(function: Callable[..., object], turn: int) -> object:
    """Return what a function makes of values of the types that it takes."""
    values = Reported(NASTY, turn, KNOWN).arguments(function)
    kinds = inspect.signature(function).parameters
    named = {name: values.pop(name) for name, each in kinds.items() if each.kind is each.KEYWORD_ONLY}
    return function(*values.values(), **named)


def texts(place: str, value: object) -> Iterator[str]:
    """Yield all that a result becomes: on a terminal, in Markdown, in files."""
    match value:
        case str() if place in WHOLE or MARKDOWN.search(place):
            yield _FENCED.sub("", value)
        case str() if place == "report.svg.svg":
            yield value.replace("\n", " ")
        case (str() as title, str() as body) if place == "pullrequest.request_text.request_text":
            yield from (title, _FENCED.sub("", body))
        case str() | Bold() | Code() | Link():
            yield from shown((Section(title=value, blocks=(Paragraph((value, Code(str(value)))),)),))
        case Change():
            yield from (title_of(value), _FENCED.sub("", value.body))
        case Mapping():
            yield from files_or_json(value)
        case None | int() | float() | date() | Version() | SpecifierSet() | rattler.RepoDataRecord():
            return
        case _:
            yield from texts_of_parts(place, value)


def texts_of_parts(place: str, value: object) -> Iterator[str]:
    match value:
        case Section():
            yield from shown((value,))
        case Step():
            yield from shown(steps_section((value,)))
        case _ if isinstance(value, Block):
            yield from shown((Section(title="", blocks=(value,)),))
        case _ if isinstance(value, (ConsoleRenderable, RichCast)):
            yield printed(lambda: print_result(value))
        case _ if isinstance(value, Iterable):
            yield from chain.from_iterable(texts(place, each) for each in value)
        case _ if dataclasses.is_dataclass(value):
            parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
            yield from chain.from_iterable(texts(place, each) for each in parts if isinstance(each, (str, Change)))
        case _:
            raise AssertionError(f"how is {value!r} shown?")


def files_or_json(value: Mapping[Any, Any]) -> Iterator[str]:
    if value and all(isinstance(each, bytes) for each in value.values()):
        made = [content for name, content in value.items() if not name.endswith((".js", ".css"))]
        # White space is nothing in HTML; in the others a line break is written as `\n`.
        yield from (content.decode("utf-8", "replace").replace("\n", " ") for content in made)
    else:
        yield printed(lambda: print_json(json.loads(json.dumps(dict(value), default=str))))


def shown(sections: tuple[Section, ...]) -> Iterator[str]:
    yield printed(lambda: print_result(Shown(sections)))
    yield _FENCED.sub("", markdown(sections))


def printed(show: Callable[[], None]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        show()
    return out.getvalue()


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is broken, so that a break is foreign."""
    monkeypatch.setenv("COLUMNS", "9000")


def effects_of(text: str) -> list[str]:
    """Return the lines of a text in which something foreign has an effect, or a value stands instead of its words."""
    return [line for line in text.split("\n") if _RAW.search(line) or _BROKEN.search(line) or _VALUE.search(line)]


@pytest.mark.parametrize("place", REPORTERS)
def test_nothing_foreign_has_an_effect(place: str) -> None:
    found: list[str] = []
    refused: list[Exception] = []
    for turn in range(TURNS):
        try:
            result = called(REPORTERS[place], turn)
            found += islice(texts(place, result), 200)
        except (TypeError, ValueError, LookupError) as error:  # values that do not fit together
            refused.append(error)
    assert len(refused) < TURNS, refused
    assert [line for text in found for line in effects_of(text)] == []


@pytest.mark.parametrize("kind", [kind for kind in worded.registry if kind not in (object, str)])
def test_a_reason_is_one_line_without_effect(kind: type) -> None:
    for turn in range(4):
        text = worded(Reported(NASTY, turn, KNOWN).of(kind))
        assert [line for each in texts("", text) for line in effects_of(each)] == []


def test_an_error_has_no_line_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    error = InputError(f"{NASTY} is wrong", hint=f"Say {NASTY}.")
    print_error(error.message, hint=error.hint)
    assert capsys.readouterr().err == "error: a[2Jb error: c is wrong\nSay a[2Jb error: c.\n"


def test_every_error_is_without_effect(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in set(kinds_of(ForgeError)):
        error: ForgeError = Reported(NASTY, 0, KNOWN).of(kind)
        print_error(error.message, hint=error.hint)
    said = capsys.readouterr().err
    assert _RAW.search(said) is None
    assert re.search("^error: c", said, re.MULTILINE) is None


def kinds_of(kind: type[ForgeError]) -> Iterator[type[ForgeError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from kinds_of(each)


def test_progress_and_warnings_are_without_effect(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.started(NASTY, 2)
    terminal.advanced(NASTY, detail=NASTY)
    terminal.finished(NASTY)
    terminal.warned(NASTY)
    assert capsys.readouterr().err == "a[2Jb error: c …\na[2Jb error: c: 1\nwarning: a[2Jb error: c\n"


def test_a_diff_keeps_its_lines_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(diff(f"+{NASTY}\n"))
    assert capsys.readouterr().out == "+a[2Jb\nerror: c\n"
