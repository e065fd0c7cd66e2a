"""Sections as Markdown, for pull requests and summaries; foreign text has no effect there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

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
from dirac_forge.report.foreign import code, escaped, fenced, link

_LARGEST = 60_000
"""Characters; GitHub takes 65,536 in a body, and the request's header and footer need some."""
_MOST_ROWS = 100
_LONGEST = 1_000
"""Characters of one cell or item."""
_URL = re.compile(r"(https?://[^\s<>\"'`|]*[\w/])")


def markdown(sections: Sequence[Section], *, largest: int = _LARGEST) -> str:
    """Return the sections below each other; those beyond `largest` characters are named at the end."""
    texts: list[str] = []
    left: list[str] = []
    size = 0
    for section in sections:
        text = "\n\n".join(_section(section))
        if size + len(text) > largest:
            left.append(_line(section.title))
            continue
        size += len(text) + 2
        texts.append(text)
    if left:
        texts.append(f"Left out, because it would be too long: {', '.join(left)}.")
    return "\n\n".join(texts) + "\n" if texts else ""


def _section(section: Section) -> Iterator[str]:
    title = _line(section.title)
    if title:
        yield f"{'#' * section.level} {title}"
    for block in section.blocks:
        yield _block(block)


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return _line(block.line)
        case Quote():
            return "\n".join(f"> {escaped(line)}".rstrip() for line in block.lines)
        case Items():
            return "\n".join(f"- {box}{_line(line)}" for box, line in block.marked())
        case Table():
            return _table(block)
        case Folded():
            text = fenced("\n".join(block.lines))
            return f"<details>\n<summary>{_line(block.summary)}</summary>\n\n{text}\n\n</details>"


def _table(table: Table) -> str:
    lines = [_row(table.head), f"| {' | '.join('---' for _ in table.head)} |"]
    lines += [_row(row) for row in table.rows[:_MOST_ROWS]]
    if len(table.rows) > _MOST_ROWS:
        lines += ["", f"and {len(table.rows) - _MOST_ROWS} more rows"]
    return "\n".join([*([f"**{escaped(table.caption)}**", ""] if table.caption else []), *lines])


def _row(cells: Sequence[Line]) -> str:
    return "| " + " | ".join(_line(cell, cell=True) for cell in cells) + " |"


def _line(line: Line, *, cell: bool = False) -> str:
    text = ""
    before: Inline = ""
    for part in _joined(line):
        # The backticks of neighbours would be one fence, and so would their asterisks.
        text += "" if isinstance(before, str) or isinstance(part, str) else "\u200b"
        text += _inline(part, cell=cell)
        before = part
    return text


def _joined(line: Line) -> Iterator[Inline]:
    """Yield the parts, with neighbours of plain text joined: a mention could be split between two."""
    plain = ""
    for part in (line,) if isinstance(line, (str, Code, Link, Bold)) else line:
        if isinstance(part, str):
            plain += part
            continue
        if not part.text.strip():
            continue
        if plain:
            yield plain
        plain = ""
        yield part
    if plain:
        yield plain


def _inline(part: Inline, *, cell: bool) -> str:
    match part:
        case Code(text):
            # In a table's cell a pipe ends even a code span.
            return _escaped(text) if cell and "|" in text else code(text, longest=_LONGEST)
        case Link(text, url, own):
            return link(text, url, own=own)
        case Bold(text):
            return f"**{_escaped(text)}**"
        case _:
            return _prose(part)


def _prose(text: str) -> str:
    """Return plain text, with URLs in it as links; spaces around it are kept."""
    if not text.strip():
        return " " if text else ""
    cut = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    pieces = _URL.split(cut)
    # Every other piece is a URL. One piece is escaped by itself, so spaces at its ends are put back.
    shown = [link(piece, piece) if at % 2 else _spaced(piece) for at, piece in enumerate(pieces)]
    return "".join(shown)


def _spaced(text: str) -> str:
    if not text.strip():
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{_escaped(text)}{' ' if text[-1].isspace() else ''}"


def _escaped(text: str) -> str:
    """Return escaped text in which `>=` stays readable in the source: only the first sign of a line could quote."""
    shown = escaped(text, longest=_LONGEST)
    return shown[:4] + shown[4:].replace("&gt;", ">")
