"""Why cells are a no or unknown, and what would help: short enough to read, each reason once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dirac_forge.channel.records import name_of
from dirac_forge.check.causes import Cause
from dirac_forge.check.cells import Cell
from dirac_forge.check.remedies import Remedy, Unblock
from dirac_forge.report.cause_words import cause_lines
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_words import cell_words
from dirac_forge.report.reasoned import Reasoned, where
from dirac_forge.report.remedy_words import alike, remedy_phrases, together, unblock_text

_MOST_CAUSES = 8
_MOST_NAMES = 5
_FEW_REMEDIES = 6


def reasons(cells: Sequence[Cell], *, verbose: bool) -> list[Reasoned]:
    """Return one paragraph for each reason, with all the cells that it holds for; all names where `verbose`."""
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        if cell.status != "installable":
            groups.setdefault((cell.status, tuple(_lines(cell)), cell.older), []).append(cell)
    return [*(_paragraph(some, verbose=verbose) for some in groups.values()), *_held_back(cells)]


def _lines(cell: Cell) -> list[str]:
    return cause_lines(cell.causes) or [*filter(None, [cell_words(cell.reason)])]


def _held_back(cells: Sequence[Cell]) -> list[Reasoned]:
    """Return a newer version that the machine can't have, once for all cells that it holds for."""
    groups: dict[object, list[Cell]] = {}
    for cell in cells:
        if cell.held_back is not None:
            groups.setdefault(cell.held_back, []).append(cell)
    return [
        Reasoned(
            cells=where(some),
            said=f": {held.package} {held.version} is newer and can't be installed here",
            lines=tuple(cause_lines(held.causes)),
        )
        for some in groups.values()
        if (held := some[0].held_back) is not None
    ]


def _paragraph(cells: Sequence[Cell], *, verbose: bool) -> Reasoned:
    first = cells[0]
    state = "unknown" if first.status == "unknown" else "not installable"
    lines = _lines(first)
    most = len(lines) if verbose else _MOST_CAUSES
    more = [f"and {len(lines) - most} more causes (check -v lists them)"] if len(lines) > most else []
    older = [f"{name_of(first.specs[0])} {first.older} can be installed instead"] if first.older else []
    return Reasoned(
        cells=where(cells),
        said=f": {state}",
        lines=(*lines[:most], *more, *_helping(cells, verbose=verbose), *older),
    )


def _helping(cells: Sequence[Cell], *, verbose: bool) -> Iterator[str]:
    """Yield what would unblock the cells; which of them, if they differ in that."""
    helping: dict[object, list[Cell]] = {}
    for cell in cells:
        helping.setdefault(alike(cell.unblock) if cell.unblock is not None else (), []).append(cell)
    for some in helping.values():
        found = [cell.unblock for cell in some if cell.unblock is not None]
        if found:
            place = "" if len(helping) == 1 else f" ({where(some)})"
            yield from _remedies(together(found), cells[0].causes, place, verbose=verbose)


def _remedies(found: Unblock, causes: Sequence[Cause], place: str, *, verbose: bool) -> list[str]:
    """Return one line for a few; for many how many there are, those for the causes themselves, then what these need."""
    if len(found.remedies) <= _FEW_REMEDIES:
        return [f"to unblock it{place}: {unblock_text(found)}"]
    first, then = _by_cause(found.remedies, causes)
    lines = [f"to unblock it{place}: {len(found.remedies)} changes together"]
    if first:
        lines.append(f"  for the causes above: {'; '.join(remedy_phrases(first))}")
    if then:
        lines.append(f"  for what these need: {_shown(then, len(then) if verbose else _MOST_NAMES)}")
    return lines


def _by_cause(remedies: Sequence[Remedy], causes: Sequence[Cause]) -> tuple[list[Remedy], list[Remedy]]:
    """Return the remedies for the causes themselves, and the others."""
    own = {name for cause in causes for name in (cause.package, *cause.chain[-2:-1], *cause.also)}
    first = [remedy for remedy in remedies if remedy.package in own]
    return first, [remedy for remedy in remedies if remedy.package not in own]


def _shown(remedies: Sequence[Remedy], most: int) -> str:
    rest = len(remedies) - most
    more = f" and {counted(rest, 'more change')} (check -v lists them)" if rest > 0 else ""
    return f"{'; '.join(remedy_phrases(remedies[:most]))}{more}"
