"""Which files hold a licence: by what upstream declares, else by their names and places."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

_FILE: Final = re.compile(
    r"(?i)(?:.*[-_.])?(?:un)?licen[cs]es?(?:[-_.].*)?|(?:copying|copyright|notice|[al]?gpl)(?:[-_.].*)?"
)
_NO_TEXT: Final = (
    ".py", ".pyc", ".pyi", ".c", ".h", ".js", ".css", ".json", ".toml", ".cfg",
    ".in", ".html", ".png", ".svg",
)  # fmt: skip
_MOST_PATTERNS: Final = 50
"""Each is compared with all files."""
_PEOPLE: Final = re.compile(r"(?i)(?:authors?(?:hip)?|contributors?|credits|maintainers?|thanks)(?:[-_.].*)?")
"""Names of files that list people, which some backends take for licences."""
_ASIDE: Final = re.compile(
    r"(?i)(?:^|/)(?:\.eggs|_?vendor(?:ed|ing)?|third[-_]?party|extern(?:al|als)?|deps|dependencies|subprojects|node_modules|"
    r"tests?|testing|docs?|examples?|[^/]*\.egg-info|[^/]*\.dist-info)/"
)


def licence_files(declared: Iterable[str], texts: Mapping[str, str], members: Iterable[str] = ()) -> tuple[str, ...]:
    """Return those of License-File that the sdist has (lists of people aside), else the outermost licence files."""
    there = {*texts, *members}
    every = tuple(dict.fromkeys(declared))
    wild = _wild(every, there)[:_MOST_PATTERNS]
    found = (path for pattern in every for path in _matching(pattern, there, wild=pattern in wild))
    named = tuple(path for path in dict.fromkeys(found) if not _lists_people(path))
    return named or _outermost([path for path in texts if is_licence(path) and not _ASIDE.search(path)])


def patterns_left_out(declared: Iterable[str], texts: Iterable[str], members: Iterable[str]) -> int:
    """Return how many patterns of `declared` are not compared with the files, since there are too many."""
    return max(0, len(_wild(dict.fromkeys(declared), {*texts, *members})) - _MOST_PATTERNS)


def _wild(declared: Iterable[str], there: Collection[str]) -> list[str]:
    return [pattern for pattern in declared if pattern not in there and re.search(r"[*?\[]", pattern)]


def _matching(pattern: str, there: Collection[str], *, wild: bool) -> list[str]:
    """Return the files that a name, or a pattern of `license-files` in a tree (PEP 639), stands for."""
    if not wild:
        return [pattern] if pattern in there else []
    parts = pattern.split("/")
    return sorted(path for path in there if _matches(path.split("/"), parts))


def _matches(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a pattern matches a path, of which `**` takes any number of folders."""
    # What is left of the pattern after each part of the path: trying each length of each `**` would never end.
    ends = _skipping({0}, pattern)
    for part in path:
        taken = (at for at in ends if at < len(pattern) and (pattern[at] == "**" or fnmatchcase(part, pattern[at])))
        ends = _skipping({at if pattern[at] == "**" else at + 1 for at in taken}, pattern)
    return len(pattern) in ends


def _skipping(ends: set[int], pattern: Sequence[str]) -> set[int]:
    """Return places in a pattern, and those behind each `**` at them, which may take no folder."""
    waiting = list(ends)
    for at in waiting:
        if at < len(pattern) and pattern[at] == "**" and at + 1 not in ends:
            ends.add(at + 1)
            waiting.append(at + 1)
    return ends


def _outermost(paths: Sequence[str]) -> tuple[str, ...]:
    """Return those in the outermost folder that has a licence, notices last."""
    depth = min((path.count("/") for path in paths if not is_notice(path)), default=-1)
    outermost = (path for path in paths if path.count("/") == depth)
    return tuple(sorted(outermost, key=lambda path: (is_notice(path), path)))


def _lists_people(path: str) -> bool:
    return _PEOPLE.fullmatch(path.rpartition("/")[2]) is not None


def is_licence(path: str) -> bool:
    """Return whether a file has the name of a licence, or is in a folder of them as https://reuse.software asks for."""
    name = path.rpartition("/")[2]
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return not name.lower().endswith(_NO_TEXT) and (_FILE.fullmatch(name) is not None or folder == "LICENSES")


def is_notice(path: str) -> bool:
    """Return whether a file has the name of a notice, which goes with a licence and is none."""
    return path.rpartition("/")[2].lower().startswith("notice")
