"""Documents as Markdown: what is foreign in them has no effect."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dirac_forge.report.document import (
    Bold,
    Code,
    Inline,
    Items,
    Line,
    Link,
    Paragraph,
    Quote,
    Section,
    Table,
    few,
    words,
)
from dirac_forge.report.markdown import markdown

READER = MarkdownIt("commonmark").enable("table")
PIECES = (
    *("@octocat", "@org/team", "@", "octocat", "#", "12", "GH-7", "o/r#3", "<!--", "-->", "<b>", "&lt;", "&#64;me"),
    *("`", "``", "|", "\\", "[x]", "(y)", "![", "**", "_", "~~", "\n", "\r\n\r\n", " ", "- ", "> ", "# ", "```", "1. "),
    *("https://github.com/o/r/issues/1", "http://e.org/@x", "javascript:a", "\x00", "\x1b[31m", "\u202e"),
    "@conda-forge-admin, please rerender",
)
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
INLINE = st.one_of(HOSTILE, HOSTILE.map(Code), HOSTILE.map(Bold), st.builds(Link, HOSTILE, HOSTILE))
LINES = st.lists(INLINE, max_size=4).map(tuple)


def tokens(text: str) -> Iterator[Token]:
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def harmless(text: str) -> list[Token]:
    found = list(tokens(text))
    assert re.search(r"@\w", text) is None
    assert not {token.type for token in found} & {"html_inline", "html_block", "image", "fence", "code_block"}
    for token in found:
        if token.type == "text":
            assert re.search(r"@\w|#\d|GH-\d", token.content) is None
        if token.type == "link_open":
            assert str(token.attrs["href"]).startswith(("http://", "https://"))
            assert "//github.com/o/r/issues" not in str(token.attrs["href"])
    return found


@given(LINES, LINES)
def test_nothing_foreign_has_an_effect_in_prose(first: tuple[Inline, ...], second: tuple[Inline, ...]) -> None:
    blocks = (Paragraph(first), Items((first, second)), Quote(("a", "b")), Items((second,), done=(True,)))
    found = harmless(markdown([Section(title=("About ", *first), blocks=blocks)]))
    assert sum(token.type == "heading_open" for token in found) == 1
    assert sum(token.type == "list_item_open" for token in found) == 3
    assert sum(token.type == "blockquote_open" for token in found) == 1


@given(st.lists(st.tuples(LINES, LINES, LINES), max_size=3))
def test_nothing_foreign_has_an_effect_in_a_table(rows: list[tuple[Line, Line, Line]]) -> None:
    found = harmless(markdown([Section(title="", blocks=(Table(head=("a", "b", "c"), rows=tuple(rows)),))]))
    assert sum(token.type == "tr_open" for token in found) == 1 + len(rows)
    assert sum(token.type == "td_open" for token in found) == 3 * len(rows)


def test_half_a_mention_in_each_of_two_pieces() -> None:
    assert markdown([Section(title="", blocks=(Paragraph(("by @", "octocat", " and #", "1")),))]) == (
        "by @\u200boctocat and #\u200b1\n"
    )


def test_prose_keeps_its_links_and_spaces() -> None:
    line = ("see ", Code("a|b"), " at https://e.org/a_b. Or ", Bold("not"), "!")
    assert markdown([Section(title="T", blocks=(Paragraph(line), Table(head=("x",), rows=((line,),))))]) == (
        "## T\n\n"
        "see `a|b` at <https://e.org/a_b>. Or **not**!\n\n"
        "| x |\n| --- |\n"
        "| see a\\|b at <https://e.org/a_b>. Or **not**! |\n"
    )


def test_what_is_too_large_is_named() -> None:
    long = Section(title="Long", blocks=(Items(("x" * 900,) * 20),))
    rows = Table(head=("n",), rows=tuple((str(n),) for n in range(130)))
    text = markdown([Section(title="First", blocks=(rows,)), long, Section(title="Last", blocks=())], largest=5_000)
    assert text.startswith("## First\n\n| n |\n| --- |\n| 0 |\n")
    assert text.endswith("| 99 |\n\nand 30 more rows\n\n## Last\n\nLeft out, because it would be too long: Long.\n")
    assert markdown([]) == ""


def test_few_and_words() -> None:
    assert few(("a", "b", "c"), 2) == ("a", "b", "and 1 more")
    assert few(("a", "b"), 2) == ("a", "b")
    assert words([]) == ""
    assert words(["a", "b", "c"]) == "a, b and c"
    assert words(list("abcd"), 2) == "a, b and 2 more"
