"""Patches that a recipe carries: after a bump they may not apply any more, or not be needed."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.recipe.reading.parsing import parse_recipe

__all__ = ["patches_of"]


def patches_of(text: str, *, path: str, settings: Sequence[Setting]) -> tuple[str, ...]:
    """Each patch of the recipe once, as it writes them, over all builds. Raises RecipeError."""
    if "patches" not in text:
        return ()
    recipe = parse_recipe(text.replace("\r\n", "\n"), path=path)
    return tuple(
        dict.fromkeys(
            patch
            for platform, variant in settings
            for output in recipe.render(platform=platform, variant=variant).outputs
            for source in output.sources
            for patch in source.patches
        )
    )
