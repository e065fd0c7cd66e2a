"""Packages that only proposed recipes make: the targets that they are by themselves, and their Pythons."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell, is_abi_of, python_spec
from dirac_forge.check.environment_questions import unheard_of
from dirac_forge.check.matrix import GroupKey, grouped, solve_cell
from dirac_forge.check.python_dimension import aligned, needs_python
from dirac_forge.check.subjects import Subject
from dirac_forge.check.targets import Target, make_target
from dirac_forge.errors import UnknownError
from dirac_forge.recipe.reading.recipe_text import ReadOutput


def new_targets(
    channel: Channel, subjects: Iterable[Subject], *, platforms: Sequence[str], pythons: Sequence[str]
) -> list[Target]:
    """Return a target for each package that the recipes make and no channel has, on the platforms that it is made for.

    If the channel can't be read, each of them is taken to be new: the answer is then unknown.

    Raises:
        InputError: a recipe that can't be read.
    """
    made: dict[str, set[str]] = {}
    for subject in subjects:
        for platform, output in _outputs(subject):
            made.setdefault(output.name, set()).update(platforms if output.noarch else (platform,))
    try:
        names: Collection[str] = unheard_of(channel, made, platforms[0])
    except UnknownError:
        names = made
    return [
        make_target(
            name, (name,), platforms=[platform for platform in platforms if platform in made[name]], pythons=pythons
        )
        for name in names
    ]


def _outputs(subject: Subject) -> Iterator[tuple[str, ReadOutput]]:
    """Yield what a recipe makes, with the platform that it is built on."""
    for platform in subject.enabled():
        for _, rendered in subject.rendered("new", platform):
            yield from ((platform, output) for output in rendered.packages if output.skip is not True)


def with_pythons(view: Channel, today: Channel, cells: Sequence[Cell], asked: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the cells with their Pythons where a target needs Python with the new packages of `view` only.

    Args:
        view: the channel with the new packages in it.
        today: the channel as it is.
        cells: the answers of today.
        asked: their questions, by Python.
    """
    questions = grouped(asked)
    answers: dict[GroupKey, Sequence[Cell]] = {
        key: _split(view, today, mine, questions[key]) for key, mine in grouped(cells).items()
    }
    found: list[Cell] = []
    for target in dict.fromkeys(target for target, _ in answers):
        platforms = [platform for name, platform in answers if name == target]
        found += aligned(
            {platform: answers[target, platform] for platform in platforms},
            {platform: questions[target, platform] for platform in platforms},
        )
    return tuple(found)


def _split(view: Channel, today: Channel, cells: Sequence[Cell], asked: Sequence[Cell]) -> Sequence[Cell]:
    first = cells[0]
    if first.python or not asked[0].python:
        return cells
    try:
        if not needs_python(view.index(first.platform), [solve_cell(view, first.question)]):
            return cells
    except UnknownError:
        return cells
    if first.status == "installable":
        return [solve_cell(today, cell) for cell in asked]
    # What is no or unknown without Python is so with each.
    return [replace(first, python=one.python, wanted=one.wanted, specs=one.specs) for one in asked]


def expected_for(
    view: Channel, cells: Sequence[Cell], built: Collection[Record], new: Collection[str]
) -> tuple[Cell, ...]:
    """Return the cells; those of the targets `new` are wanted for the Pythons that their own builds allow.

    Where they allow none of these, all stay wanted: the package can be installed with no Python that is asked about.
    """
    allowed = {id(cell): any(_allows(view, record, cell) for record in built) for cell in cells}
    some = {cell.target for cell in cells if cell.target in new and allowed[id(cell)]}
    return tuple(
        replace(cell, wanted=cell.wanted and allowed[id(cell)]) if cell.target in some else cell for cell in cells
    )


def _allows(view: Channel, record: Record, cell: Cell) -> bool:
    """Whether a build is the target's own, and for the cell's platform and Python."""
    if record.name != cell.target or record.subdir not in ("noarch", cell.platform):
        return False
    if not cell.python:
        return True
    index = view.index(cell.platform)
    _, allowed = index.match(python_spec(cell.python))
    needs = {name: [spec for spec in record.depends if name_of(spec) == name] for name in ("python", "python_abi")}
    return all(is_abi_of(spec, cell.python) for spec in needs["python_abi"]) and all(
        index.match(spec)[1] & allowed for spec in needs["python"]
    )
