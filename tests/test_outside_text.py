"""Text from outside is parsed by `untrusted` alone: Python's own parsers raise on some of it, or never end."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import dirac_forge

SOURCE = Path(dirac_forge.__file__).parent
# The programs among them import nothing of dirac-forge, and read what dirac-forge itself wrote.
ASIDE = {"untrusted.py", "build/engine.py", "pullrequest/jail.py"}

BANNED = {
    "urlsplit": "split_url",
    "urlparse": "split_url",
    "urljoin": "join_url",
    "json.loads": "parse_json",
    "json.load": "parse_json",
    "parsedate_to_datetime": "parse_http_date",
    "datetime.fromisoformat": "parse_time",
}
WATCHED = {"int", "float", "Version", "SpecifierSet", "Specifier"}
ALLOWED = Path(__file__).parent / "data" / "number_parsers.txt"


@cache
def calls(path: Path) -> tuple[str, ...]:
    """Return the names of the functions that a module calls with something that is not a literal."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return tuple(
        ast.unparse(node.func) for node in found if not all(isinstance(each, ast.Constant) for each in node.args)
    )


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if name not in ASIDE:
            yield name, path


@pytest.mark.parametrize("banned", BANNED)
def test_no_module_parses_by_itself(banned: str) -> None:
    found = [name for name, path in modules() if banned in set(calls(path))]
    assert found == [], f"use untrusted.{BANNED[banned]}"


def test_numbers_and_versions_are_made_in_known_places_only() -> None:
    """A new call of `int` or `Version`: use `parse_whole_number` or `parse_version`, or add it where it can't raise."""
    counted = Counter(
        f"{name} {call}" for name, path in modules() for call in calls(path) if call.rpartition(".")[2] in WATCHED
    )
    allowed = dict(line.rsplit(" ", 1) for line in ALLOWED.read_text(encoding="utf-8").splitlines())
    more = {place: count for place, count in counted.items() if count > int(allowed.get(place, "0"))}
    assert more == {}
