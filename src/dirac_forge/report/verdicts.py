"""What recipes would do to targets: which cells get better or worse, and why, each reason once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from rattler import Version

from dirac_forge.channel.records import name_of
from dirac_forge.check.answer_reasons import NewerVersions, NowInstallable, OlderVersion
from dirac_forge.check.cells import Cell
from dirac_forge.check.proof import Outcome, Proof, Verdict, refusal_of
from dirac_forge.check.proof_reasons import NothingMade
from dirac_forge.report.document import Block, Items, Table, listed
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_words import proof_words, verdict_words, warning_words
from dirac_forge.report.reasoned import Reasoned, where
from dirac_forge.values import dataclass

_MOST_CHANGES = 12
_MANY = 4
"""Cells that share one line, if all are alike."""
OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "better": ("▲", "green"),
    "same": ("=", "dim"),
    "worse": ("▼", "bold red"),
    "unknown": ("?", "yellow"),
}
"""A sign and a style for each."""


def axes(cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
    """Return the platforms and Pythons of cells, in their order."""
    found = list(cells)
    return list(dict.fromkeys(cell.platform for cell in found)), list(dict.fromkeys(cell.python for cell in found))


def heading(cells: Sequence[Cell], python: str) -> str:
    """Return the title of a column; without a Python dimension, the name of the target or of its file."""
    return f"Python {python}" if python else cells[0].target


def grid(title: str, cells: Sequence[Cell], texts: dict[tuple[str, str], str]) -> Table:
    """Return a table of cells by platform and Python; `texts` of each."""
    platforms, pythons = axes(cells)
    return Table(
        head=(title, *(heading(cells, python) for python in pythons)),
        rows=tuple((platform, *(texts.get((platform, python), "") for python in pythons)) for platform in platforms),
    )


def moved(verdict: Verdict) -> tuple[str, str]:
    """Return what becomes of a cell, in few signs, and a style."""
    sign, style = OUTCOMES[verdict.outcome]
    if lost := _not_built(verdict):
        whose = "" if lost == [name_of(verdict.before.specs[0])] else f"{listed(lost)} "
        return f"✗ {whose}can't be built", "bold red" if verdict.before.wanted else "dim"
    if verdict.outcome == "same" and verdict.after.status == "not-installable":
        return "✗ still no", "bold red" if verdict.before.wanted else "dim"
    if verdict.outcome == "same" and verdict.after.status == "unknown":
        return "? still unknown", "yellow"
    before, after = _version(verdict.before), _version(verdict.after)
    change = before if before == after else f"{before} → {after}"
    told = verdict.failing or verdict.outcome == "unknown"
    return f"{sign} {verdict.outcome}" if told else f"{sign} {change}", style


def _not_built(verdict: Verdict) -> list[str]:
    """Return the proposal's packages that the target names or installs, and that can't be built for the cell."""
    mine = {*map(name_of, verdict.before.specs), *(record.name for record in verdict.before.packages)}
    return [one.output for one in verdict.unbuilt if one.output in mine] if verdict.outcome != "worse" else []


def _version(cell: Cell) -> str:
    """Return the version that a cell gets; what is unknown is not a no."""
    return cell.version or ("unknown" if cell.status == "unknown" else "no")


def effects(
    verdicts: Sequence[Verdict], *, verbose: bool = False, hint: str = " (check -v lists them)"
) -> list[Reasoned]:
    """Return what changes for one target, each line once, with all the cells that it holds for.

    `hint` follows where not all changes are shown.
    """
    cells: dict[tuple[str, str], list[int]] = {}
    details: dict[tuple[str, str], list[_Change]] = {}
    for at, verdict in enumerate(verdicts):
        for change in dict.fromkeys((*_reasons(verdict), *_changes(verdict, verbose=verbose))):
            cells.setdefault((change.kind, change.name), []).append(at)
            details.setdefault((change.kind, change.name), []).append(change)
    groups: dict[tuple[int, ...], list[str]] = {}
    for key, positions in cells.items():
        groups.setdefault(tuple(positions), []).append(_told(details[key], hint))
    order = sorted(groups, key=lambda positions: (-len(positions), positions))
    return [_effect([verdicts[at] for at in positions], groups[positions], verbose, hint) for positions in order]


def _effect(verdicts: Sequence[Verdict], lines: Sequence[str], verbose: bool, hint: str) -> Reasoned:
    outcomes = {verdict.outcome for verdict in verdicts}
    outcome = next(iter(outcomes)) if len(outcomes) == 1 else None
    most = len(lines) if verbose else _MOST_CHANGES
    if len(lines) > most:
        lines = [*lines[:most], f"and {counted(len(lines) - most, 'more change')}{hint}"]
    return Reasoned(
        cells=where([verdict.before for verdict in verdicts]),
        said=f": {outcome}" if outcome is not None else "",
        style=OUTCOMES[outcome][1] if outcome is not None else "",
        lines=tuple(lines),
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """One line about a cell; changes of one kind and name share an entry, though their versions may differ."""

    kind: Literal["reason", "changed", "added", "removed", "rebuilt", "total"]
    name: str
    old: str = ""
    new: str = ""


def _reasons(verdict: Verdict) -> list[_Change]:
    """Return the reason, if neither the target as it is already nor the changes tell it."""
    told = verdict.outcome in ("worse", "unknown", "better") or verdict.reason != verdict.before.reason
    moves = verdict.reason.moves if isinstance(verdict.reason, NewerVersions) else ()
    if moves and all((move.name, move.old, move.new) in verdict.difference.changed for move in moves):
        return []
    text = verdict_words(verdict.reason)
    return [_Change("reason", text)] if told and text else []


def _changes(verdict: Verdict, *, verbose: bool) -> list[_Change]:
    """Return the changes; an older version of what the target names comes with its reason.

    Of an environment that was not there before, the packages that the target names and what these need are enough.
    """
    difference = verdict.difference
    if not verdict.before.packages and difference.added and not verbose:
        told = verdict.reason.target if isinstance(verdict.reason, NowInstallable) else ""
        near = _near(verdict.after) - {told}
        added = [_Change("added", name, new=version) for name, version in difference.added if name in near]
        rest = len(difference.added) - len(added)
        return [*added, _Change("total", "", new=str(len(difference.added)))] if rest else added
    lower = verdict.reason.move.name if isinstance(verdict.reason, OlderVersion) else ""
    return [
        *(_Change("changed", name, old, new) for name, old, new in difference.changed if name != lower),
        *(_Change("added", name, new=version) for name, version in difference.added),
        *(_Change("removed", name, old=version) for name, version in difference.removed),
        *(_Change("rebuilt", name) for name, _, _ in difference.rebuilt),
    ]


def _near(cell: Cell) -> frozenset[str]:
    """Return the packages that a cell names, and those that they depend on."""
    named = {name_of(spec) for spec in cell.specs}
    needs = (map(name_of, record.depends) for record in cell.packages if record.name in named - {"python"})
    return frozenset(named.union(*needs))


def _told(changes: Sequence[_Change], hint: str) -> str:
    """Return the line of changes of one kind and name."""
    first = changes[0]
    old, new = _span(change.old for change in changes), _span(change.new for change in changes)
    match first.kind:
        case "changed":
            return f"{first.name} {old} → {new}"
        case "added":
            return f"+ {first.name} {new}"
        case "removed":
            return f"- {first.name} {old}"
        case "rebuilt":
            return f"{first.name} is a new build"
        case "total":
            return f"{new} {'package' if new == '1' else 'packages'} in all{hint}"
        case "reason":
            return first.name


def _span(versions: Iterable[str]) -> str:
    """Return the version, the first and last of several."""
    found = sorted({version for version in versions if version}, key=Version)
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}" if found else ""


def _alike(target: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return what all of a target's cells say, if they say the same; else nothing."""
    same = len(texts) >= _MANY and len(set(texts)) == 1
    return (f"{target}: {texts[0]} in all {len(texts)} cells",) if same else ()


def verdict_blocks(verdicts: Sequence[Verdict], *, proposed: str = "") -> tuple[Block, ...]:
    """Return for each target its platforms and Pythons, then why; `proposed` names what is laid over the channel."""
    blocks: list[Block] = []
    for target in dict.fromkeys(verdict.before.target for verdict in verdicts):
        mine = [verdict for verdict in verdicts if verdict.before.target == target]
        texts = {(verdict.before.platform, verdict.before.python): moved(verdict)[0] for verdict in mine}
        table = grid(f"{target}{proposed}", [verdict.before for verdict in mine], texts)
        blocks.append(replace(table, told=_alike(target, list(texts.values()))))
        lines = tuple(each.one_line for each in effects(mine, hint=""))
        blocks += [Items(lines)] if lines else []
    return tuple(blocks)


def refusal_words(proposal: Proof) -> str:
    """Return why recipes should not be merged that make nothing worse; "" if they may be."""
    match refusal_of(proposal):
        case NothingMade() as nothing:
            return warning_words(nothing)
        case reason:
            return proof_words(reason)
