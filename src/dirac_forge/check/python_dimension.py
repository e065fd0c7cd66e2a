"""Which targets have a Python dimension: if none of the Pythons is needed, they are one question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.records import Record, name_of
from dirac_forge.check.analysis import Analysis
from dirac_forge.check.cells import Cell, python_spec


def lone_question(cells: Sequence[Cell]) -> Cell:
    """Return the question of some cells, which differ in their Python only, without that Python: their last spec."""
    first = cells[0].question
    specs = first.specs[:-1] if first.specs[-1] == python_spec(first.python) else first.specs
    return replace(first, python="", specs=specs, wanted=any(cell.wanted for cell in cells))


def needs_python(index: RecordIndex, cells: Sequence[Cell]) -> bool:
    """Whether the target of cells with Pythons needs one, as its solution or the channel's records say."""
    specs = lone_question(cells).specs
    installed = next((cell for cell in cells if cell.status == "installable"), None)
    if installed is not None:
        return "python" in _reached(specs, installed.packages)
    newest = map(index.newest, specs)
    if any("python" in map(name_of, record.depends) for record in newest if record is not None):
        return True
    return "python" in Analysis(index, specs).left


def aligned(platforms: Mapping[str, Sequence[Cell]], asked: Mapping[str, Sequence[Cell]]) -> list[Cell]:
    """Return the cells of one target, in order: a platform without Pythons gets those that the others have.

    What is no or unknown without Python is so with each. `asked` are the questions, by platform as well.
    """
    split = any(cell.python for cells in platforms.values() for cell in cells)
    found: list[Cell] = []
    for platform, cells in platforms.items():
        first = cells[0]
        if split and len(cells) == 1 and not first.python and first.status != "installable":
            cells = [replace(first, python=one.python, wanted=one.wanted, specs=one.specs) for one in asked[platform]]
        found += cells
    return found


def _reached(specs: Iterable[str], packages: Iterable[Record]) -> set[str]:
    """Return the names that the packages of some specs need, their own included."""
    depends = {record.name: record.depends for record in packages}
    found: set[str] = set()
    todo = [name_of(spec) for spec in specs]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += map(name_of, depends.get(name, ()))
    return found
