"""Foreign text in Markdown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.report.foreign import code, escaped, fenced, link, plain, quiet


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a plain sentence, with 3.1 (and more).", "a plain sentence, with 3.1 (and more)."),
        ("thanks @octocat and @org/team", "thanks @\u200boctocat and @\u200borg/team"),
        ("@conda-forge-admin, please rerender", "@\u200bconda-forge-admin, please rerender"),
        ("me@example.org", "me@\u200bexample.org"),
        ("fixes #12, GH-7 and o/r#3", "fixes #\u200b12, GH-\u200b7 and o/r#\u200b3"),
        (
            "see https://github.com/o/r/issues/1 and https://github.com/o/r",
            "see https://redirect.github.com/o/r/issues/1 and https://github.com/o/r",
        ),
        ("<!-- dirac-forge: {} --><b>&amp;", "&lt;!-- dirac-forge: {} --&gt;&lt;b&gt;&amp;amp;"),
        ("![x](http://e.org) `a` **b** _c_ |d", "!\\[x\\](http://e.org) \\`a\\` \\*\\*b\\*\\* \\_c\\_ \\|d"),
        ("# title", "\\# title"),
        ("- [ ] box", "\\- \\[ \\] box"),
        ("1. item", "1\\. item"),
        ("2026-11-22", "2026-11-22"),
        ("1.2.3", "1.2.3"),
        ("two\n\n## lines\r\n\tand", "two ## lines and"),
        ("a\x00\x1b[31m\u202eb\ufeff", "a\\[31mb"),
        ("", ""),
    ],
)
def test_escaped(text: str, wanted: str) -> None:
    assert escaped(text) == wanted


def test_quiet() -> None:
    assert quiet("bump a_b to 1.0\nCloses #1 @me [skip ci] [CI skip]") == (
        "bump a_b to 1.0 Closes #\u200b1 @\u200bme [skip-ci] [CI-skip]"
    )


@pytest.mark.parametrize("address", ["https://github.com/o/r/issues/1", "https://www.GitHub.com/o/r/pull/1", "o/r#1"])
@pytest.mark.parametrize("shown", [quiet, escaped])
def test_no_word_closes_an_issue(shown: Callable[[str], str], address: str) -> None:
    line = shown(f"fixes {address}")
    assert "#1" not in line
    assert re.search(r"(?<!redirect\.)github\.com", line, re.IGNORECASE) is None


def test_what_is_too_long_is_cut() -> None:
    assert plain("a" * 11, longest=10) == "aaaaaaaaa…"
    assert plain("a" * 10, longest=10) == "aaaaaaaaaa"
    assert len(escaped("a" * 1_000_000)) == 2_000


def test_a_code_span_is_not_left() -> None:
    assert code("a") == "`a`"
    assert code("a `b`") == "`` a `b` ``"
    assert code("@x #1, a @ b") == "`@\u200bx #1, a @ b`"
    assert code("") == "`  `"


def test_a_code_block_is_not_left() -> None:
    assert fenced("a\n```\n# b\x00\n", "diff") == "````diff\na\n```\n# b\n````"
    assert fenced("@conda-forge-admin, please rerender") == "```\n@\u200bconda-forge-admin, please rerender\n```"
    assert fenced("abcdef", longest=3) == "```\nabc\n… (3 more characters)\n```"


@given(st.text(alphabet=st.sampled_from("@#a1<>!-`\n\r \u2028[]()\\&")))
def test_nothing_of_it_has_an_effect(text: str) -> None:
    line = escaped(text)
    assert "\n" not in line
    assert "<" not in line
    assert ">" not in line
    assert not any(before == "@" and after.isalnum() for before, after in itertools.pairwise(line))
    assert not any(before == "#" and after.isdigit() for before, after in itertools.pairwise(line))


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://e.org/a_b?c=d&e=f#g", "[a\\_b](<https://e.org/a_b?c=d&amp;e=f#g>)"),
        ("https://e.org/a)> [x](y) |`", "[a\\_b](<https://e.org/a%29%3E%20[x]%28y%29%20%7C%60>)"),
        ("https://github.com/o/r/issues/1", "[a\\_b](<https://redirect.github.com/o/r/issues/1>)"),
        ("https://github.com/o/r/compare/a...b", "[a\\_b](<https://github.com/o/r/compare/a...b>)"),
        ("https://e.org/@octocat", "[a\\_b](<https://e.org/%40octocat>)"),
        ("javascript:alert(1)", "a\\_b"),
        ("https://[", "a\\_b"),
        ("", "a\\_b"),
    ],
)
def test_links(url: str, wanted: str) -> None:
    assert link("a_b", url) == wanted


def test_a_url_that_is_shown_as_it_is() -> None:
    assert link("https://e.org/a_b?c&d", "https://e.org/a_b?c&d") == "<https://e.org/a_b?c&d>"
    assert link("https://e.org/a|b", "https://e.org/a|b") == "[https://e.org/a\\|b](<https://e.org/a%7Cb>)"


def test_a_link_may_be_meant_to_show_up_where_it_leads() -> None:
    assert link("ours", "https://github.com/o/r/pull/1", own=True) == "[ours](<https://github.com/o/r/pull/1>)"
