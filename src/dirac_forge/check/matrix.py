"""Targets by platform and Python: installable or not, and if not, why and what would help."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from dirac_forge.channel.index import parsed
from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel, NoSolution, Solution
from dirac_forge.check.analysis import Analysis
from dirac_forge.check.answer_reasons import PlatformNotCovered, Refused, Unanswered, Unexplained
from dirac_forge.check.causes import Cause, UnreadableBuilds
from dirac_forge.check.cells import Cell, HeldBack, version_in
from dirac_forge.check.explanation import explain
from dirac_forge.check.gaps import without_gaps
from dirac_forge.check.obstacles import Elsewhere
from dirac_forge.check.python_dimension import aligned, lone_question, needs_python
from dirac_forge.check.remedies import Unblock
from dirac_forge.check.unblock import unblock
from dirac_forge.errors import UnknownError
from dirac_forge.progress import Observer, Silent

GroupKey = tuple[str, str]
"""A target's name and a platform."""


def check(
    channel: Channel,
    cells: Sequence[Cell],
    *,
    executor: Executor,
    observer: Observer | None = None,
    remedies: bool = True,
    solved_cell: Callable[[Cell], object] = lambda _: None,
) -> tuple[Cell, ...]:
    """Answer the cells, in their order; the Pythons of an environment without Python become one cell.

    Args:
        channel: where packages come from.
        cells: the questions, from `cells_of`.
        executor: runs the solves.
        observer: who is watching.
        remedies: also look for what would unblock each no.
        solved_cell: is told of each cell once it is solved, from any thread.
    """
    watcher = observer or Silent()
    task = "checking"
    watcher.started(task, len(cells))
    groups = grouped(cells)
    place = {id(cell): (key, at) for key, group in groups.items() for at, cell in enumerate(group)}
    solved: dict[GroupKey, dict[int, Cell]] = {key: {} for key in groups}
    answers: dict[GroupKey, Sequence[Cell]] = {}
    lock = threading.Lock()

    def ask(cell: Cell) -> None:
        """Solve one cell; the thread that solves the last of a group explains all of it."""
        found = solve_cell(channel, cell)
        solved_cell(found)
        watcher.advanced(task, detail=f"{cell.target} {cell.platform} {cell.python}")
        key, at = place[id(cell)]
        with lock:
            solved[key][at] = found
            last = len(solved[key]) == len(groups[key])
        if last:
            answers[key] = _explained(channel, [solved[key][each] for each in range(len(groups[key]))], remedies)

    for _ in executor.map(ask, (cell for group in groups.values() for cell in group)):
        pass
    watcher.finished(task)
    return merged_groups(groups, answers)


def grouped(cells: Iterable[Cell]) -> dict[GroupKey, list[Cell]]:
    """Return the cells of each target and platform: they differ in their Pythons, and are explained together."""
    groups: dict[GroupKey, list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.target, cell.platform), []).append(cell)
    return groups


def answered(channel: Channel, cells: Sequence[Cell], *, remedies: bool) -> list[Cell]:
    """Return the cells of one group with their answers, one after the other."""
    return _explained(channel, [solve_cell(channel, cell) for cell in cells], remedies)


def merged_groups(
    groups: Mapping[GroupKey, Sequence[Cell]], answers: Mapping[GroupKey, Sequence[Cell]]
) -> tuple[Cell, ...]:
    """Return the answers of all groups, by target, as the groups were asked."""
    found: list[Cell] = []
    for target in dict.fromkeys(target for target, _ in groups):
        mine = [key for key in groups if key[0] == target]
        found += aligned({key[1]: answers[key] for key in mine}, {key[1]: groups[key] for key in mine})
    return tuple(found)


def _explained(channel: Channel, cells: Sequence[Cell], remedies: bool) -> list[Cell]:
    """Return the cells of one target and platform; what helps one is tried first on the next."""
    known: list[Unblock] = []
    explained = []
    for cell in _without_python(channel, cells):
        if cell.status == "not-installable" and (uncovered := _uncovered(channel, cell.platform)) is not None:
            cell = replace(cell, status="unknown", reason=uncovered)
        elif cell.status == "not-installable":
            cell = explain_cell(channel, cell, known=known, remedies=remedies)
            if cell.unblock is not None and cell.unblock not in known:
                known.insert(0, cell.unblock)
        explained.append(cell)
    return _held_back(channel, explained)


def _uncovered(channel: Channel, platform: str) -> PlatformNotCovered | None:
    """Return that a snapshot of a part of a channel, if one is asked, has nothing for a platform."""
    gap = channel.uncovered(platform)
    return PlatformNotCovered(platform=platform, gap=gap) if gap is not None else None


