"""Members that a migration does not reach: rebuilding them changes nothing.

Either the recipe skips every migrated variant (a build for all Pythons is made with the oldest one only), or it pins
the migrated package itself to versions that exclude the new one, or it needs the package only on platforms where the
migration changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from rattler import Version, VersionSpec
from rattler.exceptions import InvalidVersionError, InvalidVersionSpecError

from dirac_forge.feedstock.algebra import MigrationKeys
from dirac_forge.feedstock.facts import FeedstockFacts, Need
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Variant, VariantRecipe, variants
from dirac_forge.migration.exclusions import NoRebuild
from dirac_forge.migration.members import Excluded, Member, Membership, base_of
from dirac_forge.migration.schema import Migration
from dirac_forge.recipe.reading.recipe_text import ReadOutput
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedVariants:
    """The recipe skips every migrated variant."""

    line: int
    """Of the condition, or 0 if none of the recipe's variants has the new values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPin:
    """The recipe pins the migrated package itself, to other versions."""

    need: Need
    pin: str
    """The new version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnchangedPlatform:
    """The migration changes no pin of a package that the recipe needs on the platform."""

    needs: tuple[Need, ...]
    """The requirements that would make it a member there."""


Unreached = SkippedVariants | OwnPin | UnchangedPlatform


def skipped_variants(
    recipe: VariantRecipe,
    migration: Migration,
    *,
    packages: frozenset[str],
    platforms: Sequence[str],
    pinning: Pinning | None,
) -> dict[str, SkippedVariants]:
    """Return the platforms where a recipe builds nothing with a migrated package in a migrated variant.

    Raises RecipeError and ConfigurationError.
    """
    skipped: dict[str, SkippedVariants] = {}
    for platform in platforms:
        keys = migration.pins(platform, recipe.forge.build_platform(platform))
        outputs = list(_linked_outputs(recipe, pinning, keys, packages, platform))
        if all(output.skip is True for output in outputs):
            lines = (output.skip_line for output in outputs)
            skipped[platform] = SkippedVariants(line=next(filter(None, lines), 0))
    return skipped


def _linked_outputs(
    recipe: VariantRecipe, pinning: Pinning | None, keys: MigrationKeys, packages: frozenset[str], platform: str
) -> Iterator[ReadOutput]:
    """Yield the outputs with a migrated package in host, in each migrated variant, skipped or not."""
    for variant in variants(recipe, pinning, [keys], platform=platform):
        if is_migrated(variant, keys):
            rendered = recipe.text.render(
                platform=platform, variant=variant.values, build_platform=variant.build_platform
            )
            for output in rendered.packages:
                if any(need.name in packages for need in output.of("host") or output.of("build")):
                    yield output


def is_migrated(variant: Variant, keys: MigrationKeys) -> bool:
    """Return whether a variant is one that the migration makes: where it adds values, one with these values."""
    if keys.operation != "key_add":
        return True
    added = keys.configuration.values
    return all(variant.values[key] in values for key, values in added.items() if key in variant.values)


def refined(
    membership: Membership,
    facts: Mapping[str, FeedstockFacts],
    migration: Migration,
    skipped: Mapping[str, Mapping[str, SkippedVariants]],
) -> Membership:
    """Return the membership without the platforms, and the members, that the migration does not reach."""
    members: dict[str, Member] = {}
    excluded = dict(membership.excluded)
    for name, member in membership.members.items():
        unreached: dict[str, Unreached] = {
            **own_pins(member, facts[name], migration),
            **skipped.get(name, {}),
            **unchanged(member, facts[name], migration),
        }
        platforms = tuple(platform for platform in member.platforms if platform not in unreached)
        if platforms or not unreached:
            members[name] = replace(member, platforms=platforms)
        else:
            excluded[name] = Excluded(feedstock=name, reason=_no_rebuild(facts[name], unreached))
    absent = tuple(name for name in membership.absent if base_of(name) in members)
    ordered = {name: excluded[name] for name in sorted(excluded)}
    return replace(membership, members=members, excluded=ordered, absent=absent)


def _no_rebuild(facts: FeedstockFacts, unreached: Mapping[str, Unreached]) -> NoRebuild:
    """Return the reason: what the recipe says where the migration changes something, else that it does nowhere."""
    changed = (each for each in unreached.values() if not isinstance(each, UnchangedPlatform))
    match next(changed, None) or next(iter(unreached.values())):
        case UnchangedPlatform(needs=needs):
            names = ", ".join(dict.fromkeys(need.name for need in needs))
            return NoRebuild(kind="unchanged-platforms", need=names, platforms=tuple(sorted(unreached)))
        case SkippedVariants(line=0):
            return NoRebuild(kind="same-variants")
        case SkippedVariants(line=line):
            return NoRebuild(kind="skips-variants", place=f"{facts.recipe}:{line}")
        case OwnPin(need=need, pin=pin):
            return NoRebuild(kind="own-pin", place=f"{facts.recipe}:{need.line}", need=need.text, pin=pin)


def unchanged(member: Member, facts: FeedstockFacts, migration: Migration) -> dict[str, UnchangedPlatform]:
    """Return the platforms where a member needs a migrated package, and the migration changes no pin of one.

    They are not among those of its `platform_allowlist`, or all such pins are under selectors that do not hold there.
    Raises ConfigurationError.
    """
    found: dict[str, UnchangedPlatform] = {}
    wanted = migration.settings.platform_allowlist
    for platform in facts.platforms:
        bit = 1 << facts.platforms.index(platform)
        needs = tuple(need for need in member.because if need.platforms & bit)
        allowed = not wanted or platform in wanted
        if (needs or platform in member.platforms) and not (allowed and _changes(migration, platform, needs)):
            found[platform] = UnchangedPlatform(needs=needs)
    return found


def _changes(migration: Migration, platform: str, needs: Sequence[Need]) -> bool:
    """Return whether a migration changes a pin of one of these on a platform, or of anything if no pin is theirs."""
    if migration.settings.conda_forge_yml_patches:
        return True
    values = migration.pins(platform).configuration.values
    named = [need for need in needs if {need.name, need.name.replace("-", "_")} & set(migration.keys)]
    return any(_new_pins(need, values) for need in named) if named else bool(values)


def own_pins(member: Member, facts: FeedstockFacts, migration: Migration) -> dict[str, OwnPin]:
    """Return the platforms where every requirement that makes a member excludes the new version."""
    found: dict[str, OwnPin] = {}
    if all(" " not in need.text for need in member.because):
        return found
    for platform in member.platforms:
        bit = 1 << facts.platforms.index(platform)
        keys = migration.pins(platform).configuration.values
        needs = [need for need in member.because if need.platforms & bit]
        excluding = [_own_pin(need, _new_pins(need, keys), facts) for need in needs]
        first = excluding[0] if needs and all(excluding) else None
        if first is not None:
            found[platform] = first
    return found


def _own_pin(need: Need, new: Sequence[str], facts: FeedstockFacts) -> OwnPin | None:
    """Return a requirement that excludes every new version for sure, None for another."""
    fixed = bool(new) and need.condition is None and need.line not in facts.templated
    if fixed and not any(admits(_spec(need.text), pin) for pin in new):
        return OwnPin(need=need, pin=" or ".join(new))
    return None


def _new_pins(need: Need, keys: Mapping[str, Sequence[str]]) -> list[str]:
    values = keys.get(need.name.replace("-", "_"), keys.get(need.name, ()))
    return list(dict.fromkeys(value.partition(" ")[0].removesuffix(".*") for value in values))


def _spec(text: str) -> str:
    """Return the version part of a requirement; a bare version means its line, as in a host environment."""
    spec = re.sub(r"\s*([,|])\s*", r"\1", text.partition(" ")[2].strip()).partition(" ")[0]
    return f"{spec}.*" if re.fullmatch(r"\d[\w.]*", spec) else spec


@lru_cache(maxsize=4_096)
def admits(spec: str, pin: str) -> bool:
    """Return whether a version spec admits a version of the line `pin`; one that can't be read does.

    >>> admits("<3.14", "3.14"), admits(">=1.22.3", "1.22"), admits("1.*|2.*", "2")
    (False, True, True)
    """
    if not spec or spec == "*":
        return True
    written = [text for text in re.findall(r"\d[\w.]*", spec) if text.startswith(f"{pin}.")]
    try:
        wanted = VersionSpec(spec)
        return any(wanted.matches(Version(text)) for text in _of_line(pin, written))
    except (InvalidVersionError, InvalidVersionSpecError):
        return True


def _of_line(pin: str, written: Iterable[str]) -> list[str]:
    """Return versions of a line: its first, a late one, and those that a spec mentions, with their neighbours."""
    return [pin, f"{pin}.99999", *(text.strip(".") for text in written), *(f"{text.strip('.')}.1" for text in written)]
