"""What `dirac-forge validate` finds in a recipe: whether it can be read, and what a build would refuse."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

from dirac_forge.check.recipe_mistakes import rendered_mistakes
from dirac_forge.feedstock.facts import facts_of
from dirac_forge.feedstock.pinning import Pinning, assumed
from dirac_forge.feedstock.variants import ASSUMED_PYTHONS, VariantRecipe, rendered_variants
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.recipe.reading.functions import USUAL_KEYS
from dirac_forge.recipe.reading.licence_files import missing_licence_files
from dirac_forge.recipe.reading.mistakes import undefined_names, unpinned_languages, written_mistakes
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import Mistake, RecipeError
from dirac_forge.values import dataclass

_PLATFORMS = ("linux-64", "osx-arm64", "win-64")
_OF_CONDA_FORGE = frozenset({"is_abi3", "is_python_min"})
"""Keys of conda-forge's pinning that the recipes of `dirac-forge recipe` use, too."""
_KEY = re.compile(r"^([A-Za-z_]\w*):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RecipeAtHand:
    """A recipe with the files next to it, and of a pinning its keys."""

    recipe: VariantRecipe
    pinning: Pinning | None = None

    @classmethod
    def read(cls, path: Path, text: str, pinning: Pinning | None) -> Self:
        """Return the recipe in a file that has this text. Raises RecipeError and ForgeConfigError."""
        beside = FeedstockFolder(path.parent.name, path).read()
        return cls(replace(beside, text=parse_recipe(text, path=path)), pinning)

    def problems(self, asked: Collection[int]) -> tuple[str, ...]:
        """Return what is wrong, each with file and line, in the file's order; `asked` are lines that ask for something.

        Raises RecipeError.
        """
        text = self.recipe.text
        own = written_mistakes(text, self._configured(), asked, pinned=self.pinning is not None)
        written = (*own, *self._licence_files())
        found = sorted({*written, *self._further(written)}, key=lambda each: (each.line, each.problem))
        return tuple(f"{text.path}:{each.line}: {each.problem}".replace(":0: ", ": ") for each in found)

    def _further(self, written: Collection[Mistake]) -> Iterator[Mistake]:
        """Yield what the rendered recipe shows, without what may only follow from mistakes in the text."""
        if not written:
            facts_of(self.recipe, None, path=self.recipe.text.path)
            yield from self._rendered()
            return
        lines = {0, *(each.line for each in written)}
        with suppress(RecipeError):
            yield from (each for each in self._rendered() if each.line not in lines)

    def _licence_files(self) -> Iterator[Mistake]:
        """Yield the licence files that are not there, where the sources are."""
        for platform in _PLATFORMS:
            yield from missing_licence_files(self.recipe.text, platform, self._kind_of)

    def _kind_of(self, path: str) -> Literal["file", "folder", ""]:
        place = Path(self.recipe.text.path).parent / path
        try:
            return "folder" if place.is_dir() else "file" if place.exists() else ""
        except (OSError, ValueError):  # no name of a file: too long, or with a zero byte
            return ""

    def undefined(self) -> Mapping[str, int]:
        """Return the names that nothing at hand defines, each with its first line. Raises RecipeError."""
        return undefined_names(self.recipe.text, self._configured())

    def unpinned(self) -> Mapping[str, int]:
        """Return the keys that calls of `compiler` and `stdlib` read and nothing at hand defines, with their lines."""
        usual = USUAL_KEYS if self.pinning is None else frozenset()
        return unpinned_languages(self.recipe.text, self._configured() | usual)

    def _configured(self) -> frozenset[str]:
        keys = {key for platform in _PLATFORMS for key in assumed(platform, ASSUMED_PYTHONS).values}
        beside = (*self.recipe.configurations.values(), *self.recipe.ci_support.values())
        pinned = () if self.pinning is None else (self.pinning.text, *self.pinning.migrations.values())
        return frozenset(keys.union(_OF_CONDA_FORGE, *map(_KEY.findall, (*beside, *pinned))))

    def _rendered(self) -> Iterator[Mistake]:
        for platform in _PLATFORMS:
            for _, rendered in rendered_variants(self.recipe, None, platform=platform, only=self.recipe.text.names):
                names = {output.name for output in rendered.outputs}
                for output in rendered.packages:
                    if output.skip is not True:
                        yield from rendered_mistakes(output, names, pinned=False)
