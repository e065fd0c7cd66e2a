"""The document model of all reports: sections of paragraphs, lists and tables, rendered as Markdown or terminal text.

Plain text in it may be foreign: renderers neutralise it. Only `Code`, `Link` and `Bold` are markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dirac_forge.values import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """Text in a fixed-width font: a spec, a file, a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Text with a URL; only http and https become links."""

    text: str
    url: str
    own: bool = False
    """A request of dirac-forge: its back-reference on GitHub is wanted."""


@dataclass(frozen=True, slots=True)
class Bold:
    """Emphasised text."""

    text: str


Inline = str | Code | Link | Bold
Line = Inline | tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    line: Line


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines quoted from elsewhere."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list; with `done` a checklist."""

    lines: tuple[Line, ...]
    done: tuple[bool, ...] | None = None

    def marked(self) -> Iterator[tuple[str, Line]]:
        """Yield each line with the box of a checklist before it, or with ""."""
        boxes = [""] * len(self.lines) if self.done is None else ["[x] " if done else "[ ] " for done in self.done]
        return zip(boxes, self.lines, strict=True)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a head, with a caption."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    caption: str = ""
    told: tuple[Line, ...] = ()
    """The same content as sentences, shown instead of the table on a terminal."""
    narrow: tuple[Line, ...] = ()
    """One line for each row, shown where the terminal is too narrow for the table."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Foreign lines below a summary that unfolds them."""

    summary: Line
    lines: tuple[str, ...]


Block = Paragraph | Quote | Items | Table | Folded


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A title and the blocks below it."""

    title: Line
    blocks: tuple[Block, ...]
    level: int = 2
    detail: bool = False
    """For reviewers; left out of short reports."""

    @classmethod
    def of(cls, title: Line, blocks: Iterable[Block | None], *, detail: bool = False) -> tuple[Section, ...]:
        """Return the section, or nothing if it would be empty."""
        present = tuple(block for block in blocks if block is not None)
        return (cls(title=title, blocks=present, detail=detail),) if present else ()

    def below(self) -> Section:
        """Return the section one level deeper."""
        return replace(self, level=self.level + 1)


def few(lines: Sequence[Line], most: int) -> tuple[Line, ...]:
    """Return the first lines, and how many more there are."""
    left = len(lines) - most
    return (*lines[:most], f"and {left} more") if left > 0 else tuple(lines)


_MOST_LISTED = 20


def words(names: Sequence[str], most: int = 10) -> str:
    """Return `a, b and c`; of very many names the first ones and how many more there are."""
    return listed(names, most=most)


def ended(text: str) -> str:
    """Return a sentence with a full stop, unless it ends as one."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def listed(names: Iterable[object], last: str = "and", *, most: int = _MOST_LISTED) -> str:
    """Return `a`, `a and b` or `a, b and c`; of very many the first ones and how many more there are."""
    found = [str(name) for name in names]
    if len(found) > most + 1:
        return f"{', '.join(found[:most])} {last} {len(found) - most} more"
    return f"{', '.join(found[:-1])} {last} {found[-1]}" if len(found) > 1 else "".join(found)
