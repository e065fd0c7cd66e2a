"""Checks as a matrix for the terminal, as Markdown for a pull request, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from dirac_forge.channel.records import name_of
from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.check.causes import Cause
from dirac_forge.check.cells import Cell, Status
from dirac_forge.check.exports import Built
from dirac_forge.check.proof import Outcome, Proof, Verdict, refusal_of
from dirac_forge.check.proof_reasons import NothingMade
from dirac_forge.check.remedies import Unblock
from dirac_forge.check.since import Turn
from dirac_forge.errors import redact
from dirac_forge.report.cause_words import obstacle_text, reason_text
from dirac_forge.report.cell_reasons import reasons
from dirac_forge.report.document import Block, Items, Section, listed
from dirac_forge.report.markdown import markdown as rendered
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_body import environment_json, environment_reasons, unblock_lines, untold
from dirac_forge.report.proof_words import cell_words, proof_words, verdict_words, warning_words
from dirac_forge.report.remedy_words import remedy_text, unblock_text
from dirac_forge.report.since import end_words, turn_json, turns
from dirac_forge.report.terminal import Hanging, ReasonParagraph, flat
from dirac_forge.report.verdicts import (
    OUTCOMES,
    axes,
    effects,
    grid,
    heading,
    moved,
    verdict_blocks,
)
from dirac_forge.values import dataclass


def document(
    cells: Sequence[Cell],
    proposal: Proof | None = None,
    changes: Sequence[Turn] = (),
    *,
    ends: SnapshotEnd | None = None,
) -> dict[str, Any]:
    """Return the JSON document of `check`.

    With a proposal, `results` are those that its recipes would lead to, and `with` says what they change; `changes` are
    shown with the cells that they belong to; `ends` see `terminal`.
    """
    unknown = {"since": {"status": "unknown", "reason": _unknown_since(ends)}} if ends is not None else {}
    if proposal is None:
        since = {id(turn.cell): {"since": turn_json(turn)} for turn in changes}
        return {"results": [_cell(cell) | since.get(id(cell), {}) for cell in cells], **unknown}
    return {
        **unknown,
        "results": list(map(_as_if, proposal.verdicts)),
        "with": _proposal_json(proposal),
    }


def _proposal_json(proposal: Proof) -> dict[str, Any]:
    """Return what the recipes change."""
    return {
        "outcome": proposal.outcome,
        "reason": proof_words(proposal.reason) or _refusal_words(proposal) or None,
        "packages": list(map(_built_json, proposal.built)),
        "results": list(map(verdict_json, proposal.verdicts)),
        "environments": list(map(environment_json, proposal.environments)),
        "warnings": list(map(warning_words, proposal.warnings)),
        "unblock": list(map(unblock_text, proposal.unblock)),
        "helping": list(proposal.helping.keys) if proposal.helping is not None else [],
    }


def _refusal_words(proposal: Proof) -> str:
    """Return why recipes should not be merged that make nothing worse; "" if they may be."""
    match refusal_of(proposal):
        case NothingMade() as nothing:
            return warning_words(nothing)
        case reason:
            return proof_words(reason)


def _built_json(built: Built) -> dict[str, Any]:
    record = built.record
    return {
        "feedstock": built.feedstock,
        "name": record.name,
        "version": record.version,
        "build": record.build,
        "subdir": record.subdir,
        "depends": list(record.depends),
        "constrains": list(record.constrains),
        "unknown_run_exports": list(built.unknown),
        "assumed_without_run_exports": list(built.assumed),
    }


def _unknown_since(ends: SnapshotEnd) -> str:
    return f"since when is unknown: {end_words(ends)}"


def _as_if(verdict: Verdict) -> dict[str, Any]:
    """Return the cell as it would be with the recipes: a no where something that they make can't be installed."""
    if not verdict.failing:
        return _cell(verdict.after)
    refused = replace(verdict.after, status=_status(verdict), version="", packages=())
    return _cell(refused) | {"reason": verdict_words(verdict.reason)}


