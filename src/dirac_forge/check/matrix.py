"""Targets by platform and Python: installable or not, and if not, why and what would help."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Literal

from dirac_forge.channel.index import parsed
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel, NoSolution, Solution
from dirac_forge.check.analysis import Analysis
from dirac_forge.check.causes import Cause
from dirac_forge.check.explanation import explain
from dirac_forge.check.obstacles import Elsewhere
from dirac_forge.check.remedies import Unblock
from dirac_forge.check.targets import Target
from dirac_forge.check.unblock import unblock
from dirac_forge.check.wording import reason_text
from dirac_forge.errors import UnknownError
from dirac_forge.progress import Observer, Silent

__all__ = [
    "Cell",
    "HeldBack",
    "Status",
    "cells_of",
    "check",
    "explain_cell",
    "platforms_with",
    "python_spec",
    "solve_cell",
    "version_in",
]

Status = Literal["installable", "not-installable", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldBack:
    """A version that is newer than the one installed, and the facts about the machine that keep it away."""

    package: str
    version: str
    causes: tuple[Cause, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One target on one platform with one Python."""

    target: str
    platform: str
    python: str
    """`X.Y`, or "" where the target says itself which Python it wants."""
    specs: tuple[str, ...]
    """What is asked for, Python included."""
    wanted: bool
    """The target says that it must be installable here; elsewhere a no is expected."""
    channels: tuple[str, ...] = ()
    """The channels that are asked, where the target's file names some."""
    status: Status = "unknown"
    version: str = ""
    """The version that is installed of the first spec's package."""
    packages: tuple[Record, ...] = ()
    """What is installed."""
    reason: str = ""
    """Why not, or why it is unknown."""
    causes: tuple[Cause, ...] = ()
    unblock: Unblock | None = None
    older: str = ""
    """A version of the target that can be installed where the one asked for can't."""
    held_back: HeldBack | None = None
    """A newer version that this kind of machine can't have."""

    @property
    def unexpected(self) -> bool:
        """It should be installable, and is not."""
        return self.wanted and self.status == "not-installable"


def cells_of(target: Target, *, platforms: Sequence[str] = (), pythons: Sequence[str] = ()) -> tuple[Cell, ...]:
    """Return the questions that a target asks; `platforms` and `pythons` ask others than its own."""
    return tuple(
        Cell(
            target=target.name,
            platform=platform,
            python=python,
            specs=(*target.specs_for(platform), *((python_spec(python),) if python else ())),
            wanted=target.wants(platform, python),
        )
        for platform in tuple(platforms) or target.platforms
        if target.specs_for(platform)
        for python in _rows(target, pythons)
    )


def _rows(target: Target, pythons: Sequence[str]) -> tuple[str, ...]:
    """Return the Pythons to ask about; only "" where the target itself says which Python it wants."""
    if any(name_of(spec) == "python" for specs in target.all_specs() for spec in specs):
        return ("",)
    return tuple(pythons) or target.pythons or ("",)


def python_spec(python: str) -> str:
    """Return the spec of a Python: `3.14` for any build of it, `3.14t` for the free-threaded one."""
    if python.endswith("t"):
        minor = python.removesuffix("t")
        return f"python {minor}.* *_cp{minor.replace('.', '')}t"
    return f"python {python}.*"


def check(
    channel: Channel,
    cells: Sequence[Cell],
    *,
    executor: Executor,
    observer: Observer | None = None,
    remedies: bool = True,
) -> tuple[Cell, ...]:
    """Answer the cells, in their order; the Pythons of an environment without Python become one cell.

    Args:
        channel: where packages come from.
        cells: the questions, from `cells_of`.
        executor: runs the solves.
        observer: who is watching.
        remedies: also look for what would unblock each no.
    """
    watcher = observer or Silent()
    task = "checking"
    watcher.started(task, len(cells))

    groups: dict[tuple[str, str], list[int]] = {}
    for at, cell in enumerate(cells):
        groups.setdefault((cell.target, cell.platform), []).append(at)
    missing = {key: len(positions) for key, positions in groups.items()}
    solved: dict[int, Cell] = {}
    lock = threading.Lock()

    def ask(at: int) -> dict[int, Cell]:
        """Solve one cell; who solves the last of a group explains all of it, while the others still are solved."""
        cell = cells[at]
        found = solve_cell(channel, cell)
        watcher.advanced(task, detail=f"{cell.target} {cell.platform} {cell.python}")
        key = (cell.target, cell.platform)
        with lock:
            solved[at] = found
            missing[key] -= 1
            last = not missing[key]
        if not last:
            return {}
        answered = _explained(channel, [solved[each] for each in groups[key]], remedies=remedies)
        return dict(zip(groups[key], answered, strict=False))

    answers: dict[int, Cell] = {}
    for found in executor.map(ask, range(len(cells))):
        answers |= found
    watcher.finished(task)
    return tuple(answers[at] for at in sorted(answers))


