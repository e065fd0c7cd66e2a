"""The builds of a recipe among which its sources may differ, with the keys of the global pinning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from dirac_forge.feedstock.variants import VariantRecipe, variants
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.recipe.editing.text_places import compared_values, source_selectors
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RecipeError

if TYPE_CHECKING:
    from dirac_forge.feedstock.pinning import Pinning

_MORE_PLATFORMS = ("linux-riscv64", "win-arm64")
_OLD_PYTHON = frozenset({"py2k", "py27"})
_WELL_KNOWN = {"cran_mirror": "https://cran.r-project.org"}
"""Keys of conda-forge's pinning that sources are made from, for runs without a pinning."""

Builds = tuple[tuple[Setting, ...], tuple[Setting, ...]]


class RecipeBuilds:
    """One run: the pinning is read once, and only where a recipe's sources or numbers need it."""

    def __init__(self, context: ProposalContext, *, channel: bool) -> None:
        """Prepare builds; with `channel` the pinning may come from the channel's package."""
        self.context = context
        self.channel = channel

    def of(self, recipe: VariantRecipe) -> Builds:
        """Return `builds_of` a recipe; the keys that its sources use and it does not define come from the pinning.

        Raises RecipeError and ConfigurationError, InputError for a pinning that can't be read.
        """
        builds: Builds | None = None
        with suppress(RecipeError):  # it may be a recipe only with the pinning's keys
            builds = builds_of(recipe)
        if builds is None or _lacks_keys(recipe, builds):
            return builds_of(recipe, self._pinning, table=True)
        return builds

    @cached_property
    def _pinning(self) -> Pinning | None:
        """The folder of the settings, else the channel's package; None without either."""
        from dirac_forge.channel.opening import open_readable_channel  # noqa: PLC0415  # the solver's library is large
        from dirac_forge.feedstock.channel_pinning import pinning_of  # noqa: PLC0415

        ask = self.channel and self.context.settings.pinning is None
        return pinning_of(self.context, open_readable_channel(self.context) if ask else None)


def builds_of(recipe: VariantRecipe, pinning: Pinning | None = None, *, table: bool = False) -> Builds:
    """Return the builds among which a recipe's sources may differ, and what else the recipe could be built for.

    The first are the platforms and variants that its own configuration builds and the recipe does not skip. With
    `table`, well-known keys that nobody defines have their usual values. Raises RecipeError and ConfigurationError.
    """
    names = recipe.text.names
    platforms = {one.platform for one in recipe.forge.platforms} | set(recipe.forge.noarch_platforms)
    known = _WELL_KNOWN if table else {}
    built: list[Setting] = []
    unbuilt: list[Setting] = []
    for platform, values in _settings(recipe, pinning, known):
        # On a platform that is not built, the recipe need not even be one.
        builds = platform in platforms and recipe.text.render(platform=platform, variant=values).skipped is not True
        (built if builds else unbuilt).append((platform, values))
    if names & _OLD_PYTHON:
        unbuilt += [(platform, {**values, "python": "2.7.*"}) for platform, values in (*built, *unbuilt)]
    if not built:
        return tuple(unbuilt), ()
    return tuple(built), (*unbuilt, *_other_values(recipe, (*built, *unbuilt)))


def _other_values(recipe: VariantRecipe, settings: Sequence[Setting]) -> Iterator[Setting]:
    """Yield settings with the values that conditions of the sources ask for and no setting of the platform has."""
    first = dict(reversed(settings))
    known = {(platform, item) for platform, values in settings for item in values.items()}
    for name, value in sorted(compared_values(recipe.text.text, v1=recipe.text.format == "v1")):
        for platform, values in first.items():
            if name in values and (platform, (name, value)) not in known:
                yield platform, {**values, name: value}


def _settings(
    recipe: VariantRecipe, pinning: Pinning | None, known: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each platform and variant, with the keys that the recipe uses."""
    names = recipe.text.names
    for platform in (*PLATFORMS, *_MORE_PLATFORMS):
        for variant in variants(recipe, pinning, platform=platform, only=names):
            values = {**known, **variant.values, "build_platform": variant.build_platform}
            yield platform, {key: value for key, value in values.items() if key in names}


def _lacks_keys(recipe: VariantRecipe, builds: Builds) -> bool:
    """Return whether a key that is not defined makes a source or a build number, or selects a source."""
    known = recipe.text.given.union(*(values for _, values in builds[0]))
    if recipe.text.format == "v0" and not source_selectors(recipe.text.text) <= known:
        return True
    rendered = (recipe.text.render(platform=platform, variant=values) for platform, values in builds[0])
    return any(_is_open(output) for one in rendered for output in one.outputs)


def _is_open(output: ReadOutput) -> bool:
    """Return whether a source or the build number of an output depends on a variable that is not defined."""
    number = output.is_package and output.build_number is None
    return number or any(source.unknown for source in (*output.sources, *output.common_sources))
