"""The packages that several recipes would make, each built in sight of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dirac_forge.channel.solver import Channel
from dirac_forge.check.expected_records import build
from dirac_forge.check.exports import AtHand, Built, ChannelExports
from dirac_forge.check.migrations import shown_migrations
from dirac_forge.feedstock.algebra import MigrationKeys
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import VariantRecipe
from dirac_forge.recipe.reading.mistakes import refuse_unbuildable

__all__ = ["build_all", "migrations_of"]

_MOST_PASSES = 3
_Made = dict[str, list[Built]]


def build_all(
    channel: Channel,
    recipes: Mapping[str, VariantRecipe],
    *,
    platforms: Sequence[str],
    pinning: Pinning | None,
    at_hand: AtHand = lambda _: None,
    known: ChannelExports | None = None,
) -> tuple[Built, ...]:
    """Return the packages that the recipes would make; built again while one changes what another is built with.

    Args:
        channel: where host environments are solved.
        recipes: by the names of their feedstocks.
        platforms: to build for.
        pinning: conda-forge-pinning.
        at_hand: the run_exports that a recipe at hand writes for a package.
        known: exports of the packages of `channel`, with host environments that were solved for other recipes.

    Raises:
        RecipeError: a recipe does not render; with file and line.
        UnknownError: the channel can't be read.
    """
    made: _Made = {}
    stale = list(recipes)
    for _ in range(_MOST_PASSES):
        view, exports = channel, known
        if made or exports is None:
            earlier = [one for some in made.values() for one in some]
            view = channel.overlaid([one.record for one in earlier])
            exports = ChannelExports(view, at_hand)
            exports.add(earlier)
        fresh = {
            feedstock: _made(view, feedstock, recipes[feedstock], platforms, channel, exports, pinning)
            for feedstock in stale
        }
        changed = _changed(made, fresh)
        made |= fresh
        stale = [name for name, recipe in recipes.items() if _is_stale(name, recipe, platforms, changed)]
        if not stale:
            break
    return _unique(made)


def migrations_of(
    channel: Channel, recipe: VariantRecipe, platform: str, pinning: Pinning | None
) -> tuple[MigrationKeys, ...]:
    """Return the open migrations that a feedstock has been through, which are applied on top of the pinning.

    Raises:
        ConfigurationError: a migration can't be read.
        ChannelUnknownError: the channel can't be read.
    """
    if pinning is None or recipe.ci_support:
        return ()
    names = {output.name for output in recipe.text.render(platform=platform).packages}
    return shown_migrations(pinning, channel.index(platform), sorted(names))


def _unique(made: _Made) -> tuple[Built, ...]:
    """Return each package once, as the first recipe that makes it does."""
    found: dict[tuple[str, str], Built] = {}
    for one in (one for some in made.values() for one in some):
        found.setdefault((one.record.subdir, one.record.file), one)
    return tuple(found.values())


def _is_stale(feedstock: str, recipe: VariantRecipe, platforms: Sequence[str], changed: Mapping[str, str]) -> bool:
    """Whether another feedstock changed a package that this one is built with."""
    return any(changed.get(name, feedstock) != feedstock for name in _built_with(recipe, platforms))


def _changed(before: _Made, fresh: _Made) -> dict[str, str]:
    """Return the feedstocks of the packages whose records differ from the pass before, by name."""
    return {
        one.record.name: feedstock
        for feedstock, built in fresh.items()
        if [one.record for one in built] != [one.record for one in before.get(feedstock, ())]
        for one in built
    }


def _made(
    view: Channel,
    feedstock: str,
    recipe: VariantRecipe,
    platforms: Sequence[str],
    channel: Channel,
    exports: ChannelExports,
    pinning: Pinning | None,
) -> list[Built]:
    refuse_unbuildable(recipe.text)
    found: list[Built] = []
    for platform in dict.fromkeys((*platforms, *recipe.forge.noarch_platforms)):
        made = build(
            recipe,
            feedstock=feedstock,
            channel=view,
            exports=exports,
            platforms=[platform],
            pinning=pinning,
            migrations=migrations_of(channel, recipe, platform, pinning),
        )
        found += [one for one in made if one.platform == platform]
    return found


def _built_with(recipe: VariantRecipe, platforms: Sequence[str]) -> set[str]:
    """Return the packages that an output has in build or host."""
    return {
        need.name
        for platform in platforms
        for output in recipe.text.render(platform=platform).packages
        for need in (*output.of("build"), *output.of("host"))
    }
