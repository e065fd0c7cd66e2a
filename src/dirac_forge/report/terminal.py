"""Sections as text for a terminal: plain in a pipe, and without control characters of foreign text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.style import Style
from rich.table import Table as Grid
from rich.text import Text

from dirac_forge.report.document import (
    Block,
    Bold,
    Code,
    Folded,
    Inline,
    Items,
    Line,
    Link,
    Paragraph,
    Quote,
    Section,
    Table,
)
from dirac_forge.report.foreign import plain, visible
from dirac_forge.report.reasoned import Reasoned
from dirac_forge.values import dataclass

_LONGEST = 2_000
_WHOLE = 50_000
_GAP = "  "
_LEAST = 32
"""Columns that a sentence needs to be read next to a name."""
_EXACT: dict[str, Any] = {"exact": True}
"""Mark of text that keeps the spaces at the ends of its lines."""
_STYLES = {mark: Style(color=color, meta=_EXACT) for mark, color in (("+", "green"), ("-", "red"), ("@", "cyan"))}
_CONTEXT = Style(meta=_EXACT)


def diff(text: str) -> Text:
    """Return a unified diff in colours; lines are never broken, and only control characters are left out."""
    lines = (
        Text(visible(line, but="\t"), style=_STYLES.get(line[:1], _CONTEXT))
        for line in text.removesuffix("\n").split("\n")
    )
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def flat(text: str, style: str = "") -> Text:
    """Return foreign text as one line, without effect."""
    return Text(plain(text, longest=_WHOLE), style)


def inline(line: Line) -> Text:
    """Return one line of a document."""
    text = Text()
    for part in (line,) if isinstance(line, (str, Code, Link, Bold)) else line:
        text.append_text(_part(part))
    return text


def _part(part: Inline) -> Text:
    match part:
        case Code(text):
            return Text(plain(text, longest=_LONGEST), style="cyan")
        case Bold(text):
            return Text(plain(text, longest=_LONGEST), style="bold")
        case Link(text, url):
            shown, place = plain(text), plain(url)
            return Text(place) if shown in ("", place) else Text(f"{shown}: {place}")
        case _:
            start = " " if part[:1].isspace() else ""
            end = " " if part[-1:].isspace() and part.strip() else ""
            return Text(f"{start}{plain(part, longest=_LONGEST)}{end}")


@dataclass(frozen=True, slots=True)
class Hanging:
    """A line that continues, indented, below itself; long words are not broken, so that URLs can be copied."""

    head: str
    text: Text
    indent: int = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        first = " " * self.indent + self.head
        rest = " " * len(first)
        for at, line in enumerate(wrapped(self.text, max(options.max_width - len(first), 20))):
            whole = Text(rest if at else first) + line
            whole.no_wrap, whole.overflow = True, "ignore"
            yield whole


@dataclass(frozen=True, slots=True)
class ReasonParagraph:
    """A headline and lines below it; what does not fit into a line goes on further right."""

    reasoned: Reasoned

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Hanging("", Text.assemble((self.reasoned.cells, "bold"), (self.reasoned.said, self.reasoned.style)))
        for line in self.reasoned.lines:
            text = line.lstrip()
            indent = " " * (2 + len(line) - len(text))
            for at, part in enumerate(flat(text).wrap(console, max(options.max_width - len(indent) - 2, 20))):
                part.rstrip()
                yield Text(f"{indent}  " if at else indent) + part
        yield Text()


@dataclass(frozen=True, slots=True)
class NamedSentences:
    """Names, each with a sentence next to it; where there is little room, below it. Nothing is cut."""

    rows: Sequence[tuple[str, str]]
    indent: int = 2

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = [plain(name) for name, _ in self.rows]
        width = self.indent + max(map(cell_len, names), default=0) + len(_GAP)
        for name, (_, text) in zip(names, self.rows, strict=True):
            if options.max_width - width >= _LEAST:
                yield Hanging(f"{name}{' ' * (width - self.indent - cell_len(name))}", flat(text), self.indent)
                continue
            yield Hanging("", Text(name), self.indent)
            yield from [Hanging("", flat(text), 2 * self.indent)] if text else []


def wrapped(text: Text, width: int) -> Iterator[Text]:
    """Yield the text in lines of `width` cells, broken at spaces only: line breaks in it are foreign."""
    text = _on_one_line(text)
    start = end = 0
    breaks = []
    for word in re.finditer(r"\S+", text.plain):
        if word.start() > start and cell_len(text.plain[start : word.end()]) > width:
            breaks.append(word.start())
            start = word.start()
        end = word.end()
    for line in text[:end].divide(breaks):
        line.rstrip()
        yield line


def _on_one_line(text: Text) -> Text:
    if text.plain.isprintable():
        return text
    one = text.copy()
    one.plain = "".join(" " if mark.isspace() else mark for mark in text.plain)  # as long: styles stay in their places
    return one


@dataclass(frozen=True, slots=True)
class Shown:
    """Sections below each other; a table that is too wide becomes a list, so that nothing is cut."""

    sections: Sequence[Section]
    indent: int = 2

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for section in self.sections:
            title = inline(section.title)
            title.stylize("bold")
            yield Hanging("", title, self.indent * (section.level - 2))
            for block in section.blocks:
                yield from _block(block, self.indent * (section.level - 1), console, options)


def _block(block: Block, indent: int, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
    match block:
        case Paragraph():
            yield Hanging("", inline(block.line), indent)
        case Quote():
            yield from _quoted(block.lines, indent)
        case Items():
            yield from (Hanging(box or "- ", inline(line), indent) for box, line in block.marked())
        case Table():
            yield from _table(block, indent, console, options)
        case Folded():
            yield Hanging("", inline(block.summary), indent)
            yield from _quoted(block.lines, indent)


def _quoted(lines: Sequence[str], indent: int) -> Iterator[Hanging]:
    return (Hanging("> ", Text(plain(line)), indent) for line in lines)


def _table(table: Table, indent: int, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
    if table.caption:
        yield Text(" " * indent + plain(table.caption))
    if table.told:
        for sentence in table.told:
            yield Hanging("- ", inline(sentence), indent + 2 * bool(table.caption))
        return
    grid = _grid(table, indent)
    if Measurement.get(console, options.update(max_width=10_000), grid).maximum <= options.max_width:
        yield from _trimmed(grid, console, options)
    elif table.narrow:
        for line in table.narrow:
            yield Hanging("- ", inline(line), indent)
    else:
        yield from _list(table, indent)


def _grid(table: Table, indent: int) -> Grid:
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for at, head in enumerate(table.head):
        grid.add_column(Text(" " * indent * (at == 0)) + flat(head), no_wrap=True)
    for row in table.rows:
        cells = [inline(cell) for cell in row]
        grid.add_row(Text(" " * indent) + cells[0], *cells[1:])
    return grid


def _trimmed(grid: Grid, console: Console, options: ConsoleOptions) -> Iterator[Text]:
    """Yield the lines of a grid without the spaces that fill its last column."""
    for segments in console.render_lines(grid, options, pad=False):
        line = Text.assemble(*((one.text, one.style or "") for one in segments), no_wrap=True, overflow="ignore")
        line.rstrip()
        yield line


def _list(table: Table, indent: int) -> Iterator[RenderableType]:
    """Yield the rows of a table that is too wide, each as an item with its other cells below."""
    for row in table.rows:
        yield Hanging("- ", inline(row[0]), indent)
        for head, cell in zip(table.head[1:], row[1:], strict=True):
            text = inline(cell)
            if text.plain:
                yield Hanging(f"{plain(head)}: " if head else "", text, indent + 2)


def commands(lines: Iterable[str], *, indent: int) -> RenderableType:
    """Return commands, one a line; none is broken, so that it can be copied."""
    return Group(*(Text(f"{' ' * indent}{plain(line)}", no_wrap=True, overflow="ignore") for line in lines))


def joined(parts: Sequence[RenderableType]) -> RenderableType:
    """Return several results below each other."""
    return Group(*parts)


def sentences(texts: Iterable[str]) -> RenderableType:
    """Return sentences below each other; a long one continues below itself, and no word of it is broken."""
    return Group(*(Hanging("", Text(text.strip()), len(text) - len(text.lstrip())) for text in texts))
