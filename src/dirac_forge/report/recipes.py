"""Recipes that were made, and the status of their dependencies, as text for people and as JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence

from rich.console import Group, RenderableType

from dirac_forge.feedstock.generated import WriteOutcome
from dirac_forge.recipe.making.judging import Needed
from dirac_forge.recipe.making.maker import MadeRecipes
from dirac_forge.recipe.model import Output, Recipe, Requirement
from dirac_forge.recipe.notes import Note
from dirac_forge.report.document import Block, Bold, Code, Items, Line, Paragraph, Section, Table, words
from dirac_forge.report.making_words import worded
from dirac_forge.report.next_steps import near
from dirac_forge.report.numbers import counted
from dirac_forge.report.recipe_body import in_channel
from dirac_forge.report.terminal import Shown, diff

_LABELS = {"info": "note", "warning": "check", "todo": "to do"}
_ORDER = {"missing": 0, "outdated": 1, "unknown": 2, "available": 3}
_SHOWN = 3
"""How many of the projects that require a dependency are named; --json has all."""
_MOST_ROWS = 20
"""Dependencies that need action; --table shows all."""


_NO_MAINTAINER: Line = (Bold(f"{_LABELS['todo']}:"), " fill in recipe-maintainers (", Code("--maintainer NAME"), ")")


def as_text(
    made: MadeRecipes, outcomes: Sequence[WriteOutcome], *, verbose: bool, table: bool = False
) -> RenderableType:
    """Return the recipes with their notes, then dependencies that need action (all with `table`)."""
    parts: list[RenderableType] = []
    for recipe, outcome in zip(made.recipes, outcomes, strict=True):
        parts.append(Shown([_recipe(recipe, outcome, verbose=verbose)]))
        if outcome.state == "differs":
            parts += [diff(edit.diff) for edit in outcome.edits]
    sections = [
        *Section.of("Dependencies", _dependencies(made, table=table)),
        *Section.of("Problems", [Items(tuple(map(worded, made.problems)))] if made.problems else []),
    ]
    return Group(*parts, Shown(sections))


def _recipe(recipe: Recipe, outcome: WriteOutcome, *, verbose: bool) -> Section:
    several = f" ({words([output.name for output in recipe.outputs])})" if len(recipe.outputs) > 1 else ""
    title: Line = (f"{recipe.feedstock} {recipe.version}{several}: {outcome.state} ", Code(near(outcome.recipe_file)))
    blocks: list[Block] = [] if recipe.maintainers else [Items((_NO_MAINTAINER,))]
    blocks += _all_notes(recipe.notes) if verbose else _most_notes(recipe.notes)
    if outcome.state == "differs":
        blocks.append(Paragraph(("kept: ", Code("--force"), " overwrites it")))
    return Section(title=title, blocks=tuple(blocks))


def _all_notes(notes: Sequence[Note]) -> list[Block]:
    return [Items(tuple(map(_note, notes)))] if notes else []


def _most_notes(notes: Sequence[Note]) -> list[Block]:
    """Return the notes that are more than information, and the number of the others."""
    lines = tuple(_note(note) for note in notes if note.level != "info")
    blocks: list[Block] = [Items(lines)] if lines else []
    if left := len(notes) - len(lines):
        blocks.append(Paragraph(f"{left} more note{'s' if left > 1 else ''} with -v"))
    return blocks


def _note(note: Note) -> Line:
    return Bold(f"{_LABELS[note.level]}:"), f" {note.sentence}"


def _dependencies(made: MadeRecipes, *, table: bool) -> list[Block]:
    if not made.needed:
        return []
    rows = sorted(made.needed, key=lambda row: (_ORDER[row.status], row.project.lower()))
    if table:
        return [_table(rows), Paragraph(_count(rows))]
    if all(row.status == "unknown" and not row.presumed for row in rows):
        which = f"the {len(rows)} dependencies" if len(rows) > 1 else f"{rows[0].mapped.package}, the only dependency"
        return [Paragraph(f"It is unknown whether a channel has {which}: {_why_unknown(made)}.")]
    return [*_remarkable(rows, _direct(made)), Paragraph((f"{_count(rows)} ", Code("--table"), " shows all."))]


def _why_unknown(made: MadeRecipes) -> str:
    if made.as_of is not None:
        return "the embedded snapshot lacks " + ("all of them" if len(made.needed) > 1 else "it")
    return "only a snapshot of a part of one was asked" if made.part else "some could not be read"


def _direct(made: MadeRecipes) -> frozenset[str]:
    """Return what the recipes' projects require themselves: guesses among these names are notes on the recipes."""
    own = {project for recipe in made.recipes for output in recipe.outputs for project in output.projects}
    return frozenset(row.project for row in made.needed if not own.isdisjoint(row.required_by))


def _remarkable(rows: Sequence[Needed], direct: Container[str]) -> list[Block]:
    """Return the dependencies that somebody has to do something about, and further names that are guessed."""
    action = [row for row in rows if row.status in ("missing", "outdated")]
    blocks: list[Block] = [_table(action[:_MOST_ROWS])] if action else []
    if len(action) > _MOST_ROWS:
        blocks.append(Paragraph(f"and {len(action) - _MOST_ROWS} more"))
    blocks += _listed("unknown", [row for row in rows if row.status == "unknown" and not row.presumed])
    blocks += _listed("not in this channel, but probably in conda-forge", [row for row in rows if row.presumed])
    guessed = (row for row in rows if row.mapped.mapped_by == "guess" and row.project not in direct)
    blocks += _listed("guessed names (check them)", [row for row in guessed if row.status != "unknown" or row.presumed])
    return blocks


