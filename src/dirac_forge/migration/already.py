"""Migrations to values that the pinning has already."""

from __future__ import annotations

from collections.abc import Iterator

from dirac_forge.feedstock.algebra import migrated
from dirac_forge.feedstock.pinning import Configuration, Pinning
from dirac_forge.migration.plan import Plan

__all__ = ["already_pinned"]


def already_pinned(plan: Plan, pinning: Pinning | None) -> Iterator[str]:
    """Yield that the pinning has the values of a migration, or newer ones, wherever it has members.

    Raises ConfigurationError.
    """
    platforms = {platform for member in plan.members for platform in member.platforms}
    if pinning is None or not platforms or plan.migration.settings.conda_forge_yml_patches:
        return
    for platform in platforms:
        before = pinning.configuration(platform, platform)
        after = migrated(before, plan.migration.pins(platform))
        if _values(before) != _values(after):
            return
    pins = plan.migration.pins(min(platforms)).configuration.values
    values = ", ".join(f"{key} {' and '.join(pins[key])}" for key in plan.migration.keys if key in pins)
    yield f"the pinning has {values} already, or newer: builds with today's pinning have the migration"


def _values(configuration: Configuration) -> tuple[object, ...]:
    return dict(configuration.values), {frozenset(group) for group in configuration.zip_keys}
