"""Text from outside: what Python's own parsers choke on is None, and nothing hidden reaches a terminal."""

from __future__ import annotations

import json
import time
import tomllib
from datetime import UTC, datetime

import pytest
from packaging.version import Version

from dirac_forge.untrusted import (
    dump_json,
    join_url,
    one_line,
    parse_http_date,
    parse_specifiers,
    parse_time,
    parse_toml,
    parse_version,
    parse_whole_number,
    requirement_from,
    split_url,
    visible,
    without_commands,
)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "²", "٣", "1_000", " 1", "9" * 5000, None, 7])
def test_other_text_than_ascii_digits_is_not_a_whole_number(text: object) -> None:
    assert parse_whole_number(text) is None


def test_whole_numbers_have_a_limit() -> None:
    assert (parse_whole_number("007"), parse_whole_number("9" * 18)) == (7, 10**18 - 1)
    assert (parse_whole_number("2", most=1), parse_whole_number("1", most=1)) == (None, 1)


@pytest.mark.parametrize("url", ["//[", "http://[", "https://host:99999/", "https://host:x/", "http://[::1"])
def test_a_broken_url_has_empty_parts(url: str) -> None:
    assert split_url(url) == ("", "", "", "", "")
    assert join_url("https://host/", url)


@pytest.mark.parametrize("text", ["", "latest", " ", "../../x", "{{ x }}", "9" * 5000, "1." * 3000 + "1"])
def test_other_text_is_not_a_version(text: str) -> None:
    assert parse_version(text) is None


def test_versions_and_specifiers() -> None:
    assert parse_version("v1.0-rc1") == Version("1.0rc1")
    assert parse_specifiers("=={{ x }}") is None
    assert parse_specifiers(">=" + "9" * 5000) is None
    assert str(parse_specifiers(">=1")) == ">=1"


def test_dates() -> None:
    assert parse_time("2026-01-02T03:04:05Z") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert parse_time("2026-01-02") == datetime(2026, 1, 2, tzinfo=UTC)
    for text in ("yesterday", "99999-01-01", "2026-13-01", 5, None):
        assert parse_time(text) is None
    assert parse_http_date("Thu, 01 Jan 1970 00:00:10 GMT") == 10
    for text in ("", "soon", "Fri, 31 Dec 99999 23:59:59 GMT", "Xxx, 99 Yyy 2026 99:99:99 GMT", "9" * 5000):
        assert parse_http_date(text) is None


def test_nothing_hidden_is_shown() -> None:
    assert visible("a\x1b[2J\u202eb\u2066\x9b\x07\udc80é✓\U000e0041") == "a[2Jbé✓"
    assert visible("a\nb\tc", but="\n") == "a\nbc"
    assert one_line("a\n\r\u2028 b\x00") == "a b"
    assert one_line("x" * 50, longest=10) == "x" * 9 + "…"


@pytest.mark.parametrize("text", ["x = " + "9" * 5000, "x = " + "[" * 5000, "x ="])
def test_toml_that_python_chokes_on_is_no_toml(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        parse_toml(text)


def test_a_requirement_without_end_is_none() -> None:
    assert str(requirement_from("six >=1")) == "six>=1"
    with pytest.raises(ValueError, match="more than 1000 characters"):
        requirement_from("six==" + "9" * 5000)


def test_a_ci_service_finds_no_commands() -> None:
    said = "::add-mask::a\nb ::error::c\n  ::stop-commands::d\n##[group]e ##VSO[task.setvariable]f ## [g] ###[h]\n"
    shown = without_commands(said)
    assert shown.replace("\u200b", "") == said
    for line in shown.splitlines():
        assert not line.strip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line.lower()
    assert "b ::error::c\n" in shown
    started = time.process_time()
    without_commands("\n" * 200_000 + " " * 200_000)
    assert time.process_time() - started < 5
    assert without_commands("a: 1\n# b\n## c\n") == "a: 1\n# b\n## c\n"
    document = {"a": "##[group] ##vso[x] ###[y]", "b": "::c"}
    text = dump_json(document)
    assert json.loads(text) == document
    assert without_commands(text) == text
