"""Block-style YAML as lines: the few shapes that a recipe is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Lines = list[str]


def entry(key: str, scalar: str) -> Lines:
    """Return `key: scalar`, the scalar spelled already."""
    return [f"{key}: {scalar}"]


def nested(key: str, lines: Sequence[str]) -> Lines:
    """Return `key:` over the indented lines; nothing if there are no lines."""
    return [f"{key}:", *_indented(lines)] if lines else []


def items(blocks: Iterable[Sequence[str]]) -> Lines:
    """Return a sequence, each item one block of lines; comment lines before an item's first line stay above it."""
    lines: Lines = []
    for block in blocks:
        start = next((i for i, line in enumerate(block) if not line.startswith("#")), len(block))
        lines += block[:start]
        if start < len(block):
            lines += [f"- {block[start]}", *_indented(block[start + 1 :])]
    return lines


def sections(*blocks: Sequence[str]) -> Lines:
    """Join blocks with an empty line between them, leaving out empty ones."""
    lines: Lines = []
    for block in filter(None, blocks):
        lines += ["", *block] if lines else block
    return lines


def text_of(lines: Sequence[str]) -> str:
    """Return the file: LF line ends, one at the end, no trailing spaces."""
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _indented(lines: Sequence[str]) -> Lines:
    return [f"  {line}" if line else "" for line in lines]
