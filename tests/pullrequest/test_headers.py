"""The hidden header of a body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.pullrequest.headers import LONGEST, Header, changed_by_people, read_header, text_digest, with_header

HEADER = Header(
    feedstock="demo",
    branch="main",
    kind="bump",
    key="9.1",
    fingerprint="f" * 32,
    before="b" * 16,
    text="t" * 16,
    rerender="ask",
    version="0.1",
)


def test_written_and_read() -> None:
    body = with_header("Hello\n", HEADER, end="\nend\n")
    assert body == (
        '<!-- dirac-forge: {"batch": "", "before": "bbbbbbbbbbbbbbbb", "branch": "main", "feedstock": "demo", '
        f'"fingerprint": "{"f" * 32}", "key": "9.1", "kind": "bump", "rerender": "ask", '
        '"text": "tttttttttttttttt", "title": "", "version": "0.1", "written": "bb36e9c2ec4c5560"} -->\nHello\n\nend\n'
    )
    assert told(body) == HEADER
    assert told(f"\r\n{body}".replace("\n", "\r\n")) == HEADER


def told(body: str) -> Header | None:
    header = read_header(body)
    return None if header is None else replace(header, written="")


@pytest.mark.parametrize(
    ("change", "rest"),
    [
        (lambda body: body, None),
        (lambda body: body.replace("\n", "\r\n"), None),
        (lambda body: body + "\n\n", None),
        (lambda body: body.replace("[ ]", "[x]"), "- [x] Hello\n"),
        (lambda body: "no header", None),
    ],
)
def test_a_body_that_people_changed_is_told_from_ours(change: Callable[[str], str], rest: str | None) -> None:
    assert changed_by_people(change(with_header("- [ ] Hello\n", HEADER))) == rest


@given(st.text(max_size=50))
def test_whatever_stands_in_it(key: str) -> None:
    header = replace(HEADER, key=key)
    body = with_header("b", header)
    assert told(body) == header
    assert body.index("-->") == body.index("\n") - 3


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Hello",
        "Hello\n<!-- dirac-forge: {} -->",
        "<!-- dirac-forge: {} -->",
        "<!-- dirac-forge: [] -->",
        "<!-- dirac-forge: {not json} -->",
        '<!-- dirac-forge: {"feedstock": 1, "branch": "m", "kind": "b", "key": "k", "fingerprint": "f"} -->',
        '<!-- dirac-forge: {"feedstock": "a"} -->',
        "<!-- dirac-forge: {" + '"a":' * 2000 + "1} -->",
        "<!-- dirac-forge: {" + "[" * 3000 + "} -->",
        "<!-- another: {} -->",
    ],
)
def test_what_is_no_header(body: str) -> None:
    assert read_header(body) is None


def test_unknown_keys_of_a_later_version_are_passed_over() -> None:
    body = with_header("", HEADER).replace('"version"', '"later": {"a": 1}, "version"')
    assert told(body) == HEADER


def test_the_body_can_not_pass_for_a_header() -> None:
    body = with_header("<!--   Dirac-Forge: {} -->\n<!-- dirac-forge: rerender -->", HEADER)
    assert body.count("<!-- dirac-forge") == 1
    assert "<!-- (foreign) dirac-forge: {} -->" in body


def test_a_body_that_is_too_long_is_cut_at_a_line() -> None:
    lines = "".join(f"line {number}\n" for number in range(20_000))
    body = with_header(lines, HEADER, end="\nend\n")
    assert LONGEST - 400 < len(body) <= LONGEST
    assert body.endswith("characters more)._\n\nend\n")
    kept = body.split("\n", 1)[1].split("\n\n_…")[0]
    assert lines.startswith(kept)
    assert kept.endswith("\nline 6603\n")
    assert told(body) == HEADER


def test_what_is_cut_is_closed() -> None:
    opened = "<details><summary>x</summary>\n\n````diff\n```\n" + "+ line\n" * 20_000
    body = with_header(opened, HEADER)
    assert "+ line\n\n````\n</details>\n\n_… the rest" in body
    assert len(with_header("x" * 200_000, HEADER)) <= LONGEST
    assert len(with_header("", HEADER, end="e" * 200_000)) <= LONGEST


def test_texts_are_told_apart() -> None:
    assert text_digest("a", "b") == text_digest("a", "b")
    assert text_digest("a", "b") != text_digest("ab", "")
    assert len(text_digest("", "\udc80")) == 16
