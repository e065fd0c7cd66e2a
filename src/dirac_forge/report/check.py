"""Checks as a matrix for the terminal and as Markdown for a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from dirac_forge.channel.records import name_of
from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.check.cells import Cell
from dirac_forge.check.proof import Outcome, Proof, Verdict, cannot_be_built
from dirac_forge.check.since import Turn
from dirac_forge.errors import redact
from dirac_forge.report.asked_versions import is_lock, versions
from dirac_forge.report.cell_reasons import reasons
from dirac_forge.report.document import Block, Items, Paragraph, Section, listed
from dirac_forge.report.document import Table as Grid
from dirac_forge.report.markdown import markdown as rendered
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_body import environment_reasons, unblock_lines, untold
from dirac_forge.report.proof_words import proof_words, warning_words
from dirac_forge.report.since import turns, unknown_since, unread_turns
from dirac_forge.report.terminal import Hanging, ReasonParagraph, Shown, flat
from dirac_forge.report.verdicts import (
    OUTCOMES,
    axes,
    effects,
    grid,
    heading,
    moved,
    refusal_words,
    verdict_blocks,
)
from dirac_forge.values import dataclass

_MANY_TARGETS = 4
"""From so many on, recipes are told in one table, and more is said only of targets that are not fine."""


def terminal(
    cells: Sequence[Cell],
    proposal: Proof | None = None,
    changes: Sequence[Turn] = (),
    *,
    unread: Sequence[Cell] = (),
    verbose: bool = False,
    ends: SnapshotEnd | None = None,
) -> RenderableType:
    """Return the matrix of each target, why each no, and what the recipes would change; everything with `verbose`.

    `unread` are cells of which it is unknown since when they are so; `ends` is the end of a snapshot, where a later day
    was asked for.
    """
    parts: list[RenderableType] = []
    told = _told_with_recipes(proposal) if proposal is not None and not verbose and not changes else frozenset()
    for target in dict.fromkeys(cell.target for cell in cells if cell.target not in told):
        mine = [cell for cell in cells if cell.target == target]
        parts += [*_matrix(target, mine), Text(), *map(ReasonParagraph, versions(mine, verbose=verbose))]
        parts += map(ReasonParagraph, reasons(mine, verbose=verbose))
        parts += map(ReasonParagraph, turns([turn for turn in changes if turn.cell.target == target]))
        parts += map(ReasonParagraph, unread_turns([cell for cell in unread if cell.target == target]))
    if ends is not None:
        parts += [Hanging("", Text(unknown_since(ends), "yellow")), Text()]
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
        if is_lock(cell):
            return flat(f"✓ {counted(len(cell.packages), 'package')}", "green")
        package = name_of(cell.specs[0])
        whose = "" if name_of(cell.target) == package else f"{package} "
        return flat(f"✓ {whose}{cell.version}", "green")
    if cell.status == "unknown":
        return Text("? unknown", style="yellow")
    return Text("✗ no", style="bold red") if cell.wanted else Text("✗ no, as expected", style="dim")


def _built(proposal: Proof) -> str:
    return ", ".join(dict.fromkeys(f"{one.record.name} {one.record.version}" for one in proposal.built))


def _by_target(proposal: Proof) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for verdict in proposal.verdicts:
        found.setdefault(verdict.before.target, []).append(verdict)
    return found


def _told_with_recipes(proposal: Proof) -> frozenset[str]:
    """Return the targets of which the table of all of them tells enough: of many, those that the recipes make."""
    targets = _by_target(proposal)
    made = {one.record.name for one in proposal.built}
    return frozenset(targets.keys() & made) if len(targets) >= _MANY_TARGETS else frozenset()


def _proposal(proposal: Proof, *, verbose: bool) -> list[RenderableType]:
    targets = _by_target(proposal)
    names = _built(proposal) or "no new package"
    short = len(targets) >= _MANY_TARGETS and not verbose
    parts: list[RenderableType] = [_all_targets(targets, names)] if short else []
    for target, mine in targets.items():
        texts = {(verdict.before.platform, verdict.before.python): flat(*moved(verdict)) for verdict in mine}
        if short and all(map(_is_fine, mine)):
            continue
        if short and len({text.plain for text in texts.values()}) == 1:
            parts.append(flat(target, "bold"))
        else:
            title = target if short else f"{target} with {names}"
            parts += [_Matrix(title=title, cells=[verdict.before for verdict in mine], texts=texts), Text()]
        parts += map(ReasonParagraph, effects(mine, verbose=verbose))
    parts += [_in_all(proposal), Text()]
    environments = proposal.environments if verbose else untold(proposal)
    told = (*unblock_lines(proposal), *environment_reasons(environments))
    parts += [Hanging("- ", Text(line)) for line in told]
    parts += [Hanging("- ", Text(warning_words(warning), "yellow")) for warning in proposal.warnings]
    return parts


def _all_targets(targets: Mapping[str, Sequence[Verdict]], names: str) -> RenderableType:
    """Return a row for each target, with what becomes of its cells."""
    rows = tuple((target, _alike(list(map(moved, mine)))) for target, mine in targets.items())
    blocks: tuple[Block, ...] = (Grid(head=("target", "with these recipes"), rows=rows), Paragraph(""))
    return Shown([Section(title=f"With {names}", blocks=blocks)])


def _alike(found: Sequence[tuple[str, str]]) -> str:
    """Return what becomes of cells, and of how many of them where they differ."""
    counts = Counter(text for text, _ in found)
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{text} ({counted(count, 'cell')})" for text, count in counts.items())


def _is_fine(verdict: Verdict) -> bool:
    """Whether nobody has to read about a cell: it can be installed with what the recipes make, or need not be."""
    good = verdict.outcome in ("better", "same") and not verdict.unbuilt
    return good and (verdict.after.status == "installable" or not verdict.before.wanted)


def _in_all(proposal: Proof) -> Hanging:
    counts = Counter(verdict.outcome for verdict in proposal.verdicts)
    # A broken environment of the recipes themselves makes a proposal worse than any of its targets.
    alone = not counts[proposal.outcome] and proposal.reason is not None
    told = "" if alone else _share(counts)
    own = f": {proof_words(proposal.reason)}" if alone else ""
    if proposal.outcome == "better":
        own = _unknown_today(proposal.verdicts)
    open_ = [one for one in proposal.environments if one.status == "unknown" and one.part != "test"]
    if proposal.outcome in ("same", "better") and open_:
        own = "; whether they can be built and installed is unknown"
    if proposal.outcome != "worse" and (left := refusal_words(proposal)):
        own = f"; {_no(proposal)}: {left}"
    head = (proposal.outcome, OUTCOMES[proposal.outcome][1])
    return Hanging("", Text.assemble("with these recipes: ", head, told, flat(own)))


def _no(proposal: Proof) -> str:
    """Return what a refusal is called: the recipes leave a no, or can't be built themselves."""
    return "but they can't be built as asked" if cannot_be_built(proposal) else "still a no"


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
