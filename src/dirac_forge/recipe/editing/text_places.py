"""Where a recipe's text says what an edit changes: assignments, `version:`, and what sources are made of.

Text is looked at line by line, the same way for both formats, so that every byte around a value stays. The readers
judge the result afterwards: what is overlooked or mistaken here shows there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from dirac_forge.recipe.reading.expressions import expression_names
from dirac_forge.recipe.reading.recipe_text import HASH_KEY
from dirac_forge.values import dataclass

_KEY = re.compile(r"([ \t]*)((?:-[ \t]+)*)([\"']?)([A-Za-z_][\w.-]*)\3[ \t]*:(?=[ \t\r]|$)[ \t]*")
_ITEM = re.compile(r"([ \t]*)((?:-[ \t]+)+)")
_SET = re.compile(r"\{%[-+]?\s*set\s+([A-Za-z_][\w, ]*?)\s*=(?!=)\s*(.*?)\s*[-+]?%\}", re.DOTALL)
_BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_COMMENT = re.compile(r"(?:^|[ \t])#.*$")
_SOURCE_KEYS = frozenset(
    [
        "url",
        "fn",
        "file_name",
        "folder",
        "target_directory",
        "git_rev",
        "git_tag",
        "git_url",
        "git",
        "tag",
        "rev",
        "branch",
        "hg_tag",
        "svn_rev",
    ]
)

Replacement = tuple[int, int, str]
"""Start and end in the text, and what goes there."""


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A value in the text, quotes included, without what surrounds it."""

    start: int
    end: int
    raw: str
    line: int
    """From 1."""
    name: str = ""
    """The variable that it is assigned to, or the key."""
    expression: bool = False
    """Whether `raw` is an expression as a whole, as after `{% set x =`."""

    @property
    def names(self) -> frozenset[str]:
        """The variables that it is made from."""
        if self.expression:
            return expression_names(self.raw)
        return frozenset(name for inner in _BRACES.findall(self.raw) for name in expression_names(inner))

    @property
    def literal(self) -> str | None:
        """The text that it is, unquoted; None for what is made of variables."""
        text = self.raw.strip()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            text = text[1:-1]
            return None if "'" in text or '"' in text or "{{" in text else text
        if "{{" in text or (self.expression and not re.fullmatch(r"[\d.]+", text)):
            return None
        return text


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    start: int
    text: str

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip(" \t"))

    @property
    def empty(self) -> bool:
        stripped = self.text.strip()
        return not stripped or stripped.startswith(("#", "{%"))

    def place(self, offset: int, name: str) -> TextPlace | None:
        """Return the value from `offset` to the comment or end of the line."""
        rest = _COMMENT.sub("", self.text[offset:])
        raw = rest.strip()
        start = self.start + offset + (len(rest) - len(rest.lstrip()))
        return TextPlace(start, start + len(raw), raw, self.number, name) if raw else None


def _lines(text: str) -> list[_Line]:
    found, start = [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        found.append(_Line(number, start, line))
        start += len(line) + 1
    return found


def _below(lines: Sequence[_Line], key: str) -> Iterator[list[_Line]]:
    """Yield the lines of each mapping or list under `key`, that of the key first."""
    index = 0
    while index < len(lines):
        match = _KEY.match(lines[index].text)
        index += 1
        if match is None or match[4] != key:
            continue
        column = len(match[1]) + len(match[2])
        block = [lines[index - 1]]
        while index < len(lines):
            line = lines[index]
            deeper = line.indent > column or (line.indent == column and line.text.lstrip().startswith("- "))
            if not line.empty and not deeper:
                break
            block.append(line)
            index += 1
        yield block


def assignments(text: str, *, v1: bool) -> list[TextPlace]:
    """Return what `{% set %}` (v0) or `context` (v1) assigns, in the file's order."""
    if v1:
        return [place for block in _below(_lines(text), "context") for place in _context(block[1:])]
    return [
        TextPlace(match.start(2), match.end(2), match[2], text.count("\n", 0, match.start(2)) + 1, name.strip(), True)
        for match in _SET.finditer(text)
        for name in match[1].split(",")
    ]


def _context(lines: Iterable[_Line]) -> Iterator[TextPlace]:
    """Yield the values of `context`; those of a list or of a condition's branches belong to the key above."""
    name = ""
    for line in lines:
        match = _KEY.match(line.text) or _ITEM.match(line.text)
        if line.empty or match is None:
            continue
        if match.re is _KEY and match[4] not in {"if", "then", "else"}:
            name = match[4]
        if place := line.place(match.end(), name):
            yield place


def closure(names: Iterable[str], assigned: Iterable[TextPlace]) -> frozenset[str]:
    """Return the variables that `names` are made from, themselves included."""
    made: dict[str, set[str]] = {}
    for place in assigned:
        made.setdefault(place.name, set()).update(place.names)
    reached: set[str] = set()
    waiting = set(names)
    while waiting:
        reached |= waiting
        waiting = {other for name in waiting for other in made.get(name, ())} - reached
    return frozenset(reached)


def versions(text: str, *, v1: bool) -> list[TextPlace]:
    """Return the values of `version:` keys, but not those of variables."""
    taken = {place.line for place in assignments(text, v1=True)} if v1 else set()
    found = []
    for line in _lines(text):
        match = _KEY.match(line.text)
        if line.number not in taken and match is not None and match[4] == "version":
            place = line.place(match.end(), "version")
            if place is not None:
                found.append(place)
    return found


def source_values(text: str) -> list[TextPlace]:
    """Return the places that name upstream's files in the sources: URLs, tags, files, folders; no patches."""
    lines = (line for block in _below(_lines(text), "source") for line in block)
    return [place for line in lines if (place := _source_value(line)) is not None]


def hash_values(text: str) -> list[TextPlace]:
    """Return where the sources say hashes."""
    lines = (line for block in _below(_lines(text), "source") for line in block)
    return [place for line in lines if (place := _value(line)) is not None and HASH_KEY.fullmatch(place.name)]


def _source_value(line: _Line) -> TextPlace | None:
    place = _value(line)
    return place if place is not None and (place.name in _SOURCE_KEYS or "://" in place.raw) else None


def _value(line: _Line) -> TextPlace | None:
    """Return the value in a line of a source, with its key; that of a list's item has none."""
    if line.text.lstrip().startswith(("#", "{%")):
        return None
    match = _KEY.match(line.text) or _ITEM.match(line.text)
    key = match[4] if match and match.re is _KEY else ""
    return line.place(match.end() if match else line.indent, key)


def sources_end(text: str, line: int) -> int:
    """Return the last line of the `source` section that holds `line`; `line` itself where there is none."""
    return next((last for first, last in _sections(text) if first <= line <= last), line)


@lru_cache(maxsize=4)
def _sections(text: str) -> tuple[tuple[int, int], ...]:
    """Return the first and the last line of each `source` section."""
    return tuple((block[0].number, block[-1].number) for block in _below(_lines(text), "source"))


def replaced(text: str, places: Iterable[Replacement]) -> str:
    """Return `text` with other text in these places, which must not overlap; the same replacement twice is one.

    Raises ValueError.
    """
    parts, position = [], 0
    for start, end, new in sorted(set(places)):
        if start < position:
            raise ValueError(f"two edits at {start}")
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])
