"""Values of a recipe that are not in its text: keys of the feedstock's variants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dirac_forge.recipe.editing.text_places import TextPlace, assignments, closure
from dirac_forge.recipe.reading.recipe_text import RecipeError

Settings = Sequence[tuple[str, Mapping[str, str]]]
"""Platforms, each with a variant's values."""


def variant_key(text: str, places: Iterable[TextPlace], *, v1: bool, settings: Settings) -> tuple[str, int]:
    """Return the key of the variants that one of these values is, through variables too, and its line, from 1.

    "" for none. A value that has numbers in the text is not one of the variants'.
    """
    assigned = assignments(text, v1=v1)
    keys = {key for _, variant in settings for key in variant} - {place.name for place in assigned}
    for place in places:
        reached = closure(place.names, assigned)
        made = [place, *(one for one in assigned if one.name in reached)]
        found = sorted(reached & keys)
        if found and not any(sign.isdigit() for one in made for sign in one.raw):
            return found[0], place.line
    return "", 0


def refuse_variant_key(what: str, found: tuple[str, int], path: str) -> None:
    """Raise RecipeError if a value comes from a key of the variants."""
    key, line = found
    if key:
        problem = (
            f"{what} comes from `{key}` in the variant configuration (conda_build_config.yaml or variants.yaml): "
            "change it there"
        )
        raise RecipeError(problem, path=path, line=line)