def _without_python(channel: Channel, cells: Sequence[Cell]) -> Sequence[Cell]:
    """Return one cell for a target that does not need Python: all its Pythons are the same question then."""
    try:
        if not cells[0].python or needs_python(channel.index(cells[0].platform), cells):
            return cells
    except UnknownError:
        return cells
    alone = solve_cell(channel, lone_question(cells))
    return cells if "python" in {record.name for record in alone.packages} else (alone,)


def _held_back(channel: Channel, cells: Sequence[Cell]) -> list[Cell]:
    """Tell where the machine keeps the newest version of a target away, which the platform's Pythons share."""
    installed = [cell for cell in cells if cell.status == "installable"]
    found = None
    if installed:
        try:
            found = _newest_held_back(channel, installed)
        except UnknownError:
            return list(cells)
    return [replace(cell, held_back=found) if cell.status == "installable" else cell for cell in cells]


def _newest_held_back(channel: Channel, cells: Sequence[Cell]) -> HeldBack | None:
    first = cells[-1]
    index = channel.index(first.platform)
    newest = index.newest(first.specs[0])
    if newest is None or newest.version in {cell.version for cell in cells}:
        return None
    analysis = Analysis(index, (f"{newest.name} =={newest.version}", *first.specs[1:]))
    causes = explain(analysis, elsewhere=platforms_with(channel, first.platform))
    machine = tuple(cause for cause in causes if cause.kind == "machine" and not cause.instead)
    return HeldBack(package=newest.name, version=newest.version, causes=machine) if machine else None


def solve_cell(channel: Channel, cell: Cell, *, required: Sequence[Record] = ()) -> Cell:
    """Solve one cell, without an explanation."""
    try:
        found = channel.solve(cell.specs, platform=cell.platform, required=required)
    except UnknownError as exc:
        return replace(cell, status="unknown", reason=Unanswered(message=exc.message))
    match found:
        case Solution(packages=packages):
            version = version_in(packages, cell.specs[0])
            return replace(cell, status="installable", version=version, packages=packages)
        case NoSolution():
            return replace(cell, status="not-installable")


def explain_cell(
    channel: Channel,
    cell: Cell,
    *,
    required: Sequence[Record] = (),
    known: Sequence[Unblock] = (),
    remedies: bool = True,
    older: bool = True,
) -> Cell:
    """Say why a cell has no solution with what is `required`, what would unblock it, what can be installed instead.

    It is unknown if only a snapshot of a part of a channel lacks something.
    """
    try:
        others = platforms_with(channel, cell.platform)
        analysis = Analysis(channel.index(cell.platform), cell.specs)
        causes = explain(
            analysis,
            elsewhere=others,
            solves=lambda specs: isinstance(channel.solve(specs, platform=cell.platform), Solution),
        )
        filled = without_gaps(channel, cell.specs, platform=cell.platform, causes=causes, elsewhere=others)
        remedy = None
        if remedies and not filled.gaps and not any(cause.kind == "solver" for cause in causes):
            remedy = unblock(
                filled.view, cell.specs, platform=cell.platform, causes=filled.causes, elsewhere=others, known=known
            )
        instead = _older(channel, cell) if older else ""
    except UnknownError as exc:
        return replace(cell, status="unknown", reason=Unanswered(message=exc.message))
    unread = tuple(cause for cause in filled.causes if isinstance(cause.obstacle, UnreadableBuilds))
    if unread and not filled.gaps:
        return replace(cell, status="unknown", reason=Refused(causes=unread), older=instead)
    if filled.gaps:
        return replace(cell, status="unknown", reason=Refused(causes=filled.gaps), older=instead)
    return replace(cell, reason=_refused(channel, cell, filled.causes, required), unblock=remedy, older=instead)


def _refused(
    channel: Channel, cell: Cell, causes: tuple[Cause, ...], required: Sequence[Record]
) -> Refused | Unexplained:
    """Return the causes, or what the solver says where none was found."""
    if causes:
        return Refused(causes=causes)
    found = channel.solve(cell.specs, platform=cell.platform, required=required)
    return Unexplained(solver=found.text if isinstance(found, NoSolution) else "")


def platforms_with(channel: Channel, platform: str) -> Elsewhere:
    """Return a function that gives the other platforms for which there are builds of a name, or of a spec."""

    def look(name: str) -> tuple[str, ...]:
        others = []
        for other in channel.platforms():
            try:
                if other != platform and channel.index(other).match(name)[1]:
                    others.append(other)
            except UnknownError:
                continue
        return tuple(others)

    return look


def _older(channel: Channel, cell: Cell) -> str:
    """Return the version that solves if the target's own version is left open; "" if it is open, or none does."""
    first = parsed(cell.specs[0])
    if first is None or first.version is None:
        return ""
    name = first.name.normalized
    found = channel.solve((name, *cell.specs[1:]), platform=cell.platform)
    package = found.get(name) if isinstance(found, Solution) else None
    return package.version if package else ""
