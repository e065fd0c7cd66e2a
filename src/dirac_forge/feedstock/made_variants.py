"""Whether a recipe that was made builds something: it is rendered as a build would render it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dirac_forge.feedstock.generated import RECIPE_FILES, Format, files_of
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import VariantRecipe, rendered_variants
from dirac_forge.recipe.model import Recipe
from dirac_forge.recipe.notes import NoteKind, note
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.recipe.reading.parsing import parse_recipe


def checked_variants(recipe: Recipe, format_: Format, pinning: Pinning | None, pythons: Sequence[str]) -> Recipe:
    """Return a recipe, with a note for a person where all variants of an output are skipped on all platforms.

    Without a pinning, conda-forge's keys for the Pythons are taken: a build for the stable ABI, with the oldest one.
    """
    if all(not output.skip for output in recipe.outputs):
        return recipe
    path = RECIPE_FILES[format_]
    text = parse_recipe(files_of(recipe, format_)[path], path=Path(path))
    beside = {} if pinning is not None else {"recipe/variants.yaml": _python_keys(pythons)}
    built = _built(VariantRecipe(text=text, configurations=beside), pinning)
    lost = [output.name for output in recipe.outputs if output.name not in built]
    if not lost:
        return recipe
    named = pinning.path if pinning is not None else "conda-forge's Pythons"
    told = note("todo", NoteKind.NOTHING_BUILT, outputs=lost, platforms=PLATFORMS, pinning=named)
    return replace(recipe, notes=(told, *recipe.notes))


def _built(recipe: VariantRecipe, pinning: Pinning | None) -> set[str]:
    """Return the packages that some variant on some platform makes, or may make."""
    return {
        output.name
        for platform in PLATFORMS
        for _, rendered in rendered_variants(recipe, pinning, platform=platform, only=recipe.text.names)
        for output in rendered.packages
        if output.skip is not True
    }


def _python_keys(pythons: Sequence[str]) -> str:
    """Return variants.yaml with the keys that conda-forge's pinning has for each Python."""
    rows: Mapping[str, Sequence[str]] = {
        "python": [f"{python}.* *_cpython" for python in pythons],
        "is_python_min": [str(python == pythons[0]).lower() for python in pythons],
    }
    lists = "".join(f"{key}:\n" + "".join(f"- {value}\n" for value in values) for key, values in rows.items())
    return f"{lists}is_abi3:\n- true\nzip_keys:\n- - python\n  - is_python_min\n"
