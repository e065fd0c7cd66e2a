"""A recipe to be proved, as it is proposed and as it is: its variants, rendered once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

from dirac_forge.channel.solver import Channel
from dirac_forge.check.migrations import shown_migrations
from dirac_forge.feedstock.algebra import MigrationKeys
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Variant, VariantRecipe, rendered_variants
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RenderedRecipe

Side = Literal["old", "new"]


class Subject:
    """One recipe as it is proposed (`new`) and, if it is known, as it is (`old`)."""

    def __init__(
        self,
        key: str,
        new: VariantRecipe,
        *,
        old: VariantRecipe | None = None,
        channel: Channel,
        pinning: Pinning | None,
        platforms: Sequence[str],
    ) -> None:
        """Look at `platforms` and at the recipe's own `noarch_platforms`."""
        self.key = key
        self.new = new
        self.old = old
        self.platforms = tuple(platforms)
        self._channel = channel
        self._pinning = pinning
        self._shown: dict[tuple[str, tuple[str, ...]], tuple[MigrationKeys, ...]] = {}
        self._rendered: dict[tuple[Side, str], list[tuple[Variant, RenderedRecipe]]] = {}

    def recipe(self, side: Side) -> VariantRecipe | None:
        """Return the recipe before or after; None for one that is new."""
        return self.new if side == "new" else self.old

    @property
    def is_pinned(self) -> bool:
        """Whether its variants come from a pinning; else nothing is pinned but the Pythons."""
        return self._pinning is not None

    def enabled(self, side: Side = "new") -> tuple[str, ...]:
        """Return the platforms that it is built on and for, of those that are looked at."""
        recipe = self.recipe(side)
        if recipe is None:
            return ()
        mine = {one.platform for one in recipe.forge.platforms}
        wanted = [platform for platform in self.platforms if platform in mine]
        return tuple(dict.fromkeys((*wanted, *recipe.forge.noarch_platforms)))

    def rendered(self, side: Side, platform: str) -> list[tuple[Variant, RenderedRecipe]]:
        """Return the variants of a platform that make something there.

        Raises:
            InputError: the recipe or a migration can't be read.
            UnknownError: the channel can't be read.
        """
        recipe = self.recipe(side)
        if recipe is None:
            return []
        if (side, platform) not in self._rendered:
            migrations = self._migrations(recipe, platform)
            found = rendered_variants(recipe, self._pinning, migrations, platform=platform)
            noarch_here = platform in recipe.forge.noarch_platforms
            self._rendered[side, platform] = [
                (variant, one)
                for variant, one in found
                if noarch_here or any(output.noarch is None for output in one.packages)
            ]
        return self._rendered[side, platform]

    def _migrations(self, recipe: VariantRecipe, platform: str) -> tuple[MigrationKeys, ...]:
        """Return the open migrations that it has been through, which are applied on top of the pinning."""
        if self._pinning is None or recipe.ci_support:
            return ()
        names = tuple(sorted({output.name for output in recipe.text.render(platform=platform).packages}))
        if (platform, names) not in self._shown:  # the recipe mostly makes the same as before
            self._shown[platform, names] = shown_migrations(self._pinning, self._channel.index(platform), names)
        return self._shown[platform, names]

    @cached_property
    def provides(self) -> Mapping[str, str]:
        """Package to version, as the recipe makes them now."""
        return {output.name: output.version for output in self.outputs("new")}

    def built_with(self, side: Side) -> set[str]:
        """Return the packages that its outputs have in build or host."""
        return {
            need.name
            for output in self.outputs(side)
            for need in (*output.of("build"), *output.of("host"))
            if need.kind == "package" and need.name and need.condition is None
        }

    def outputs(self, side: Side) -> Iterator[ReadOutput]:
        """Yield the outputs that are built, of every platform and variant; raises as `rendered`."""
        for platform in self.enabled(side):
            for _, rendered in self.rendered(side, platform):
                for output in rendered.packages:
                    if output.skip is not True and (output.noarch is None or self._is_noarch_platform(side, platform)):
                        yield output

    def _is_noarch_platform(self, side: Side, platform: str) -> bool:
        recipe = self.recipe(side)
        return recipe is not None and platform in recipe.forge.noarch_platforms
