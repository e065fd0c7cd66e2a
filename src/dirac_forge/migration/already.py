"""Migrations to values that the pinning has already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dirac_forge.feedstock.algebra import migrated
from dirac_forge.feedstock.pinning import Configuration, Pinning
from dirac_forge.migration.plan import PinnedTogether, Plan


def already_pinned(plan: Plan, pinning: Pinning | None) -> tuple[PinnedTogether, ...]:
    """Return the values of a migration where the pinning has them, or newer ones, wherever it has members.

    () if it has not. Raises ConfigurationError.
    """
    platforms = {platform for member in plan.members for platform in member.platforms}
    if pinning is None or not platforms or plan.migration.settings.conda_forge_yml_patches:
        return ()
    for platform in platforms:
        before = pinning.configuration(platform, platform)
        after = migrated(before, plan.migration.pins(platform))
        if _values(before) != _values(after):
            return ()
    platform = min(platforms)
    zipped = migrated(pinning.configuration(platform, platform), plan.migration.pins(platform)).zip_keys
    return tuple(_together(plan.migration.pins(platform).configuration.values, plan.migration.keys, zipped))


def _together(
    pins: Mapping[str, Sequence[str]], keys: Sequence[str], zipped: Sequence[Sequence[str]]
) -> Iterator[PinnedTogether]:
    """Yield each value of each key; those of zipped keys together, each combination once."""
    told: set[str] = set()
    for key in (one for one in keys if one in pins):
        group = next((each for each in zipped if key in each), (key,))
        own = [each for each in keys if each in group and each in pins and len(pins[each]) == len(pins[key])]
        if key not in told:
            yield from dict.fromkeys(zip(*([(each, value) for value in pins[each]] for each in own), strict=True))
            told |= set(own)


def _values(configuration: Configuration) -> tuple[object, ...]:
    return dict(configuration.values), {frozenset(group) for group in configuration.zip_keys}
