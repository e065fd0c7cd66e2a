"""Checks as a matrix for the terminal, as Markdown for a pull request, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from dirac_forge.check.difference import Difference
from dirac_forge.check.matrix import Cell
from dirac_forge.check.proposal import Outcome, Proposal, Verdict

__all__ = ["document", "markdown", "terminal"]

_MOST_CAUSES = 8
_MOST_CHANGES = 12
_OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "better": ("▲", "green"),
    "same": ("=", "dim"),
    "worse": ("▼", "bold red"),
    "unknown": ("?", "yellow"),
}


def document(cells: Sequence[Cell], proposal: Proposal | None = None) -> dict[str, Any]:
    """The JSON document of `check`.

    With a proposal, `results` are those that its recipes would lead to, and `with` says what they change.
    """
    if proposal is None:
        return {"results": [_cell(cell) for cell in cells]}
    return {
        "results": [_cell(_as_if(verdict)) for verdict in proposal.verdicts],
        "with": {
            "outcome": proposal.outcome,
            "packages": [
                {
                    "feedstock": one.feedstock,
                    "name": one.record.name,
                    "version": one.record.version,
                    "build": one.record.build,
                    "subdir": one.record.subdir,
                    "depends": list(one.record.depends),
                    "constrains": list(one.record.constrains),
                    "unknown_run_exports": list(one.unknown),
                }
                for one in proposal.built
            ],
            "results": [_verdict(verdict) for verdict in proposal.verdicts],
        },
    }


def _as_if(verdict: Verdict) -> Cell:
    """The cell as it would be with the recipes: a no where something that they make can't be installed."""
    if verdict.outcome == "worse" and verdict.failing:
        return replace(verdict.after, status="not-installable", reason=verdict.reason, version="", packages=())
    if verdict.after.status == "not-installable":
        return replace(verdict.before, wanted=verdict.after.wanted)
    return verdict.after


def _cell(cell: Cell) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "target": cell.target,
        "platform": cell.platform,
        "python": cell.python or None,
        "specs": list(cell.specs),
        "status": cell.status,
        "wanted": cell.wanted,
        "version": cell.version or None,
        "packages": len(cell.packages),
        "reason": cell.reason or None,
    }
    if cell.status == "not-installable":
        entry["causes"] = [
            {
                "kind": cause.kind,
                "package": cause.package,
                "text": cause.text,
                "chain": list(cause.chain),
                "older_build": cause.instead,
                "other_chain": list(cause.other),
                "also": list(cause.also),
            }
            for cause in cell.causes
        ]
        entry["unblock"] = None
        if cell.unblock is not None:
            remedies = [{"package": remedy.package, "text": remedy.text} for remedy in cell.unblock.remedies]
            entry["unblock"] = {"remedies": remedies, "smallest": cell.unblock.smallest}
        entry["installs_today"] = cell.older or None
    return entry


def _verdict(verdict: Verdict) -> dict[str, Any]:
    changes = verdict.difference
    return {
        "target": verdict.before.target,
        "platform": verdict.before.platform,
        "python": verdict.before.python or None,
        "outcome": verdict.outcome,
        "before": verdict.before.version or None,
        "after": verdict.after.version or None,
        "status": "not-installable" if verdict.outcome == "worse" and verdict.failing else verdict.after.status,
        "reason": verdict.reason or None,
        "failing": [
            {"name": record.name, "version": record.version, "build": record.build} for record in verdict.failing
        ],
        "environment": {
            "added": [{"name": name, "version": version} for name, version in changes.added],
            "removed": [{"name": name, "version": version} for name, version in changes.removed],
            "changed": [{"name": name, "from": old, "to": new} for name, old, new in changes.changed],
            "rebuilt": [{"name": name, "from": old, "to": new} for name, old, new in changes.rebuilt],
        },
    }


def terminal(cells: Sequence[Cell], proposal: Proposal | None = None) -> RenderableType:
    """The matrix of each target, why each no, and what the recipes would change."""
    parts: list[RenderableType] = []
    for target in dict.fromkeys(cell.target for cell in cells):
        mine = [cell for cell in cells if cell.target == target]
        parts += [_matrix(target, mine), *_reasons(mine)]
    if proposal is not None:
        parts += _proposal(proposal)
    return Group(*parts)


