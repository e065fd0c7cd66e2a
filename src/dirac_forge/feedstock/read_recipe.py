"""A feedstock's recipe with the files next to it, read from their texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dirac_forge.feedstock.condaforgeyml import ForgeConfig, parse_forge_config
from dirac_forge.feedstock.variants import VariantRecipe
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import CONFIGURATIONS


def recipe_of(texts: Mapping[str, str], *, root: Path) -> VariantRecipe:
    """Return a recipe out of a feedstock's files; the first is the recipe's. Messages name files below `root`."""
    first = next(iter(texts))
    forge = texts.get("conda-forge.yml")
    return VariantRecipe(
        text=parse_recipe(texts[first], path=root / first),
        forge=parse_forge_config(forge, path=root / "conda-forge.yml") if forge is not None else ForgeConfig(),
        configurations={str(root / path): text for path, text in texts.items() if Path(path).name in CONFIGURATIONS},
        ci_support={
            Path(path).stem: text for path, text in texts.items() if Path(path).parent.as_posix() == ".ci_support"
        },
        migrations={
            Path(path).stem: text for path, text in texts.items() if path.startswith(".ci_support/migrations/")
        },
    )
