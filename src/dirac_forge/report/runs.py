"""The summary of a run of the bot, by feedstock: as Markdown, and for a terminal."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from dirac_forge.report.document import Block, Items, Line, Link, Paragraph, Section, Table, words
from dirac_forge.report.markdown import markdown
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_NAMES = 20
_ORDER = (
    *("opened", "updated", "prepared", "merged", "closed", "removed", "done"),
    *("failed", "unknown", "missing", "left", "theirs", "waiting", "blocked", "held back", "skipped"),
)
_SUMMARY = 900_000
"""Characters; GitHub takes 1 MiB in a step's summary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRow:
    """The outcome for one feedstock, or for one change to it."""

    feedstock: str
    title: str = ""
    """The change's, or "" if there is none."""
    outcome: str
    """One or two words (`opened`, `updated`, `waiting`, `failed`, `nothing to do`…); rows are grouped by it."""
    url: str = ""
    """Of the pull request, or the place in the outbox."""
    reason: str = ""
    next_try: datetime | None = None
    quiet: bool = False
    """Nothing happened and nothing is to do: only counted and named."""


def run_sections(rows: Sequence[RunRow], *, title: str = "Run", notes: Sequence[str] = ()) -> tuple[Section, ...]:
    """Return the run in a sentence, then its changes by outcome, then the feedstocks that needed nothing."""
    rows = sorted(rows, key=_rank)
    by_outcome = _grouped((row.outcome, row) for row in rows if not row.quiet)
    quiet = _grouped((row.outcome, row) for row in rows if row.quiet)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in Counter(row.outcome for row in rows).items())
    summary = Section(
        title=title, blocks=(Paragraph(f"{counts}." if counts else "There were no feedstocks to look at."),)
    )
    return (
        summary,
        *_list("Notes", tuple(notes)),
        *(
            Section(title=f"{outcome} ({len(some)})", blocks=_blocks(some), level=3)
            for outcome, some in by_outcome.items()
        ),
        *(
            Section(title=f"{outcome} ({len(some)})", blocks=(Paragraph(f"{_names(some)}."),), level=3)
            for outcome, some in quiet.items()
        ),
    )


def _rank(row: RunRow) -> tuple[bool, int]:
    """Return what was done first, then what a person may have to look at, then what waits by itself, and the rest."""
    known = row.outcome in _ORDER
    return row.quiet, _ORDER.index(row.outcome) if known else len(_ORDER)


def _list(title: str, lines: tuple[Line, ...]) -> tuple[Section, ...]:
    return (Section(title=title, blocks=(Items(lines),), level=3),) if lines else ()


def _grouped(pairs: Iterable[tuple[str, RunRow]]) -> dict[str, list[RunRow]]:
    groups: dict[str, list[RunRow]] = {}
    for key, row in pairs:
        groups.setdefault(key, []).append(row)
    return groups


def _blocks(rows: Sequence[RunRow]) -> tuple[Block, ...]:
    """Return a table; rows that have only a reason become lines, one for all that share it.

    Beside other rows that is so only for a reason that more than two share.
    """
    shared = _shared(rows)
    others = [row for row in rows if row not in itertools.chain(*shared.values())]
    table = (_table(others),) if others else ()
    lines = tuple(f"{_names(some)}: {reason}" for reason, some in shared.items())
    return (*table, Items(lines)) if lines else table


def _shared(rows: Sequence[RunRow]) -> dict[str, list[RunRow]]:
    """Return the rows that become lines, by their reason."""
    bare = _grouped((row.reason, row) for row in rows if row.reason and _is_bare(row))
    least = 1 if all(map(_is_bare, rows)) else 3
    return {reason: some for reason, some in bare.items() if len(some) >= least}


def _is_bare(row: RunRow) -> bool:
    return not (row.title or row.url or row.next_try)


def _table(rows: Sequence[RunRow]) -> Table:
    """Return a table without the columns that are empty in all rows."""
    columns: dict[str, list[Line]] = {
        "feedstock": [row.feedstock for row in rows],
        "change": [_change(row) for row in rows],
        "reason": [row.reason for row in rows],
        "next try": ["" if row.next_try is None else f"{row.next_try:%Y-%m-%d %H:%M} UTC" for row in rows],
    }
    kept = {head: cells for head, cells in columns.items() if any(cells)}
    return Table(head=tuple(kept), rows=tuple(zip(*kept.values(), strict=True)))


def _change(row: RunRow) -> Line:
    if not row.url.startswith(("http://", "https://")):
        return f"{_short(row)} ({row.url})" if row.title and row.url else _short(row) or row.url
    return Link(_short(row) or row.url, row.url, own=True)


def _short(row: RunRow) -> str:
    """Return the title without the name of the feedstock, which is in the column before."""
    return row.title.removeprefix(f"{row.feedstock} ") if row.feedstock else row.title


def _names(rows: Sequence[RunRow]) -> str:
    return words([row.feedstock for row in rows], _MOST_NAMES)


def run_markdown(rows: Sequence[RunRow], *, title: str = "Run", notes: Sequence[str] = ()) -> str:
    """Return the summary for `$GITHUB_STEP_SUMMARY`, an issue or a mail."""
    return markdown(run_sections(rows, title=title, notes=notes), largest=_SUMMARY)


def run_text(rows: Sequence[RunRow], *, title: str = "Run", notes: Sequence[str] = ()) -> RenderableType:
    """Return the same for a terminal."""
    from dirac_forge.report.terminal import Shown  # noqa: PLC0415  # 0.05 s that a log does without

    return Shown(run_sections(rows, title=title, notes=notes))
