"""The overview of a run over feedstocks: one line each, more where the terminal is narrow, nothing cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from dirac_forge.report.foreign import plain
from dirac_forge.report.terminal import Hanging, wrapped
from dirac_forge.values import dataclass

_HEADS = ("feedstock", "version", "released", "status")
"""Of the columns that `OverviewRow.cells` returns; the reason follows them."""
_GAP = "  "
_LEAST = 24
"""Columns that a reason needs to be read next to the rest."""
_STYLES = {"proposed": "green", "written": "green", "waiting": "yellow", "unknown": "yellow", "blocked": "red"}


@dataclass(frozen=True, kw_only=True, slots=True)
class OverviewRow:
    """One feedstock."""

    name: str
    version: str
    released: tuple[str, str] = ("", "")
    """Dates of the old version and the new one, or "" if they are not known."""
    status: str
    why: str

    def cells(self, dates: int) -> tuple[str, ...]:
        """Return the columns, with so many of the dates."""
        known = [date for date in self.released[2 - dates :] if date]
        return (plain(self.name), plain(self.version), plain(" → ".join(known)), plain(self.status))


@dataclass(frozen=True, slots=True)
class Overview:
    """Columns for name, versions, dates and status; the reason next to them, else below them.

    Where there is little room the old version's date goes first, then the new one's: each proposal's own section has
    them too.
    """

    rows: Sequence[OverviewRow]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        dates = next(
            (dates for dates in (2, 1) if _Columns.of(self.rows, dates).total + _LEAST <= options.max_width), 1
        )
        columns = _Columns.of(self.rows, dates)
        if columns.total > options.max_width:
            columns = _Columns.of(self.rows, 0)
        yield columns.line(_HEADS, "dim")
        room = options.max_width - columns.total
        for row in self.rows:
            line = columns.line(row.cells(columns.dates), "")
            line.stylize(_STYLES.get(row.status, ""), columns.last, len(line))
            why = Text(plain(row.why))
            if room < _LEAST:
                yield line
                yield from [Hanging("", why, 4)] if row.why else []
                continue
            for at, part in enumerate(wrapped(why, room)):
                first = (
                    line + Text(" " * (columns.total - cell_len(line.plain))) if at == 0 else Text(" " * columns.total)
                )
                whole = first + part
                whole.rstrip()
                whole.no_wrap, whole.overflow = True, "ignore"
                yield whole


@dataclass(frozen=True, slots=True)
class _Columns:
    """Those that have something to show, and how wide each is."""

    dates: int
    widths: Mapping[int, int]

    @classmethod
    def of(cls, rows: Sequence[OverviewRow], dates: int) -> _Columns:
        cells = [row.cells(dates) for row in rows]
        kept = [at for at in range(len(_HEADS)) if any(row[at] for row in cells)]
        return cls(dates, {at: max(cell_len(row[at]) for row in (_HEADS, *cells)) for at in kept})

    @property
    def total(self) -> int:
        return sum(self.widths.values()) + len(_GAP) * len(self.widths)

    @property
    def last(self) -> int:
        """Where the last column, the status, begins."""
        return self.total - self.widths[max(self.widths)] - len(_GAP)

    def line(self, texts: Sequence[str], style: str) -> Text:
        padded = (f"{texts[at]}{' ' * (width - cell_len(texts[at]))}" for at, width in self.widths.items())
        return Text(_GAP.join(padded).rstrip(), style=style, no_wrap=True, overflow="ignore")