def _explained(channel: Channel, cells: Sequence[Cell], *, remedies: bool) -> list[Cell]:
    """The cells of one target and platform, which mostly fail alike: what helps one is tried first on the next."""
    known: list[Unblock] = []
    explained = []
    for cell in _without_python(channel, cells):
        if cell.status == "not-installable":
            cell = explain_cell(channel, cell, known=known, remedies=remedies)
            if cell.unblock is not None and cell.unblock not in known:
                known.insert(0, cell.unblock)
        explained.append(cell)
    return _held_back(channel, explained)


def _without_python(channel: Channel, cells: Sequence[Cell]) -> Sequence[Cell]:
    """One cell where the target does not need Python: its Pythons are no different questions then."""
    first = next((cell for cell in cells if cell.status == "installable"), cells[0])
    if not first.python or first.status == "unknown":
        return cells
    specs = tuple(spec for spec in first.specs if spec != python_spec(first.python))
    if "python" in _reached(specs, first.packages):
        return cells
    question = replace(
        first, python="", specs=specs, wanted=any(cell.wanted for cell in cells), status="unknown", packages=()
    )
    alone = solve_cell(channel, question)
    needs_python = any(record.name == "python" for record in alone.packages)
    return cells if needs_python or alone.status != "installable" else (alone,)


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
    name, mask = index.match(first.specs[0])
    newest = next((record for at, record in enumerate(index.group(name).records) if mask >> at & 1), None)
    if newest is None or newest.version in {cell.version for cell in cells}:
        return None
    analysis = Analysis(index, (f"{name} =={newest.version}", *first.specs[1:]))
    causes = explain(analysis, elsewhere=platforms_with(channel, first.platform))
    machine = tuple(cause for cause in causes if cause.kind == "machine" and not cause.instead)
    return HeldBack(package=name, version=newest.version, causes=machine) if machine else None


def solve_cell(channel: Channel, cell: Cell, *, required: Sequence[Record] = ()) -> Cell:
    """Solve one cell, without an explanation."""
    try:
        found = channel.solve(cell.specs, platform=cell.platform, required=required)
    except UnknownError as exc:
        return replace(cell, status="unknown", reason=exc.message)
    match found:
        case Solution(packages=packages):
            version = version_in(packages, cell.specs[0])
            return replace(cell, status="installable", version=version, packages=packages)
        case NoSolution():
            return replace(cell, status="not-installable")


def version_in(packages: Iterable[Record], spec: str) -> str:
    """Return the version of the package that a spec asks for; "" where it is not among these."""
    name = name_of(spec)
    return next((record.version for record in packages if record.name == name), "")


def explain_cell(
    channel: Channel, cell: Cell, *, known: Sequence[Unblock] = (), remedies: bool = True, older: bool = True
) -> Cell:
    """Say why a cell has no solution, what would unblock it, and what can be installed instead."""
    try:
        others = platforms_with(channel, cell.platform)
        analysis = Analysis(channel.index(cell.platform), cell.specs)
        causes = explain(
            analysis,
            elsewhere=others,
            solves=lambda specs: isinstance(channel.solve(specs, platform=cell.platform), Solution),
        )
        remedy = None
        if remedies and not any(cause.kind == "solver" for cause in causes):
            remedy = unblock(channel, cell.specs, platform=cell.platform, causes=causes, elsewhere=others, known=known)
        instead = _older(channel, cell) if older else ""
    except UnknownError as exc:
        return replace(cell, status="unknown", reason=exc.message)
    return replace(cell, reason=reason_text(causes), causes=causes, unblock=remedy, older=instead)


def platforms_with(channel: Channel, platform: str) -> Elsewhere:
    """Return a function that gives the other platforms for which there are builds of a name."""

    def look(name: str) -> tuple[str, ...]:
        others = []
        for other in channel.platforms():
            try:
                if other != platform and channel.index(other).group(name).records:
                    others.append(other)
            except UnknownError:
                continue
        return tuple(others)

    return look


def _older(channel: Channel, cell: Cell) -> str:
    """The version that solves when the target's own version is left open; "" where it is open already, or none does."""
    first = parsed(cell.specs[0])
    if first is None or first.version is None:
        return ""
    name = first.name.normalized
    found = channel.solve((name, *cell.specs[1:]), platform=cell.platform)
    package = found.get(name) if isinstance(found, Solution) else None
    return package.version if package else ""