def _listed(what: str, rows: Sequence[Needed]) -> list[Block]:
    return [Items((f"{what}: {words(list(dict.fromkeys(row.mapped.package for row in rows)), 12)}",))] if rows else []


def _table(rows: Sequence[Needed]) -> Table:
    head = ("project", "package", "required", "status", "in channel", "name from", "required by")
    return Table(
        head=head,
        rows=tuple(
            (
                row.project,
                row.mapped.package,
                row.requirement,
                Bold(_status(row)),
                in_channel(row),
                row.mapped.mapped_by,
                _required_by(row),
            )
            for row in rows
        ),
        narrow=tuple(_sentence(row) for row in rows),
    )


def _sentence(row: Needed) -> Line:
    package = f"{row.mapped.package} {row.requirement}".strip()
    name = package if row.mapped.package == row.project.lower() else f"{package} (for {row.project})"
    newest = f" (the channel has {row.newest})" if row.newest and row.status != "available" else ""
    return f"{name}: ", Bold(_status(row)), f"{newest}, required by {_required_by(row)}"


def _required_by(row: Needed) -> str:
    return words(row.required_by, _SHOWN)


def _status(row: Needed) -> str:
    """Return the status, with a mark where it is that of the embedded snapshot's day."""
    return f"{row.status}*" if row.as_of is not None else row.status


def _count(rows: Sequence[Needed]) -> str:
    counts = Counter(_status(row) for row in sorted(rows, key=lambda row: -_ORDER[row.status]))
    listed = ", ".join(f"{number} {status}" for status, number in counts.items())
    return f"{counted(len(rows), 'dependency', 'dependencies')}: {listed}."


def as_json(made: MadeRecipes, outcomes: Sequence[WriteOutcome]) -> dict[str, object]:
    """Return the document of `recipe --json`."""
    return {
        "recipes": [_recipe_json(recipe, outcome) for recipe, outcome in zip(made.recipes, outcomes, strict=True)],
        "dependencies": [_needed_json(row) for row in made.needed],
        "problems": list(map(worded, made.problems)),
    }


def refusals(recipes: Sequence[Recipe]) -> list[str]:
    """Return a sentence for each recipe that can't be proposed as a new one."""
    return [
        f"{recipe.feedstock}: not proposed, because there is {_and_versions(recipe)} already, and staged-recipes takes "
        "new packages only. Change its feedstock instead (dirac-forge sync, dirac-forge bump)."
        for recipe in recipes
        if recipe.in_channel
    ]


def _and_versions(recipe: Recipe) -> str:
    return words([f"{name} {version}" for name, version in recipe.in_channel.items()])


def _recipe_json(recipe: Recipe, outcome: WriteOutcome) -> dict[str, object]:
    return {
        "feedstock": recipe.feedstock,
        "path": str(outcome.recipe_file),
        "state": outcome.state,
        "diff": "".join(edit.diff for edit in outcome.edits) if outcome.state == "differs" else "",
        "projects": [project for output in recipe.outputs for project in output.projects],
        "version": recipe.version,
        "in_channel": dict(recipe.in_channel),
        "outputs": [_output_json(recipe, output) for output in recipe.outputs],
        "notes": [
            {"level": note.level, "code": note.kind.name.lower().replace("_", "-"), "text": note.sentence}
            for note in recipe.notes
        ],
    }


def _output_json(recipe: Recipe, output: Output) -> dict[str, object]:
    return {
        "name": output.name,
        "version": output.version or recipe.version,
        "noarch": output.noarch,
        "build": [_line(recipe, line) for line in output.build],
        "host": [_line(recipe, line) for line in output.host],
        "run": [_line(recipe, line) for line in output.run],
        "entry_points": list(output.entry_points),
        "imports": list(output.test.imports),
        "license": output.about.license,
        "license_files": list(output.about.license_files),
    }


def _line(recipe: Recipe, line: Requirement) -> str:
    """Return one requirement in conda's words, context variables filled in where the recipe gives them."""
    name = {"compiler": f"compiler_{line.name}", "stdlib": f"stdlib_{line.name}", "cross_python": "cross-python"}.get(
        line.kind, line.name
    )
    text = f"{name} {line.spec}".strip()
    for variable, value in {"version": recipe.version, **recipe.context}.items():
        text = text.replace(f"@{{{variable}}}", value)
    return re.sub(r"@\{(\w+)\}", r"${{ \1 }}", text)  # what the channel's pinning gives


def _needed_json(row: Needed) -> dict[str, object]:
    return {
        "project": row.project,
        "version": row.version,
        "requirement": row.requirement,
        "package": row.mapped.package,
        "mapped_by": row.mapped.mapped_by,
        "evidence": row.mapped.evidence,
        "status": row.status,
        "as_of": row.as_of.isoformat() if row.as_of is not None else None,
        "newest": row.newest,
        "satisfying": row.satisfying,
        "required_by": list(row.required_by),
        "problem": row.problem,
    }
