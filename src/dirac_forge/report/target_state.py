"""The targets as they are: a line for each, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dirac_forge.report.document import words
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_words import cell_words

if TYPE_CHECKING:
    from dirac_forge.check.cells import Cell

_MOST_CELLS = 4


def targets_lines(cells: Iterable[Cell]) -> list[str]:
    """Return a line for each target: in how many cells it can be installed, and if it can't."""
    targets: dict[str, list[Cell]] = {}
    for cell in cells:
        targets.setdefault(cell.target, []).append(cell)
    return [_line(target, mine) for target, mine in targets.items()]


def _line(target: str, cells: Sequence[Cell]) -> str:
    good = [cell for cell in cells if cell.status == "installable"]
    versions = words(list(dict.fromkeys(cell.version for cell in good if cell.version)))
    named = f"{target} {versions}".rstrip()
    if len(good) == len(cells):
        where = f"all {len(cells)} cells" if len(cells) > 1 else "the one cell"
        return f"targets: {named} can be installed in {where}"
    rest = [f"{_where(cell)}{' (unknown)' if cell.status == 'unknown' else ''}" for cell in cells if cell not in good]
    share = f"{len(good)} of {counted(len(cells), 'cell')}"
    return f"targets: {named} can be installed in {share}, not on {words(rest, _MOST_CELLS)}"


def _where(cell: Cell) -> str:
    return f"{cell.platform} with Python {cell.python}" if cell.python else cell.platform


def targets_json(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """Return the value of `targets` in `bump --json`."""
    return [
        {
            "target": cell.target,
            "platform": cell.platform,
            "python": cell.python or None,
            "status": cell.status,
            "version": cell.version or None,
            "reason": cell_words(cell.reason) or None,
        }
        for cell in cells
    ]
