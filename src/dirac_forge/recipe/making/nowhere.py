"""Build requirements that neither a channel nor the index has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from dirac_forge.recipe.model import Output, Recipe
from dirac_forge.recipe.notes import NoteKind, note


def without(recipe: Recipe, nowhere: Collection[str]) -> Recipe:
    """Return the recipe without these packages in host: with them nobody could build it. A note names them."""
    left = sorted({line.name for output in recipe.outputs for line in output.host if line.name in nowhere})
    if not left:
        return recipe
    notes = tuple(note("todo", NoteKind.LEFT_OUT_OF_HOST, package=name) for name in left)
    outputs = tuple(_without(output, nowhere) for output in recipe.outputs)
    return replace(recipe, outputs=outputs, notes=(*recipe.notes, *notes))


def _without(output: Output, nowhere: Collection[str]) -> Output:
    return replace(output, host=tuple(line for line in output.host if line.name not in nowhere))
