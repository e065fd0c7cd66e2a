"""What a report says, before it is Markdown or terminal text: sections of paragraphs, lists and tables.

Plain text in it may be foreign: whoever renders it takes its effect away. Only `Code`, `Link` and `Bold` mark up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

__all__ = [
    "Block",
    "Bold",
    "Code",
    "Inline",
    "Items",
    "Line",
    "Link",
    "Paragraph",
    "Quote",
    "Section",
    "Table",
    "few",
    "words",
]


@dataclass(frozen=True, slots=True)
class Code:
    """Something to be read sign by sign: a spec, a file, a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to a URL; only http and https lead anywhere."""

    text: str
    url: str
    own: bool = False
    """A request of ours: that it shows up where it leads is meant."""


@dataclass(frozen=True, slots=True)
class Bold:
    """Words that matter more."""

    text: str


Inline = str | Code | Link | Bold
Line = Inline | tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    line: Line


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody else says, line by line."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list; with `done` a checklist."""

    lines: tuple[Line, ...]
    done: tuple[bool, ...] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; a caption says what of."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    caption: str = ""
    told: tuple[Line, ...] = ()
    """The same as sentences, for a terminal, where wide tables are hard to read."""


Block = Paragraph | Quote | Items | Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A title and what stands under it."""

    title: Line
    blocks: tuple[Block, ...]
    level: int = 2
    detail: bool = False
    """Of interest to who reviews; who only wants to know what happens does without."""

    @classmethod
    def of(cls, title: Line, blocks: Iterable[Block | None], *, detail: bool = False) -> tuple[Section, ...]:
        """The section, or nothing where it would be empty."""
        found = tuple(block for block in blocks if block is not None)
        return (cls(title=title, blocks=found, detail=detail),) if found else ()

    def below(self) -> Section:
        """One level deeper."""
        return replace(self, level=self.level + 1)


def few(lines: Sequence[Line], most: int) -> tuple[Line, ...]:
    """The first of them, and how many more there are."""
    left = len(lines) - most
    return (*lines[:most], f"and {left} more") if left > 0 else tuple(lines)


def words(names: Sequence[str], most: int = 10) -> str:
    """`a, b and c`; of very many the first ones and how many more there are."""
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
