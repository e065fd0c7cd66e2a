"""Keys of a recipe's text that nothing is left below once lines are removed: builds refuse a key without a value."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from dirac_forge.values import dataclass

_KEY = re.compile(r"(?P<lead>\s*(?:-\s+)?)(?P<key>[\w-]+):\s*(?:#.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Emptied:
    """Lines by their numbers, from 1."""

    dropped: frozenset[int]
    """Those that go, with the ones that were removed."""
    bare: frozenset[int]
    """Keys that have to stay, because something else hangs on them: their list is empty now."""


def emptied(lines: Sequence[str], removed: Collection[int], filled: Collection[int]) -> Emptied:
    """Return what goes with the lines `removed`: keys whose list or mapping is empty now, and what holds only them.

    `filled` are the lines behind which new ones stand.
    """
    text = _Text(lines, set(removed), filled)
    for number in sorted(removed):
        text.climb(number)
    return Emptied(dropped=frozenset(text.gone), bare=frozenset(text.bare))


class _Text:
    def __init__(self, lines: Sequence[str], gone: set[int], filled: Collection[int]) -> None:
        self.lines = lines
        self.gone = gone
        self.filled = filled
        self.bare: set[int] = set()

    def climb(self, number: int) -> None:
        """Drop what holds a line, and what holds that, as long as nothing else is in it."""
        if not self._says(number):
            return
        holder = self._holder(number)
        while holder and holder not in self.gone and holder not in self.bare:
            if not self._drop(holder):
                return
            holder = self._holder(holder)

    def _drop(self, holder: int) -> bool:
        """Drop a key without anything below it, or a condition without branches; False if it stays."""
        raw = self.lines[holder - 1].strip()
        condition = raw.startswith("- if:")
        if not condition and _KEY.fullmatch(self.lines[holder - 1].rstrip()) is None:
            return False
        last = self._last(holder, self._start(holder) if condition else self._column(holder), item=not condition)
        if self._left(holder, last):
            return False
        if not condition and self._needed(holder):
            self.bare.add(holder)
            return False
        self.gone.update(range(holder, last + 1))
        return True

    def _left(self, holder: int, last: int) -> bool:
        below = range(holder + 1, last + 1)
        here = any(self._says(number) and number not in self.gone for number in below)
        return here or any(holder <= number <= last for number in self.filled)

    def _needed(self, key: int) -> bool:
        """Whether other keys hang on this one: those of the item that it begins, or an `else`."""
        raw = self.lines[key - 1].strip()
        if raw.startswith("- "):
            last = self._last(key, self._start(key), item=False)
            return self._left(key, last)
        holder = self._holder(key)
        match = _KEY.fullmatch(self.lines[key - 1].rstrip())
        if match is None or match["key"] != "then" or not holder:
            return False
        last = self._last(holder, self._start(holder), item=False)
        others = (n for n in range(holder + 1, last + 1) if n != key and n not in self.gone)
        return any(self._start(n) == self._start(key) and self._says(n) for n in others)

    def _holder(self, number: int) -> int:
        """Return the line of the key, or the first one of the item, that a line is directly in; 0 for none."""
        start, item = self._start(number), self.lines[number - 1].strip().startswith("-")
        for above in range(number - 1, 0, -1):
            if not self._says(above):
                continue
            column, dash = self._column(above), self._column(above) > self._start(above)
            if column < start or (column == start and (dash or (item and not self._is_item(above)))):
                return above
            if self._start(above) < start and dash:
                return above
        return 0

    def _last(self, line: int, column: int, *, item: bool) -> int:
        """Return the last line that says something deeper than a column; with `item` items may begin there, too."""
        last = line
        for number in range(line + 1, len(self.lines) + 1):
            if not self._says(number):
                continue
            inside = self._start(number) > column or (item and self._start(number) == column and self._is_item(number))
            if not inside:
                break
            last = number
        return last

    def _says(self, number: int) -> bool:
        text = self.lines[number - 1].strip()
        return bool(text) and not text.startswith(("#", "{%", "{#"))

    def _is_item(self, number: int) -> bool:
        return self.lines[number - 1].strip()[:2].rstrip() == "-"

    def _start(self, number: int) -> int:
        raw = self.lines[number - 1]
        return len(raw) - len(raw.lstrip())

    def _column(self, number: int) -> int:
        """Return where the text of a line begins, behind the dash of an item."""
        raw = self.lines[number - 1]
        return len(raw) - len(re.sub(r"^\s*(?:-\s+)?", "", raw))
