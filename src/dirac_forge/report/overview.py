"""The overview of a run over feedstocks: one line each, more where the terminal is narrow, nothing cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from dirac_forge.report.foreign import plain
from dirac_forge.report.terminal import Hanging, wrapped

__all__ = ["Overview", "Row"]

_GAP = "  "
_LEAST = 16
"""Columns that a reason needs to be read beside the rest."""
_STYLES = {"proposed": "green", "written": "green", "blocked": "red"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One feedstock."""

    name: str
    version: str
    released: str
    status: str
    why: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Columns for name, versions, dates and status; the reason beside them, else below them."""

    rows: Sequence[Row]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        heads = ("feedstock", "version", "released", "status")
        cells = [(row.name, row.version, row.released, row.status) for row in self.rows]
        kept = [at for at in range(len(heads)) if any(row[at] for row in cells)]
        widths = {at: max(cell_len(row[at]) for row in (heads, *cells)) for at in kept}
        total = sum(widths.values()) + len(_GAP) * len(widths)
        if total > options.max_width and 2 in widths:
            kept.remove(2)  # the dates stand in each proposal's own section too
            total -= widths[2] + len(_GAP)
        beside = options.max_width - total >= _LEAST
        head = _line(heads, kept, widths, "dim")
        yield head
        for row, texts in zip(self.rows, cells, strict=True):
            line = _line(texts, kept, widths, "")
            line.stylize(_STYLES.get(row.status, ""), _offset(kept, widths), len(line))
            why = Text(plain(row.why))
            if not beside:
                yield line
                if row.why:
                    yield Hanging("", why, 4)
                continue
            for at, part in enumerate(wrapped(why, options.max_width - total)):
                first = line + Text(" " * (total - cell_len(line.plain))) if at == 0 else Text(" " * total)
                whole = first + part
                whole.rstrip()
                whole.no_wrap, whole.overflow = True, "ignore"
                yield whole


def _line(texts: Sequence[str], kept: Sequence[int], widths: dict[int, int], style: str) -> Text:
    padded = (f"{texts[at]}{' ' * (widths[at] - cell_len(texts[at]))}" for at in kept)
    return Text(_GAP.join(padded).rstrip(), style=style, no_wrap=True, overflow="ignore")


def _offset(kept: Sequence[int], widths: dict[int, int]) -> int:
    """Where the last column, the status, begins."""
    return sum(widths[at] + len(_GAP) for at in kept[:-1])
