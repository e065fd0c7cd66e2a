"""What recipes would do to targets: which cells get better or worse, and why, each reason told once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from dirac_forge.channel.records import name_of
from dirac_forge.check.difference import Difference
from dirac_forge.check.matrix import Cell
from dirac_forge.check.proof import Outcome, Verdict
from dirac_forge.report.document import Block, Items, Table
from dirac_forge.report.reasons import ReasonParagraph, where

__all__ = ["OUTCOMES", "alike", "axes", "grid", "heading", "judged", "moved", "one_line", "verdict_blocks"]

_MOST_CHANGES = 12
OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "better": ("▲", "green"),
    "same": ("=", "dim"),
    "worse": ("▼", "bold red"),
    "unknown": ("?", "yellow"),
}
"""A sign and a style for each."""


def axes(cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
    """The platforms and Pythons of cells, in their order."""
    found = list(cells)
    return list(dict.fromkeys(cell.platform for cell in found)), list(dict.fromkeys(cell.python for cell in found))


def heading(cells: Sequence[Cell], python: str) -> str:
    """A target that says itself which Python it wants has one column: the version of what it names first."""
    return f"Python {python}" if python else name_of(cells[0].specs[0])


def grid(title: str, cells: Sequence[Cell], texts: dict[tuple[str, str], str]) -> Table:
    """Cells by platform and Python; `texts` of each."""
    platforms, pythons = axes(cells)
    return Table(
        head=(title, *(heading(cells, python) for python in pythons)),
        rows=tuple((platform, *(texts.get((platform, python), "") for python in pythons)) for platform in platforms),
    )


def moved(verdict: Verdict) -> Text:
    """What becomes of a cell, in few signs."""
    sign, style = OUTCOMES[verdict.outcome]
    before, after = verdict.before.version or "no", verdict.after.version or "no"
    change = before if before == after else f"{before} → {after}"
    return Text(f"{sign} {verdict.outcome}" if verdict.failing else f"{sign} {change}", style=style)


def alike(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """The verdicts that tell something, those that tell the same together."""
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.difference or verdict.outcome in ("worse", "unknown"):
            key = (verdict.outcome, verdict.reason, verdict.difference)
            groups.setdefault(key, []).append(verdict)
    return list(groups.values())


def judged(
    verdicts: Sequence[Verdict], *, verbose: bool = False, hint: str = " (check -v tells them)"
) -> ReasonParagraph:
    """What verdicts that are alike say, and where; `hint` follows where not all changes are told."""
    first = verdicts[0]
    head = Text.assemble(
        (where([verdict.before for verdict in verdicts]), "bold"),
        (f": {first.outcome}", OUTCOMES[first.outcome][1]),
    )
    lines = dict.fromkeys((*first.reason.splitlines(), *_changes(first.difference, verbose, hint)))
    return ReasonParagraph(head=head, lines=tuple(lines))


def _changes(difference: Difference, verbose: bool, hint: str) -> list[str]:
    lines = [f"{name} {old} → {new}" for name, old, new in difference.changed]
    lines += [f"+ {name} {version}" for name, version in difference.added]
    lines += [f"- {name} {version}" for name, version in difference.removed]
    lines += [f"{name} is the new build ({new})" for name, _, new in difference.rebuilt]
    most = len(lines) if verbose else _MOST_CHANGES
    if len(lines) > most:
        return [*lines[:most], f"and {len(lines) - most} more changes{hint}"]
    return lines


def one_line(paragraph: ReasonParagraph) -> str:
    """A paragraph as an item of a list."""
    lines = "; ".join(line.strip() for line in paragraph.lines)
    return f"{paragraph.head.plain}: {lines}" if lines else paragraph.head.plain


def verdict_blocks(verdicts: Sequence[Verdict], *, proposed: str = "") -> tuple[Block, ...]:
    """For each target its platforms and Pythons, then why; `proposed` names what is laid over the channel."""
    blocks: list[Block] = []
    for target in dict.fromkeys(verdict.before.target for verdict in verdicts):
        mine = [verdict for verdict in verdicts if verdict.before.target == target]
        texts = {(verdict.before.platform, verdict.before.python): moved(verdict).plain for verdict in mine}
        blocks.append(grid(f"{target}{proposed}", [verdict.before for verdict in mine], texts))
        lines = tuple(one_line(judged(some, hint="")) for some in alike(mine))
        blocks += [Items(lines)] if lines else []
    return tuple(blocks)
