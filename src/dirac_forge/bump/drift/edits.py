"""Edits of single lines of a recipe's text; everything else stays as it is, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.emptied import emptied
from dirac_forge.bump.drift.lines import Block, key_block, split_item
from dirac_forge.recipe.model import When

_FIRST = frozenset({"python", "pip"})
"""Names that recipes put where they like in a list that is sorted otherwise."""


class Edits:
    """Replacements, insertions and removals by the lines of the text as it was; applied once."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self._replaced: dict[int, str] = {}
        self._removed: set[int] = set()
        self._after: dict[int, list[str]] = {}

    @property
    def text(self) -> str:
        """The text with all edits; a line ends as it did, a new one as the line before it."""
        result: list[tuple[str, str]] = []
        last = len(self.lines)
        for number, said in self._said():
            # What stands behind the last line end has none of its own: in front of a new line it gets the file's.
            line = self.lines[number - 1] if number < last else self.lines[0]
            result.append((said, "\r" if line.endswith("\r") else ""))
        if result:
            result[-1] = result[-1][0], "\r" if self.lines[-1].endswith("\r") else ""
        return "\n".join(line + ending for line, ending in result)

    def _said(self) -> Iterator[tuple[int, str]]:
        """Yield each line of the edited text, and the number of the line that it was, or that it stands behind."""
        left = emptied(self.lines, self._removed, self._after)
        for number, line in enumerate(self.lines, start=1):
            if number not in left.dropped:
                said = self._replaced.get(number, line).removesuffix("\r")
                yield number, re.sub(r":", ": []", said, count=1) if number in left.bare else said
            yield from ((number, added) for added in self._after.get(number, []))

    def origin(self, number: int) -> int:
        """Return which line of the text as it was has become line `number`; the one before it for a new line."""
        return [before for before, _ in self._said()][number - 1]

    def removed(self, number: int) -> bool:
        """Whether the line is gone."""
        return number in self._removed

    def current(self, number: int) -> str:
        """Return the line as it is now, without its end."""
        return self._replaced.get(number, self.lines[number - 1]).rstrip("\r")

    def replace(self, number: int, line: str) -> None:
        """Replace the text of a line."""
        self._replaced[number] = line + ("\r" if self.lines[number - 1].endswith("\r") else "")

    def remove(self, first: int, last: int) -> None:
        """Remove the lines `first` to `last`."""
        self._removed.update(range(first, last + 1))

    def insert(self, after: int, lines: Iterable[str]) -> None:
        """Insert lines after line `after` and what was inserted there before."""
        self._after.setdefault(after, []).extend(lines)

    def respecify(self, number: int, spec: str) -> bool:
        """Write another spec for the requirement of a line; False if the line can't be split into its parts."""
        match = split_item(self.current(number))
        if match is None:
            return False
        gap = match["gap"] if match["spec"] else self._gap() if spec else ""
        body = match["spec"]
        trailing = body[len(body.rstrip()) :]
        if not spec:
            gap, trailing = "", (trailing or match["gap"]) if match["tail"].strip("\"'") else ""
        elif not body.strip():
            trailing = match["gap"] if match["tail"].strip("\"'") else ""
        self.replace(number, f"{match['lead']}{match['name']}{gap}{spec}{trailing}{match['tail']}")
        return True

    def _gap(self) -> str:
        """Return what stands between name and spec in this recipe, as its lines have it."""
        gaps = [
            m["gap"] for line in self.lines if (m := split_item(line.rstrip("\r"))) and m["spec"][:1] in set("<>=!~")
        ]
        return "" if gaps and sum(not gap for gap in gaps) > len(gaps) / 2 else " "

    def spaced(self, spec: str) -> str:
        """Return `spec` with its name's gap in front."""
        return f"{self._gap()}{spec}" if spec else ""

    def block(self, key_line: int) -> Block | None:
        """Return the list below a key."""
        return key_block(self.lines, key_line)


def item_text(block: Block, name: str, lines: Sequence[str], *, when: When | None, v1: bool) -> list[str]:
    """Return the lines of a new item of a list, in the list's own quotes."""
    firsts = [lines[first - 1].strip() for first, _ in block.items]
    quotes = {text[2] for text in firsts if text.startswith("- ") and len(text) > 2}
    quote = quotes.pop() if len(quotes) == 1 and quotes <= {'"', "'"} and len(firsts) > 1 else ""
    blank = " " * block.indent
    text = f"{quote}{name}{quote}"
    if when is None:
        return [f"{blank}- {text}"]
    if v1:
        return [f"{blank}- if: {when.v1}", f"{blank}  then: {text}"]
    return [f"{blank}- {text}  # [{when.v0}]"]


def _name(text: str) -> str:
    match = re.match(r"-\s+[\"']?([A-Za-z0-9_][\w.-]*)", text)
    return canonicalize_name(match[1]) if match else ""


def sorted_names(block: Block, lines: Sequence[str]) -> bool:
    """Whether the list's plain items are in the order of their names."""
    names = [name for name, _, _ in _plain_items(block, lines)]
    return len(names) > 1 and names == sorted(names)


def insertion_point(block: Block, name: str, lines: Sequence[str]) -> int:
    """Return the line behind which a new item goes: in order where the list is sorted, else at its end."""
    plain = _plain_items(block, lines)
    if not plain or not sorted_names(block, lines):
        return block.items[-1][1]
    key = canonicalize_name(name)
    before = [end for other, _, end in plain if other < key]
    return before[-1] if before else plain[0][1] - 1


def _plain_items(block: Block, lines: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return the names of the list's plain items, each with its first and last line; those that go first aside."""
    named = [(_name(lines[first - 1].strip()), first, end) for first, end in block.items]
    return [one for one in named if one[0] and one[0] not in _FIRST]