def _columns(cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
    found = list(cells)
    return list(dict.fromkeys(cell.platform for cell in found)), list(dict.fromkeys(cell.python for cell in found))


def _grid(title: str, cells: Sequence[Cell], texts: dict[tuple[str, str], Text]) -> Table:
    platforms, pythons = _columns(cells)
    table = Table(title=escape(title), title_justify="left", title_style="bold")
    table.add_column("platform")
    for python in pythons:
        table.add_column(f"Python {python}" if python else "", justify="center")
    for platform in platforms:
        table.add_row(platform, *(texts.get((platform, python), Text("")) for python in pythons))
    return table


def _matrix(target: str, cells: Sequence[Cell]) -> Table:
    return _grid(target, cells, {(cell.platform, cell.python): _mark(cell) for cell in cells})


def _mark(cell: Cell) -> Text:
    if cell.status == "installable":
        return Text(f"✓ {cell.version}", style="green")
    if cell.status == "unknown":
        return Text("? unknown", style="yellow")
    return Text("✗ no", style="bold red") if cell.wanted else Text("✗ no, as expected", style="dim")


def _reasons(cells: Sequence[Cell]) -> list[RenderableType]:
    """One paragraph for each reason, with all the cells that it holds for."""
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        if cell.status != "installable":
            groups.setdefault((cell.platform, cell.status, cell.reason, cell.older), []).append(cell)
    return [_paragraph(some) for some in groups.values()]


def _where(cells: Sequence[Cell]) -> str:
    pythons = [cell.python for cell in cells if cell.python]
    return cells[0].platform + (f", Python {', '.join(pythons)}" if pythons else "")


def _paragraph(cells: Sequence[Cell]) -> Text:
    first = cells[0]
    text = Text()
    text.append(_where(cells), style="bold")
    text.append(f": {'unknown' if first.status == 'unknown' else 'not installable'}\n")
    lines = [str(cause) for cause in first.causes[:_MOST_CAUSES]] or first.reason.splitlines()
    if len(first.causes) > _MOST_CAUSES:
        lines.append(f"and {len(first.causes) - _MOST_CAUSES} more causes (--json has them all)")
    if first.unblock is not None:
        lines.append(f"would unblock it: {first.unblock.text}")
    if first.older:
        lines.append(f"installs today: {first.target.split()[0]} {first.older}")
    text.append("".join(f"  {line}\n" for line in lines))
    return text


def _proposal(proposal: Proposal) -> list[RenderableType]:
    parts: list[RenderableType] = []
    names = ", ".join(dict.fromkeys(f"{one.record.name} {one.record.version}" for one in proposal.built))
    for target in dict.fromkeys(verdict.before.target for verdict in proposal.verdicts):
        mine = [verdict for verdict in proposal.verdicts if verdict.before.target == target]
        texts = {(verdict.before.platform, verdict.before.python): _moved(verdict) for verdict in mine}
        parts.append(_grid(f"{target} with {names}", [verdict.before for verdict in mine], texts))
        parts += [_judged(verdicts) for verdicts in _alike(mine)]
    if proposal.unknown_exports:
        unknown = ", ".join(proposal.unknown_exports)
        parts.append(
            Text(f"The run_exports of {unknown} are unknown: packages may need more than this check knows.\n", "yellow")
        )
    return parts


def _moved(verdict: Verdict) -> Text:
    sign, style = _OUTCOMES[verdict.outcome]
    before, after = verdict.before.version or "no", verdict.after.version or "no"
    moved = before if before == after else f"{before} → {after}"
    return Text(f"{sign} {verdict.outcome}" if verdict.failing else f"{sign} {moved}", style=style)


def _alike(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.difference or verdict.outcome in ("worse", "unknown"):
            key = (verdict.before.platform, verdict.outcome, verdict.reason, verdict.difference)
            groups.setdefault(key, []).append(verdict)
    return list(groups.values())


def _judged(verdicts: Sequence[Verdict]) -> Text:
    first = verdicts[0]
    text = Text()
    text.append(_where([verdict.before for verdict in verdicts]), style="bold")
    text.append(f": {first.outcome}", style=_OUTCOMES[first.outcome][1])
    text.append(f": {first.reason}\n" if first.reason else "\n")
    text.append("".join(f"  {line}\n" for line in _changes(first.difference)))
    return text


def _changes(difference: Difference) -> list[str]:
    lines = [f"{name} {old} → {new}" for name, old, new in difference.changed]
    lines += [f"+ {name} {version}" for name, version in difference.added]
    lines += [f"- {name} {version}" for name, version in difference.removed]
    lines += [f"{name} is the new build ({new})" for name, _, new in difference.rebuilt]
    if len(lines) > _MOST_CHANGES:
        return [*lines[:_MOST_CHANGES], f"and {len(lines) - _MOST_CHANGES} more changes (--json has them all)"]
    return lines


def markdown(cells: Sequence[Cell], proposal: Proposal | None = None) -> str:
    """The same for a pull request or an issue."""
    lines: list[str] = []
    for target in dict.fromkeys(cell.target for cell in cells):
        mine = [cell for cell in cells if cell.target == target]
        texts = {(cell.platform, cell.python): _mark(cell).plain for cell in mine}
        lines += _markdown_grid(target, mine, texts)
        lines += [f"- {_one_line(paragraph)}" for paragraph in _reasons(mine) if isinstance(paragraph, Text)]
    if proposal is not None:
        names = ", ".join(dict.fromkeys(f"{one.record.name} {one.record.version}" for one in proposal.built))
        for target in dict.fromkeys(verdict.before.target for verdict in proposal.verdicts):
            verdicts = [verdict for verdict in proposal.verdicts if verdict.before.target == target]
            texts = {(verdict.before.platform, verdict.before.python): _moved(verdict).plain for verdict in verdicts}
            lines += _markdown_grid(f"{target} with {names}", [verdict.before for verdict in verdicts], texts)
            lines += [f"- {_one_line(_judged(some))}" for some in _alike(verdicts)]
        if proposal.unknown_exports:
            lines.append(f"- unknown run_exports: {', '.join(proposal.unknown_exports)}")
    return "\n".join(lines) + "\n"


def _markdown_grid(title: str, cells: Sequence[Cell], texts: dict[tuple[str, str], str]) -> list[str]:
    platforms, pythons = _columns(cells)
    head = " | ".join([_cell_text(title), *(f"Python {python}" if python else "" for python in pythons)])
    rows = [
        " | ".join([platform, *(texts.get((platform, python), "") for python in pythons)]) for platform in platforms
    ]
    return ["", f"| {head} |", f"| {' | '.join(['---'] * (len(pythons) + 1))} |", *(f"| {row} |" for row in rows), ""]


def _cell_text(text: str) -> str:
    return text.replace("|", "\\|")


def _one_line(text: Text) -> str:
    head, *rest = [line.strip() for line in text.plain.splitlines() if line.strip()]
    line = head if not rest else f"{head}: {'; '.join(rest)}"
    return line.replace("<", "&lt;")
