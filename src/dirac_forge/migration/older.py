"""Migrated packages whose recipes are older than the new version: they have to be built first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.migration.plan import Plan

__all__ = ["OlderRecipe", "older_recipes"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OlderRecipe:
    """A feedstock here that makes a migrated package, in a version before the new one."""

    feedstock: str
    package: str
    pin: str
    version: str
    """Of the recipe."""


def older_recipes(plan: Plan) -> Iterator[OlderRecipe]:
    """Yield the recipes that do not have the new version yet, by package."""
    for package in sorted(plan.membership.packages):
        for feedstock in plan.graph.makers_of(package):
            facts = plan.graph.facts[feedstock]
            pins = {pin for platform in facts.platforms for pin in _pins(plan, package, platform)}
            if pins and facts.version and all(_is_older(facts.version, pin) for pin in pins):
                yield OlderRecipe(feedstock=feedstock, package=package, pin=min(pins), version=facts.version)


def _pins(plan: Plan, package: str, platform: str) -> tuple[str, ...]:
    values = plan.migration.pins(platform).configuration.values
    found = values.get(package.replace("-", "_"), values.get(package, ()))
    return tuple(value.partition(" ")[0].removesuffix(".*") for value in found)


def _is_older(version: str, pin: str) -> bool:
    """Return whether a version is before a pin; False where one of them can't be compared."""
    try:
        return Version(version) < Version(pin)
    except InvalidVersionError:
        return False
