"""Unified diffs of texts, as `git diff` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_CONTEXT = 3
_MOST_LINES = 10_000
"""Lines of a text up to which every line counts: the time grows with the square of lines that repeat."""


def unified_diff(before: str, after: str, *, old: str, new: str) -> str:
    """Return the difference of two texts whose files are called `old` and `new`; "" if there is none.

    `difflib.unified_diff` ignores lines that are frequent in a long text (`- python`, empty ones), and so removes and
    adds again what did not change.
    """
    if before == after:
        return ""
    first, second = _lines(before), _lines(after)
    matcher = SequenceMatcher(None, first, second, autojunk=max(len(first), len(second)) > _MOST_LINES)
    parts = [f"--- {old}\n+++ {new}\n"]
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        (_, start, _, begin, _), (_, _, stop, _, end) = group[0], group[-1]
        parts.append(f"@@ -{_range(start, stop)} +{_range(begin, end)} @@\n")
        for kind, low, high, left, right in group:
            parts += _marked(" " if kind == "equal" else "-", first[low:high])
            parts += _marked("+", second[left:right]) if kind != "equal" else ()
    return "".join(parts)


def _lines(text: str) -> list[str]:
    """Return the lines as git counts them: other separators than a line feed are part of a line."""
    *lines, last = text.split("\n")
    return [*(f"{line}\n" for line in lines), *([last] if last else [])]


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


def _range(start: int, stop: int) -> str:
    """Return lines in the unified format, which counts from 1; an empty range is after the line before it."""
    count = stop - start
    if count == 1:
        return str(start + 1)
    return f"{start if not count else start + 1},{count}"
