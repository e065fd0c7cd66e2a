"""Migrations to values that the pinning has already."""

from __future__ import annotations

from dirac_forge.feedstock.algebra import migrated
from dirac_forge.feedstock.pinning import Configuration, Pinning
from dirac_forge.migration.plan import Plan


def already_pinned(plan: Plan, pinning: Pinning | None) -> str:
    """Return the values of a migration (`lib 2`) where the pinning has them, or newer ones, wherever it has members.

    "" if it has not. Raises ConfigurationError.
    """
    platforms = {platform for member in plan.members for platform in member.platforms}
    if pinning is None or not platforms or plan.migration.settings.conda_forge_yml_patches:
        return ""
    for platform in platforms:
        before = pinning.configuration(platform, platform)
        after = migrated(before, plan.migration.pins(platform))
        if _values(before) != _values(after):
            return ""
    pins = plan.migration.pins(min(platforms)).configuration.values
    return ", ".join(f"{key} {' and '.join(pins[key])}" for key in plan.migration.keys if key in pins)


def _values(configuration: Configuration) -> tuple[object, ...]:
    return dict(configuration.values), {frozenset(group) for group in configuration.zip_keys}
