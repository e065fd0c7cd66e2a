"""Documents on a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from dirac_forge.report.document import Bold, Code, Items, Link, Paragraph, Quote, Section, Table, listed
from dirac_forge.report.terminal import Shown, diff

LONG = "https://example.org/" + "a" * 70
TABLE = Table(head=("name", "what", ""), rows=(("a", ("x ", Code("y")), ""), ("b", LONG, "z")), caption="Two")


def shown(*sections: Section, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width).print(Shown(sections), crop=False)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_table_that_fits_is_one() -> None:
    assert shown(Section(title="T", blocks=(TABLE,)), width=120) == [
        "T",
        "  Two",
        "  name  what",
        "  a     x y",
        f"  b     {LONG}  z",
    ]


def test_a_table_that_does_not_fit_is_a_list_and_no_url_is_broken() -> None:
    assert shown(Section(title="T", blocks=(TABLE,)), width=60) == [
        "T",
        "  Two",
        "  - a",
        "    what: x y",
        "  - b",
        f"    what: {LONG}",
        "    z",
    ]


def test_all_kinds_of_blocks() -> None:
    section = Section(
        title=("About ", Bold("it")),
        level=3,
        blocks=(
            Paragraph("some words that are broken where the terminal ends, and go on below"),
            Items(
                ("one", ("two ", Link("here", "https://e.org"), Link("https://e.org", "https://e.org"))),
            ),
            Items(("box", "other box"), done=(True, False)),
            Quote(("said",)),
            Table(head=("a",), rows=(("b",),), told=("a is b",)),
        ),
    )
    assert shown(section, width=50) == [
        "  About it",
        "    some words that are broken where the terminal",
        "    ends, and go on below",
        "    - one",
        "    - two here: https://e.orghttps://e.org",
        "    [x] box",
        "    [ ] other box",
        "    > said",
        "    - a is b",
    ]


def test_a_diff_is_whole_but_for_control_characters() -> None:
    text = diff("--- a\n+++ b\n-\told\x1b[31m\u2028\xa0.\r\n+" + "x" * 200 + "\n")
    assert text.plain == "--- a\n+++ b\n-\told[31m\xa0.\n+" + "x" * 200
    assert [str(span.style) for span in text.spans] == ["red", "green", "red", "green"]


def test_of_very_many_names_the_first_are_told() -> None:
    assert listed(f"n{at}" for at in range(21)) == ", ".join(f"n{at}" for at in range(20)) + " and n20"
    assert listed(f"n{at}" for at in range(99)).endswith(", n19 and 79 more")


def test_tables_leave_no_spaces_at_the_end_of_lines() -> None:
    table = Table(head=("target", "Python 3.12"), rows=(("linux-64", "= 1.0"), ("osx-64", "▼ 1.0 → 0.9")))
    stream = io.StringIO()
    Console(file=stream, width=80).print(Shown([Section(title="T", blocks=(table,))]))
    assert stream.getvalue().splitlines() == [
        "T",
        "  target    Python 3.12",
        "  linux-64  = 1.0",
        "  osx-64    ▼ 1.0 → 0.9",
    ]
