"""Recipes that were made, as a table for people and as JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dirac_forge.feedstock.generated import WriteOutcome
from dirac_forge.recipe.making.maker import MadeRecipes, Needed
from dirac_forge.recipe.model import Note, Output, Recipe, Requirement

__all__ = ["as_json", "as_text"]

_STYLES = {"available": "green", "outdated": "yellow", "missing": "red", "unknown": "magenta"}
_STATES = {"written": "green", "unchanged": "dim", "differs": "yellow"}
_SHOWN = 3
"""How many of those that need something are named in the table; --json names all."""


def as_text(made: MadeRecipes, outcomes: Sequence[WriteOutcome], *, verbose: bool) -> RenderableType:
    """The recipes with what a person should know of them, then what they need and where it stands."""
    parts: list[RenderableType] = []
    for recipe, outcome in zip(made.recipes, outcomes, strict=True):
        parts += _recipe(recipe, outcome, verbose=verbose)
    if made.needed:
        parts += [Text(), _dependencies(made.needed), _count(made.needed)]
    if any(row.status == "unknown" and row.mapped.mapped_by == "guess" for row in made.needed):
        parts.append(Text("Names from a guess were not confirmed by a channel: look at them.", style="yellow"))
    parts += [Text(problem, style="yellow") for problem in made.problems]
    return Group(*parts)


def _recipe(recipe: Recipe, outcome: WriteOutcome, *, verbose: bool) -> Iterable[RenderableType]:
    yield _title(recipe, outcome)
    if outcome.state == "differs":
        yield from (_diff(edit.diff) for edit in outcome.edits)
        yield Text("  kept as it is; --force writes", style="yellow")
    shown = [note for note in recipe.notes if verbose or note.level != "info"]
    yield from map(_note, shown)
    if left := len(recipe.notes) - len(shown):
        yield Text(f"  {left} more note{'s' if left > 1 else ''} on how it was decided with -v", style="dim")


def _title(recipe: Recipe, outcome: WriteOutcome) -> Text:
    outputs = ", ".join(output.name for output in recipe.outputs)
    several = f" ({outputs})" if len(recipe.outputs) > 1 else ""
    title = Text.assemble((f"{recipe.feedstock} {recipe.version}", "bold"), several, ": ")
    return title.append(outcome.state, _STATES[outcome.state]).append(f" {outcome.recipe_file}")


def _diff(text: str) -> Text:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    lines = [Text(f"  {line}", style=styles.get(line[:1], "")) for line in text.splitlines()]
    return Text("\n").join(lines)


def _note(note: Note) -> Text:
    style, label = {"info": ("dim", "note"), "warning": ("yellow", "check"), "todo": ("red", "fill in")}[note.level]
    return Text.assemble("  ", (f"{label}: ", style), note.sentence)


def _dependencies(needed: Sequence[Needed]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="What it needs", title_justify="left")
    for heading in ("project", "package", "required", "status", "in channel", "name from"):
        table.add_column(heading, overflow="fold")
    table.add_column("needed by", no_wrap=True, overflow="ellipsis")
    order = {"missing": 0, "outdated": 1, "unknown": 2, "available": 3}
    for row in sorted(needed, key=lambda one: (order[one.status], one.project.lower())):
        others = len(row.required_by) - _SHOWN
        by = ", ".join(row.required_by[:_SHOWN]) + (f" and {others} more" if others > 0 else "")
        table.add_row(
            row.project,
            row.mapped.package,
            row.requirement,
            Text(row.status, style=_STYLES[row.status]),
            row.newest or "",
            row.mapped.mapped_by,
            by,
        )
    return table


def _count(needed: Iterable[Needed]) -> Text:
    counts = Counter(row.status for row in needed)
    told = [
        f"{counts[status]} {status}" for status in ("available", "outdated", "missing", "unknown") if counts[status]
    ]
    return Text(f"{sum(counts.values())} dependencies: {', '.join(told)}", style="bold")


def as_json(made: MadeRecipes, outcomes: Sequence[WriteOutcome]) -> dict[str, object]:
    """The document of `recipe --json`; keys that programs may rely on stand in the README."""
    return {
        "recipes": [_recipe_json(recipe, outcome) for recipe, outcome in zip(made.recipes, outcomes, strict=True)],
        "dependencies": [_needed_json(row) for row in made.needed],
        "problems": list(made.problems),
    }


def _recipe_json(recipe: Recipe, outcome: WriteOutcome) -> dict[str, object]:
    return {
        "feedstock": recipe.feedstock,
        "path": str(outcome.recipe_file),
        "state": outcome.state,
        "diff": "".join(edit.diff for edit in outcome.edits) if outcome.state == "differs" else "",
        "projects": [project for output in recipe.outputs for project in output.projects],
        "version": recipe.version,
        "outputs": [_output_json(recipe, output) for output in recipe.outputs],
        "notes": [{"level": note.level, "text": note.sentence} for note in recipe.notes],
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
    """One requirement in conda's words, context variables filled in where the recipe gives them."""
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
        "newest": row.newest,
        "required_by": list(row.required_by),
        "problem": row.problem,
    }
