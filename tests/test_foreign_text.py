"""Foreign text on its way to a terminal, Markdown, SVG, a graph or a log: shown without any effect."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from dirac_forge.cli.console import Terminal, print_error, print_json, print_result
from dirac_forge.report.document import Bold, Code, Items, Line, Link, Paragraph, Quote, Section, Table
from dirac_forge.report.dot import dot
from dirac_forge.report.markdown import markdown
from dirac_forge.report.mermaid import mermaid
from dirac_forge.report.picture import Arrow, Box, Picture
from dirac_forge.report.svg import svg
from dirac_forge.report.terminal import Shown
from dirac_forge.untrusted import one_line, visible

NASTY = "a\x1b[2J\x9b31m\u202eb\u2066\x07\x00\u200fc\nerror: forged"
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
INLINE: tuple[Line, ...] = (
    NASTY,
    Code(NASTY),
    Bold(NASTY),
    Link(NASTY, "https://example.org"),
    Link("x", f"https://example.org/{NASTY}"),
    (NASTY, Code(NASTY)),
)
SECTIONS = [
    Section(
        title=line,
        blocks=(
            Paragraph(line),
            Quote((NASTY,)),
            Items((line,)),
            Items((line,), (True,)),
            Table(head=(NASTY,), rows=((line,),), caption=NASTY),
            Table(head=(NASTY,), rows=((line,),), told=(line,)),
        ),
    )
    for line in INLINE
]
PICTURE = Picture(
    title=NASTY,
    waves=((Box(name=NASTY, wave=0, state="done", why=NASTY), Box(name="x", wave=0, state="done", why=NASTY)),),
    arrows=(Arrow(parent=NASTY, child="x", why=NASTY, through=(NASTY,), broken=False),),
)


@pytest.mark.parametrize(
    "show",
    [
        lambda: print_result(Shown(SECTIONS)),
        lambda: print_result(Text(NASTY)),
        lambda: print_result(NASTY),
        lambda: print_result(Panel(NASTY, title=NASTY)),
        lambda: print_result(_rich_table()),
        lambda: print_json({NASTY: [NASTY]}),
        lambda: print_error(NASTY, hint=NASTY),
        lambda: Terminal().warned(NASTY),
        lambda: Terminal().started(NASTY),
    ],
    ids=["document", "text", "str", "panel", "table", "json", "error", "warning", "progress"],
)
def test_nothing_hidden_reaches_the_terminal(show: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    show()
    said = "".join(capsys.readouterr())
    assert said
    assert HIDDEN.search(said) is None


def _rich_table() -> RichTable:
    table = RichTable(NASTY)
    table.add_row(NASTY)
    return table


def test_documents_keep_foreign_lines_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(Shown(SECTIONS))
    assert not [line for line in capsys.readouterr().out.splitlines() if line.startswith("error: forged")]


@pytest.mark.parametrize(
    "make",
    [lambda: markdown(SECTIONS), lambda: svg(PICTURE), lambda: dot(PICTURE), lambda: mermaid(PICTURE)],
    ids=["markdown", "svg", "dot", "mermaid"],
)
def test_nothing_hidden_is_in_files(make: Callable[[], str]) -> None:
    text = make()
    assert "forged" in text
    assert HIDDEN.search(text) is None


def test_json_has_the_same_value(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"x": NASTY})
    assert json.loads(capsys.readouterr().out) == {"x": NASTY}


def test_every_character_that_is_not_shown_is_known() -> None:
    hidden = {chr(code) for code in (*range(0x3000), 0xD800, 0x4E2D, 0x1F4A9, 0xE0041) if not visible(chr(code))}
    assert {"\x1b", "\x9b", "\u202e", "\u2066", "\u200b", "\ud800", "\u2028", "\U000e0041"} <= hidden
    assert not {"a", "é", "✓", "中", " ", "\N{PILE OF POO}"} & hidden
    assert one_line(NASTY) == "a[2J31mbc error: forged"
