"""Foreign text in Markdown."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.report.foreign import code, escaped, fenced, plain


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
        ("two\n\n## lines\r\n\tand", "two ## lines and"),
        ("a\x00\x1b[31m\u202eb\ufeff", "a\\[31mb"),
        ("", ""),
    ],
)
def test_escaped(text: str, wanted: str) -> None:
    assert escaped(text) == wanted


def test_what_is_too_long_is_cut() -> None:
    assert plain("a" * 11, longest=10) == "aaaaaaaaa…"
    assert plain("a" * 10, longest=10) == "aaaaaaaaaa"
    assert len(escaped("a" * 1_000_000)) == 2_000


def test_a_code_span_is_not_left() -> None:
    assert code("a") == "`a`"
    assert code("a `b`") == "`` a `b` ``"
    assert code("@x #1") == "`@x #1`"
    assert code("") == "`  `"


def test_a_code_block_is_not_left() -> None:
    assert fenced("a\n```\n# b\x00\n", "diff") == "````diff\na\n```\n# b\n````"
    assert fenced("abcdef", longest=3) == "```\nabc\n… (3 more characters)\n```"


@given(st.text(alphabet=st.sampled_from("@#a1<>!-`\n\r \u2028[]()\\&")))
def test_nothing_of_it_has_an_effect(text: str) -> None:
    line = escaped(text)
    assert "\n" not in line
    assert "<" not in line
    assert ">" not in line
    assert not any(before == "@" and after.isalnum() for before, after in itertools.pairwise(line))
    assert not any(before == "#" and after.isdigit() for before, after in itertools.pairwise(line))
