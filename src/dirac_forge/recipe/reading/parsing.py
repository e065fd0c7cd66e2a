"""Recipes parsed: the file's name determines the format."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dirac_forge.recipe.reading.recipe_text import RecipeError, RecipeText

_MAX_FILE = 1_000_000
_MAX_LINE = 20_000
_KEPT = 64
"""Recipes that are remembered: a feedstock is looked at several times, one after the other."""


def parse_recipe(text: str, *, path: Path | str) -> RecipeText:
    """Return the recipe in `text`: v1 where the file is called recipe.yaml, else v0.

    The same text is parsed once a run, and what it renders to is remembered with it.

    Raises:
        RecipeError: it is larger than any recipe, or not YAML.
    """
    return _parsed(text, str(path))


@lru_cache(maxsize=_KEPT)
def _parsed(text: str, path: str) -> RecipeText:
    # Jinja and YAML take a while to import, which `--help` does not need.
    from dirac_forge.recipe.reading.v0 import RecipeV0  # noqa: PLC0415
    from dirac_forge.recipe.reading.v1 import RecipeV1  # noqa: PLC0415

    if len(text) > _MAX_FILE:
        raise RecipeError(f"{len(text):,} characters exceed the limit for recipes", path=path)
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > _MAX_LINE:
            raise RecipeError(f"{len(line):,} characters in one line", path=path, line=number)
    return RecipeV1(text, path=path) if Path(path).name == "recipe.yaml" else RecipeV0(text, path=path)