def _status(verdict: Verdict) -> Status:
    """Return the status with the recipes: what they make and can't be installed decides."""
    if not verdict.failing:
        return verdict.after.status
    return "unknown" if verdict.outcome == "unknown" else "not-installable"


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
        "reason": cell_words(cell.reason) or None,
    }
    if cell.channels:
        entry["channels"] = list(map(redact, cell.channels))
    if cell.held_back is not None:
        held = cell.held_back
        entry["held_back"] = {"package": held.package, "version": held.version, "reason": reason_text(held.causes)}
    if cell.causes:
        entry["causes"] = list(map(_cause, cell.causes))
    if cell.status == "not-installable":
        entry.setdefault("causes", [])
        entry["unblock"] = _unblock_json(cell.unblock) if cell.unblock is not None else None
        entry["installs_today"] = cell.older or None
    return entry


def _unblock_json(unblock: Unblock) -> dict[str, Any]:
    remedies = [{"package": remedy.package, "text": remedy_text(remedy)} for remedy in unblock.remedies]
    return {"remedies": remedies, "smallest": unblock.smallest}


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind,
        "package": cause.package,
        "text": obstacle_text(cause.obstacle, cause.case),
        "chain": list(cause.chain),
        "older_build": cause.instead,
        "other_chain": list(cause.other),
        "also": list(cause.also),
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return one cell, without and with the recipes."""
    changes = verdict.difference
    return {
        "target": verdict.before.target,
        "platform": verdict.before.platform,
        "python": verdict.before.python or None,
        "outcome": verdict.outcome,
        "status_before": verdict.before.status,
        "before": verdict.before.version or None,
        "after": verdict.after.version or None,
        "status": _status(verdict),
        "reason": verdict_words(verdict.reason) or None,
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


def terminal(
    cells: Sequence[Cell],
    proposal: Proof | None = None,
    changes: Sequence[Turn] = (),
    *,
    verbose: bool = False,
    ends: SnapshotEnd | None = None,
) -> RenderableType:
    """Return the matrix of each target, why each no, and what the recipes would change; everything with `verbose`.

    `ends` is the end of a snapshot, where a later day was asked for.
    """
    parts: list[RenderableType] = []
    for target in dict.fromkeys(cell.target for cell in cells):
        mine = [cell for cell in cells if cell.target == target]
        parts += [*_matrix(target, mine), Text(), *map(ReasonParagraph, reasons(mine, verbose=verbose))]
        parts += map(ReasonParagraph, turns([turn for turn in changes if turn.cell.target == target]))
    if ends is not None:
        parts += [Hanging("", Text(_unknown_since(ends), "yellow")), Text()]
    if proposal is not None:
        parts += _proposal(proposal, verbose=verbose)
    return Group(*parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Matrix:
    """Cells as a table; where the terminal is too narrow for one, as a list."""

    title: str
    cells: Sequence[Cell]
    texts: Mapping[tuple[str, str], Text]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # A title above a narrow table would be broken by rich.
        yield flat(self.title, "bold")
        platforms, pythons = axes(self.cells)
        for short in (False, True):
            table = self._table(platforms, pythons, short=short)
            if Measurement.get(console, options.update(max_width=10_000), table).maximum <= options.max_width:
                yield table
                return
        for platform in platforms:
            yield Text("  ") + flat(platform)
            for python in pythons:
                text = self.texts.get((platform, python))
                if text is not None:
                    yield Text.assemble("    ", flat(heading(self.cells, python)), ": ", text)

    def _table(self, platforms: Sequence[str], pythons: Sequence[str], *, short: bool) -> Table:
        table = Table()
        table.add_column("platform")
        for python in pythons:
            head = python if short and python else heading(self.cells, python)
            table.add_column(flat(head), justify="center")
        for platform in platforms:
            table.add_row(flat(platform), *(self.texts.get((platform, python), Text("")) for python in pythons))
        return table


def _matrix(target: str, cells: Sequence[Cell]) -> list[RenderableType]:
    texts = {(cell.platform, cell.python): _mark(cell) for cell in cells}
    channels = cells[0].channels
    lead = "channel" if len(channels) == 1 else "channels, the first that has a package wins"
    said = [Hanging("", Text(f"{lead}: {', '.join(map(redact, channels))}"))] if channels else []
    return [_Matrix(title=target, cells=cells, texts=texts), *said]


def _mark(cell: Cell) -> Text:
    if cell.status == "installable":
        if len(cell.specs) == len(cell.packages) > 1:  # a lock: none of its packages is what it is for
            return flat(f"✓ {counted(len(cell.packages), 'package')}", "green")
        package = name_of(cell.specs[0])
        whose = "" if name_of(cell.target) == package else f"{package} "
        return flat(f"✓ {whose}{cell.version}", "green")
    if cell.status == "unknown":
        return Text("? unknown", style="yellow")
    return Text("✗ no", style="bold red") if cell.wanted else Text("✗ no, as expected", style="dim")


def _built(proposal: Proof) -> str:
    return ", ".join(dict.fromkeys(f"{one.record.name} {one.record.version}" for one in proposal.built))


def _proposal(proposal: Proof, *, verbose: bool) -> list[RenderableType]:
    parts: list[RenderableType] = []
    names = _built(proposal)
    for target in dict.fromkeys(verdict.before.target for verdict in proposal.verdicts):
        mine = [verdict for verdict in proposal.verdicts if verdict.before.target == target]
        texts = {(verdict.before.platform, verdict.before.python): flat(*moved(verdict)) for verdict in mine}
        title = f"{target} with {names or 'no new package'}"
        parts += [_Matrix(title=title, cells=[verdict.before for verdict in mine], texts=texts), Text()]
        parts += map(ReasonParagraph, effects(mine, verbose=verbose))
    parts += [_in_all(proposal), Text()]
    environments = proposal.environments if verbose else untold(proposal)
    told = (*unblock_lines(proposal), *environment_reasons(environments))
    parts += [Hanging("- ", Text(line)) for line in told]
    parts += [Hanging("- ", Text(warning_words(warning), "yellow")) for warning in proposal.warnings]
    return parts


def _in_all(proposal: Proof) -> Hanging:
    counts = Counter(verdict.outcome for verdict in proposal.verdicts)
    told = _share(counts)
    # A broken environment of the recipes themselves makes a proposal worse than any of its targets.
    own = "" if counts[proposal.outcome] or not proposal.reason else f": {proof_words(proposal.reason)}"
    if proposal.outcome == "better":
        own = _unknown_today(proposal.verdicts)
    if proposal.outcome in ("same", "better") and any(one.status == "unknown" for one in proposal.environments):
        own = "; whether they can be built and installed is unknown"
    if proposal.outcome in ("same", "better") and (left := _refusal_words(proposal)):
        own = f"; still a no: {left}"
    head = (proposal.outcome, OUTCOMES[proposal.outcome][1])
    return Hanging("", Text.assemble("with these recipes: ", head, told, flat(own)))


def _unknown_today(verdicts: Sequence[Verdict]) -> str:
    """Return that it is not known of cells whether they were any worse before, if there are some."""
    cells = [one for one in verdicts if one.before.status == "unknown" and one.after.status == "installable"]
    if not cells:
        return ""
    where = "" if len(cells) == len(verdicts) else f" in {counted(len(cells), 'cell')}"
    return f"; what can be installed today is unknown{where}"


def _share(counts: Mapping[Outcome, int]) -> str:
    """Return how many cells have which outcome, if there are several cells."""
    match [(counts[outcome], outcome) for outcome in OUTCOMES if counts[outcome]]:
        case [] | [(1, _)]:
            return ""
        case [(number, _)]:
            return f" in all {number} cells"
        case several:
            return f" ({listed(f'{number} {outcome}' for number, outcome in several)})"


def markdown(cells: Sequence[Cell], proposal: Proof | None = None) -> str:
    """Return the same for a pull request or an issue."""
    blocks: list[Block] = []
    for target in dict.fromkeys(cell.target for cell in cells):
        mine = [cell for cell in cells if cell.target == target]
        blocks.append(grid(target, mine, {(cell.platform, cell.python): _mark(cell).plain for cell in mine}))
        lines = tuple(each.one_line for each in reasons(mine, verbose=False))
        blocks += [Items(lines)] if lines else []
    if proposal is not None:
        blocks += verdict_blocks(proposal.verdicts, proposed=f" with {_built(proposal)}")
        told = (
            *unblock_lines(proposal),
            *environment_reasons(proposal.environments),
            *map(warning_words, proposal.warnings),
        )
        blocks += [Items(told)] if told else []
    return rendered([Section(title="", blocks=tuple(blocks))])
