"""The body of a request for a new recipe: its users, what is left to do, and its dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from dirac_forge.report.document import Block, Bold, Code, Items, Line, Paragraph, Section, Table, words

if TYPE_CHECKING:
    from dirac_forge.recipe.making.judging import Needed
    from dirac_forge.recipe.model import Recipe, Source


def recipe_sections(
    recipe: Recipe, needed: Sequence[Needed] = (), *, needed_for: Sequence[str] = ()
) -> tuple[Section, ...]:
    """Return the sections about a new recipe.

    `needed` are the rows of the tree that it comes from; `needed_for` are the feedstocks that wait for it.
    """
    return (
        Section(title=f"{recipe.feedstock} {recipe.version}", blocks=tuple(_head(recipe, needed, needed_for))),
        *Section.of("To fill in", _notes(recipe, "todo")),
        *Section.of("Needs review", _notes(recipe, "warning")),
        *Section.of("Dependencies", _dependencies(recipe, needed)),
        *Section.of("How the recipe was made", _notes(recipe, "info"), detail=True),
        *Section.of("Before merging", _checklist(recipe), detail=True),
    )


def _projects(recipe: Recipe) -> list[str]:
    return [project for output in recipe.outputs for project in output.projects]


def _head(recipe: Recipe, needed: Sequence[Needed], needed_for: Sequence[str]) -> Iterator[Block]:
    if recipe.about.summary:
        yield Paragraph(recipe.about.summary)
    if lines := tuple(_facts(recipe, dict.fromkeys((*needed_for, *_users(recipe, needed))))):
        yield Items(lines)


def _facts(recipe: Recipe, users: Iterable[str]) -> Iterator[Line]:
    about = recipe.about
    if len(recipe.outputs) > 1:
        yield f"Outputs: {words([output.name for output in recipe.outputs])}."
    if names := tuple(users):
        yield ("Needed for ", Bold(words(names)), ".")
    if links := dict.fromkeys(filter(None, (about.homepage, about.repository, about.documentation))):
        yield f"Upstream: {' '.join(links)}"
    if about.license:
        files = ", ".join(about.license_files)
        yield ("Licence: ", Code(about.license), f" ({files})" if files else "")


def _users(recipe: Recipe, needed: Sequence[Needed]) -> Iterator[str]:
    """Yield the projects outside the recipe that require one of its projects."""
    own = {canonicalize_name(project) for project in _projects(recipe)}
    for row in needed:
        if canonicalize_name(row.project) in own:
            yield from (name for name in row.required_by if canonicalize_name(name) not in own)


def _notes(recipe: Recipe, level: str) -> Iterator[Block]:
    lines = tuple(dict.fromkeys(note.sentence for note in recipe.notes if note.level == level))
    if lines:
        yield Items(lines)


def _dependencies(recipe: Recipe, needed: Sequence[Needed]) -> Iterator[Block]:
    own = {canonicalize_name(project) for project in _projects(recipe)}
    rows = [
        row
        for row in needed
        if own & set(map(canonicalize_name, row.required_by)) and canonicalize_name(row.project) not in own
    ]
    if not rows:
        return
    lacking = [row.mapped.package for row in rows if row.status in ("missing", "outdated")]
    if lacking:
        lacks = ": the channel does not have these in the versions that it requires."
        yield Paragraph((Bold(f"It waits for {words(lacking)}"), lacks))
    order = {"missing": 0, "outdated": 1, "unknown": 2, "available": 3}
    yield Table(
        head=("package", "required", "status", "in the channel", "project, and where its name comes from"),
        rows=tuple(map(_row, sorted(rows, key=lambda row: (order[row.status], row.mapped.package)))),
    )


def _row(needed: Needed) -> tuple[Line, ...]:
    requirement: Line = Code(needed.requirement) if needed.requirement else ""
    name = f"{needed.project} ({needed.mapped.mapped_by})"
    return Code(needed.mapped.package), requirement, needed.status, in_channel(needed), name


def in_channel(row: Needed) -> str:
    """Return the version of a dependency that would be installed, and the newest one where that is another."""
    if row.satisfying is None or row.satisfying == row.newest:
        return row.newest or ""
    return f"{row.satisfying} (newest {row.newest})"


def _checklist(recipe: Recipe) -> Iterator[Block]:
    sources = [*recipe.sources, *(source for output in recipe.outputs for source in output.sources)]
    abouts = [recipe.about, *(output.about for output in recipe.outputs if output.about.license)]
    boxes: list[tuple[bool, Line]] = [
        (all(note.level != "todo" for note in recipe.notes), "Nothing is left to fill in."),
        (all(about.license_files for about in abouts), "The licence file is packaged."),
        (bool(sources) and all(map(_pinned, sources)), "The source is upstream's own archive, with its hash."),
        (recipe.build_number == 0, "The build number is 0."),
        (False, "No other project's code is vendored or linked statically."),
        (False, "The maintainers have agreed in a comment to be listed."),
        (False, "The builds and tests of this request have passed."),
    ]
    yield Items(tuple(line for _, line in boxes), done=tuple(done for done, _ in boxes))


def _pinned(source: Source) -> bool:
    return source.sha256 is not None and source.url.startswith("https://")
