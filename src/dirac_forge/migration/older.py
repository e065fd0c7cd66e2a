"""Recipes that are older than what is wanted, or than what the channel has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.migration.plan import Plan
from dirac_forge.values import dataclass

_AFFIXES = re.compile(r"^lib(?=.{3})|-(base|core|dev|devel|libs?)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class OlderRecipe:
    """A feedstock here that makes a migrated package, in a version before the new one."""

    feedstock: str
    package: str
    pin: str
    version: str
    """Of the recipe."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GuessedMaker:
    """A feedstock that perhaps makes a package since a version after that of its recipe here: names say so only."""

    package: str
    built: str
    """The package's version in the channel."""
    feedstock: str
    version: str
    """Of the recipe here."""


def guessed_makers(plan: Plan, versions: Mapping[str, str]) -> Iterator[GuessedMaker]:
    """Yield the older recipes that may make these packages in a newer version, as `xrootd` makes `libxrootd`."""
    for package, built in sorted(versions.items()):
        for feedstock, facts in plan.graph.facts.items():
            alike = any(_stem(name) == _stem(package) for name in (feedstock, *facts.outputs))
            if alike and facts.version and _is_older(facts.version, built):
                yield GuessedMaker(package=package, built=built, feedstock=feedstock, version=facts.version)


def _stem(package: str) -> str:
    return _AFFIXES.sub("", package.casefold())


def older_recipes(plan: Plan) -> Iterator[OlderRecipe]:
    """Yield the recipes that do not have the new version yet, by package; none if it is pinned already."""
    for package in () if plan.already else sorted(plan.membership.packages):
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
    """Return whether a version is before a pin, or False if one of them can't be compared."""
    try:
        return Version(version) < Version(pin)
    except InvalidVersionError:
        return False
