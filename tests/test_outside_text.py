"""Text from outside is read and parsed by `files` and `untrusted` alone: Python's own parsers raise on some of it.

`tests/data/known_parsers.txt` lists the calls of others that can't raise, or read what dirac-forge wrote itself.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import dirac_forge

SOURCE = Path(dirac_forge.__file__).parent
# The programs among them import nothing of dirac-forge, and read what dirac-forge itself wrote.
ASIDE = {"files.py", "untrusted.py", "build/engine.py", "build/enter.py", "pullrequest/jail.py"}

BANNED = {
    "urlsplit": "untrusted.split_url",
    "urlparse": "untrusted.split_url",
    "urljoin": "untrusted.join_url",
    "json.loads": "untrusted.parse_json",
    "json.load": "untrusted.parse_json",
    "parsedate_to_datetime": "untrusted.parse_http_date",
    "datetime.fromisoformat": "untrusted.parse_time",
}
WATCHED = {
    "int",
    "float",
    "Version",
    "SpecifierSet",
    "Specifier",
    "MatchSpec",
    "date.fromisoformat",
    "tomllib.loads",
    "yaml.load",
    "ast.parse",
    ".read_text",
    ".read_bytes",
    ".strptime",
    ".fromtimestamp",
}
LISTED = BANNED.keys() | WATCHED
KNOWN = Path(__file__).parent / "data" / "known_parsers.txt"
_MAYBE = re.compile(
    r"\b(?:int|float|Version|SpecifierSet|Specifier|MatchSpec|fromisoformat|loads?|parse|strptime|fromtimestamp"
    r"|read_text|read_bytes|urlsplit|urlparse|urljoin|parsedate_to_datetime)\("
)
"""Parsing every file takes long: only those are parsed in which there may be such a call."""


@cache
def calls() -> Counter[tuple[str, str]]:
    """Return how often which module calls which function with something that is not a literal."""
    found: Counter[tuple[str, str]] = Counter()
    for path in sorted(SOURCE.rglob("*.py")):
        name, text = path.relative_to(SOURCE).as_posix(), path.read_text(encoding="utf-8")
        if name in ASIDE or not _MAYBE.search(text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and (function := _name_of(node.func)):
                is_reader = function in {".read_text", ".read_bytes"}
                if is_reader or not all(isinstance(each, ast.Constant) for each in node.args):
                    found[name, function] += 1
    return found


def _name_of(function: ast.expr) -> str:
    """Return what a function is called in the lists above, "" where it is in none."""
    match function:
        case ast.Name(name):
            return name if name in LISTED else ""
        case ast.Attribute(ast.Name(home), name) if f"{home}.{name}" in LISTED:
            return f"{home}.{name}"
        case ast.Attribute(_, name):
            return f".{name}" if f".{name}" in LISTED else name if name in LISTED else ""
    return ""


@pytest.mark.parametrize("banned", BANNED)
def test_no_module_parses_by_itself(banned: str) -> None:
    assert [name for name, call in calls() if call == banned] == [], f"use {BANNED[banned]}"


def test_numbers_versions_and_files_are_read_in_known_places_only() -> None:
    """A new call: use the function of `untrusted` or `files`, or add it where it can't raise."""
    known = dict(line.rsplit(" ", 1) for line in KNOWN.read_text(encoding="utf-8").splitlines())
    counted = {f"{name} {call}": count for (name, call), count in calls().items() if call in WATCHED}
    assert {place: count for place, count in counted.items() if count > int(known.get(place, "0"))} == {}
