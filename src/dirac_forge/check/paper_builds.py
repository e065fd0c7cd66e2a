"""The packages that several recipes would make, each built in sight of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dirac_forge.channel.solver import Channel
from dirac_forge.check.expected_records import build
from dirac_forge.check.exports import AtHand, Built, ChannelExports
from dirac_forge.check.subjects import Side, Subject
from dirac_forge.feedstock.variants import VariantRecipe
from dirac_forge.recipe.reading.mistakes import refuse_unbuildable

_MOST_PASSES = 3
_Made = dict[str, list[Built]]


def build_all(
    channel: Channel,
    subjects: Iterable[Subject],
    side: Side = "new",
    *,
    at_hand: AtHand = lambda _: None,
    known: ChannelExports | None = None,
) -> tuple[Built, ...]:
    """Return the packages that recipes would make; built again while one changes what another is built with.

    Args:
        channel: where host environments are solved.
        subjects: the recipes; those that have none on this side are left out.
        side: as they are proposed, or as they are.
        at_hand: the run_exports that a recipe at hand writes for a package.
        known: exports of the packages of `channel`, with host environments that were solved for other recipes.

    Raises:
        RecipeError: a recipe does not render; with file and line.
        UnknownError: the channel can't be read.
    """
    made: _Made = {}
    recipes = {one.key: (one, recipe) for one in subjects if (recipe := one.recipe(side)) is not None}
    stale = list(recipes)
    for _ in range(_MOST_PASSES):
        view, exports = (channel, known) if known is not None and not made else _with_made(channel, made, at_hand)
        fresh = {key: _made(view, *recipes[key], side, exports) for key in stale}
        changed = _changed(made, fresh)
        made |= fresh
        stale = [key for key, (one, recipe) in recipes.items() if _is_stale(key, recipe, one.platforms, changed)]
        if not stale:
            break
    return _unique(made)


def _with_made(channel: Channel, made: _Made, at_hand: AtHand) -> tuple[Channel, ChannelExports]:
    """Return the channel, and what its packages export, as if what was made so far were uploaded."""
    earlier = [one for some in made.values() for one in some]
    view = channel.overlaid([one.record for one in earlier])
    exports = ChannelExports(view, at_hand)
    exports.add(earlier)
    return view, exports


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


def _made(view: Channel, subject: Subject, recipe: VariantRecipe, side: Side, exports: ChannelExports) -> list[Built]:
    refuse_unbuildable(recipe.text)
    return [
        one
        for platform in subject.enabled(side)
        for one in build(
            recipe,
            feedstock=subject.key,
            channel=view,
            exports=exports,
            platform=platform,
            rendered=subject.rendered(side, platform),
            pinned=subject.is_pinned,
        )
    ]


def _built_with(recipe: VariantRecipe, platforms: Sequence[str]) -> set[str]:
    """Return the packages that an output has in build or host."""
    return {
        need.name
        for platform in platforms
        for output in recipe.text.render(platform=platform).packages
        for need in (*output.of("build"), *output.of("host"))
    }
