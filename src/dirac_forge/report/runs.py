"""What a run of the bot did, feedstock by feedstock: a summary as Markdown, and for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dirac_forge.report.document import Block, Bold, Items, Line, Link, Paragraph, Section, Table, words
from dirac_forge.report.markdown import markdown

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["RunRow", "run_markdown", "run_sections", "run_text"]

_MOST_NAMES = 20
_SUMMARY = 900_000
"""Characters; GitHub takes 1 MiB in a step's summary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRow:
    """What became of one feedstock, or of one change to it."""

    feedstock: str
    title: str = ""
    """The change's; "" where there is none."""
    outcome: str
    """One or two words (`opened`, `updated`, `waiting`, `failed`, `nothing to do`…); rows are grouped by it."""
    url: str = ""
    """Of the pull request, or the place in the outbox."""
    reason: str = ""
    next_try: datetime | None = None
    quiet: bool = False
    """Nothing happened, and nobody has to do anything: only counted and named."""


def run_sections(rows: Sequence[RunRow], *, title: str = "Run", notes: Sequence[str] = ()) -> tuple[Section, ...]:
    """The run in a sentence, then what happened by outcome in the rows' order, then who had nothing to do."""
    loud = [row for row in rows if not row.quiet]
    counts = Counter(row.outcome for row in rows)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    found = [Section(title=title, blocks=(Paragraph(f"{told}." if told else "There was nothing to look at."),))]
    if notes:
        found.append(Section(title="To know", blocks=(Items(tuple(notes)),), level=3))
    for outcome in dict.fromkeys(row.outcome for row in loud):
        mine = [row for row in loud if row.outcome == outcome]
        found.append(Section(title=f"{outcome} ({len(mine)})", blocks=_blocks(mine), level=3))
    quiet: dict[str, list[RunRow]] = {}
    for row in rows:
        if row.quiet:
            quiet.setdefault(row.outcome, []).append(row)
    if quiet:
        lines = tuple(_named(outcome, some) for outcome, some in quiet.items())
        found.append(Section(title="nothing to be done", blocks=(Items(lines),), level=3))
    return tuple(found)


def _blocks(rows: Sequence[RunRow]) -> tuple[Block, ...]:
    """A table; what has nothing to tell but the reason of many others stands in one line with them."""
    alike: dict[str, list[RunRow]] = {}
    for row in rows:
        if not (row.title or row.url or row.next_try):
            alike.setdefault(row.reason, []).append(row)
    shared = {reason: some for reason, some in alike.items() if len(some) > 2}
    own = [row for row in rows if row.title or row.url or row.next_try or row.reason not in shared]
    blocks: list[Block] = [_table(own)] if own else []
    if shared:
        blocks.append(Items(tuple(f"{_names(some)}: {reason}" for reason, some in shared.items())))
    return tuple(blocks)


def _table(rows: Sequence[RunRow]) -> Table:
    """Columns that are empty in all rows are left out."""
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
        return f"{row.title} ({row.url})" if row.title and row.url else row.title or row.url
    return Link(row.title or row.url, row.url, own=True)


def _named(outcome: str, rows: Sequence[RunRow]) -> Line:
    return (Bold(f"{len(rows)} {outcome}"), f": {_names(rows)}")


def _names(rows: Sequence[RunRow]) -> str:
    return words([row.feedstock for row in rows], _MOST_NAMES)


def run_markdown(rows: Sequence[RunRow], *, title: str = "Run", notes: Sequence[str] = ()) -> str:
    """The summary for `$GITHUB_STEP_SUMMARY`, an issue or a mail."""
    return markdown(run_sections(rows, title=title, notes=notes), largest=_SUMMARY)


def run_text(rows: Sequence[RunRow], *, title: str = "Run", notes: Sequence[str] = ()) -> RenderableType:
    """The same for a terminal."""
    from dirac_forge.report.terminal import Shown  # noqa: PLC0415  # 0.05 s that a log does without

    return Shown(run_sections(rows, title=title, notes=notes))
