"""Evidence of whether members are done: what the channel's builds carry, or what the recipes say."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from functools import cache
from typing import Protocol

from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Variant, VariantRecipe, rendered_variants
from dirac_forge.migration.exports import PinExports
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.unreached import is_migrated
from dirac_forge.recipe.reading.recipe_text import ReadOutput
from dirac_forge.values import dataclass


class Build(Protocol):
    """One build of a package in a channel."""

    @property
    def version(self) -> str:
        """As the channel spells it."""
        ...

    @property
    def build_number(self) -> int:
        """The build number."""
        ...

    @property
    def depends(self) -> tuple[str, ...]:
        """Requirements, as specs."""
        ...


Builds = Callable[[str, str], Sequence[Build]]
"""Platform and package to the builds there, noarch included; raises UnknownError if the channel can't be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CarryingBuild:
    """The channel has a build with every new pin, for each migrated variant."""

    output: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingBuild:
    """The channel has no build of an output with the new pins."""

    output: str
    pins: tuple[tuple[str, str], ...]
    """Package and pin."""
    python: str = ""
    """The variant's Python, where the output has one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """Nothing in `depends` can tell, so the recipe does: it has the migration's file, or not."""

    path: str
    there: bool
    number: int | None = None
    """The recipe's build number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotRead:
    """The channel, or the recipe, could not be read."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoChannelPlatform:
    """The channel has no packages at all for the platform, as in a partial snapshot: it is not evidence there."""


Finding = CarryingBuild | MissingBuild | Applied | NotRead | NoChannelPlatform


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Whether a feedstock is done, platform by platform."""

    done: Mapping[str, bool | None]
    """Platform to done, or None if that could not be found out."""
    findings: Mapping[str, Finding] = field(default_factory=dict)
    """Platform to what decides."""

    @property
    def all_done(self) -> bool:
        """Done on every platform that the channel has."""
        values = self._in_channel
        return bool(values) and all(value is True for value in values)

    @property
    def unknown(self) -> bool:
        """Something could not be found out, and nothing says that it is not done.

        A platform that the channel does not have counts only if there is no other.
        """
        values = self._in_channel or list(self.done.values())
        return None in values and False not in values

    @property
    def not_in_channel(self) -> tuple[str, ...]:
        """The platforms that the channel does not have."""
        return tuple(name for name, found in self.findings.items() if isinstance(found, NoChannelPlatform))

    @property
    def _in_channel(self) -> list[bool | None]:
        return [value for name, value in self.done.items() if name not in self.not_in_channel]

    @property
    def disproved(self) -> bool:
        """The channel lacks a build with the new pins; a recipe without the migration may just be an old copy."""
        return any(isinstance(finding, MissingBuild) for finding in self.findings.values())


def unread(platforms: Sequence[str], reason: str) -> Evidence:
    """Return the evidence if nothing can be found out."""
    return Evidence(done=dict.fromkeys(platforms), findings=dict.fromkeys(platforms, NotRead(reason=reason)))


_BOUND = re.compile(r"^(>=|==|=|~=)?\s*(\d[^,|*<>=!\s]*?)(\.?\*)?$")


def carries(spec: str, pin: str) -> bool:
    """Return whether a version spec of `depends` is what a build with the pin gets.

    Its lower bound, or its version, has the pin's version: `>=1.22.2,<1.23.0a0` carries 1.22, and so does `1.22.*`;
    `>=1.21.3,<2` does not. Builds are compared if both name one that matters: `3.14.* *_cp314t` is not
    `3.14.* *_cp314`.
    """
    wanted = _pin_version(pin)
    version, _, build = spec.partition(" ")
    if not _same_abi(build, pin):
        return False
    for part in version.split(","):
        match = _BOUND.match(part)
        if match is not None and (match[2] == wanted or match[2].startswith(f"{wanted}.")):
            return True
    return False


def _pin_version(pin: str) -> str:
    return pin.partition(" ")[0].removesuffix(".*").removesuffix("*")


def _same_abi(build: str, pin: str) -> bool:
    """Return whether two builds name the same Python ABI: `*_cpython` of 3.12 is `*_cp312`."""
    version, _, wanted = pin.partition(" ")
    usual = f"*_cp{''.join(version.split('.')[:2])}"
    spellings = {"*_cpython": usual}
    return not build or not wanted or spellings.get(build, build) == spellings.get(wanted, wanted)


def recipe_evidence(plan: Plan, name: str) -> Evidence:
    """Return the status according to the recipe: done with the migration's file."""
    facts = plan.graph.facts[name]
    platforms = plan.membership.members[name].platforms
    there = plan.migration.name in facts.applied
    finding = Applied(path=_path(plan), there=there, number=facts.build_number)
    return Evidence(done=dict.fromkeys(platforms, there), findings=dict.fromkeys(platforms, finding))


def _path(plan: Plan) -> str:
    return f".ci_support/migrations/{plan.migration.name}.yaml"


def channel_evidence(
    plan: Plan,
    name: str,
    recipe: VariantRecipe,
    *,
    builds: Builds,
    exports: PinExports,
    pinning: Pinning | None,
    channel_platforms: Collection[str] | None = None,
) -> Evidence:
    """Return the status according to the channel: each migrated variant needs a build with the new pins.

    `builds` are those of the member's release line. An output that the channel has on no platform says more about the
    channel, or about the recipe, than about the migration: it does not count where another output is there.
    `channel_platforms` are those that the channel has, None for all.

    Raises:
        RecipeError, ConfigurationError: the recipe or a configuration can't be read.
    """
    platforms = plan.membership.members[name].platforms
    there = [platform for platform in platforms if channel_platforms is None or platform in channel_platforms]
    heard = cache(lambda output: _heard(output, builds, there))

    def found(platform: str) -> tuple[bool | None, Finding]:
        if platform not in there:
            return None, NoChannelPlatform()
        try:
            outputs = list(_migrated_outputs(plan, recipe, pinning, platform))
            known = [each for each in outputs if heard(each[1].name)]
            return _on_platform(plan, recipe, known or outputs, platform, builds, exports)
        except UnknownError as exc:
            return None, NotRead(reason=exc.message)

    answers = {platform: found(platform) for platform in platforms}
    return Evidence(
        done={platform: done for platform, (done, _) in answers.items()},
        findings={platform: finding for platform, (_, finding) in answers.items()},
    )


def _heard(output: str, builds: Builds, platforms: Sequence[str]) -> bool:
    """Return whether the channel has an output on any platform that it can be asked about."""
    for platform in platforms:
        with suppress(UnknownError):
            if builds(platform, output):
                return True
    return False


def _on_platform(
    plan: Plan,
    recipe: VariantRecipe,
    outputs: Sequence[tuple[Variant, ReadOutput]],
    platform: str,
    builds: Builds,
    exports: PinExports,
) -> tuple[bool, Finding]:
    built: CarryingBuild | None = None
    for variant, output in outputs:
        found = builds(platform, output.name)
        wanted = _wanted(output, variant, plan, exports, found)
        if not wanted:
            continue
        match = _matching(found, variant, wanted) or _renamed(found, variant, wanted, _all_pins(variant, plan, exports))
        if match is None:
            python = _python(variant) if any(need.name == "python" for need in output.of("host")) else ""
            return False, MissingBuild(output=output.name, pins=tuple(wanted.items()), python=python)
        built = CarryingBuild(output=output.name, version=match.version)
    if built is not None:
        return True, built
    there = plan.migration.name in recipe.migrations
    return there, Applied(path=_path(plan), there=there)


def _migrated_outputs(
    plan: Plan, recipe: VariantRecipe, pinning: Pinning | None, platform: str
) -> Iterator[tuple[Variant, ReadOutput]]:
    """Yield what is built in each migrated variant."""
    keys = plan.migration.pins(platform, recipe.forge.build_platform(platform))
    for variant, rendered in rendered_variants(recipe, pinning, [keys], platform=platform):
        if is_migrated(variant, keys):
            for output in rendered.packages:
                if output.skip is not True:
                    yield variant, output


def _wanted(
    output: ReadOutput, variant: Variant, plan: Plan, exports: PinExports, found: Sequence[Build]
) -> dict[str, str]:
    """Return what a build of an output with the migration has in `depends`: exported package to pin.

    A package whose exports are not known counts if one of the output's builds has a pin of it.
    """
    wanted: dict[str, str] = {}
    for need in output.of("host") or output.of("build"):
        if need.name not in plan.membership.packages or need.condition is not None:
            continue
        pin = _pin(variant, need.name)
        if not pin:
            continue
        known = need.name in exports.by_package
        for package in exports.to(output, need.name, variant.platform):
            if known or any(package in _specs(build) for build in found):
                wanted[package] = pin
    return wanted


def _matching(found: Sequence[Build], variant: Variant, wanted: Mapping[str, str]) -> Build | None:
    """Return the build that carries every pin, and is for the variant's Python, or None if there is none."""
    for build in found:
        specs = _specs(build)
        if _fits(specs, variant) and _carries_all(specs, wanted):
            return build
    return None


def _renamed(
    found: Sequence[Build], variant: Variant, wanted: Mapping[str, str], pins: Mapping[str, str]
) -> Build | None:
    """Return a build with the new pins of other migrated packages, and none of those that the recipe here asks for.

    A library that was split or renamed is in the channel's builds before it is in an older copy of the recipe.
    """
    for build in found:
        specs = _specs(build)
        others = {package: pin for package, pin in pins.items() if package in specs}
        if others and wanted.keys().isdisjoint(specs) and _fits(specs, variant) and _carries_all(specs, others):
            return build
    return None


def _carries_all(specs: Mapping[str, Sequence[str]], pins: Mapping[str, str]) -> bool:
    return all(any(carries(spec, pin) for spec in specs.get(package, ())) for package, pin in pins.items())


def _fits(specs: Mapping[str, Sequence[str]], variant: Variant) -> bool:
    """Return whether a build with these pins is for the variant's Python, or for any."""
    python = variant.values.get("python", "")
    abi = specs.get("python_abi", ())
    return not python or not abi or any(carries(spec, python) for spec in abi)


def _all_pins(variant: Variant, plan: Plan, exports: PinExports) -> dict[str, str]:
    """Return the new pins of everything that the migrated packages export on the variant's platform."""
    pins: dict[str, str] = {}
    # Also packages that nothing in the workspace makes or needs yet.
    for package in {key.replace("_", "-") for key in plan.migration.keys} | plan.membership.packages:
        pin = _pin(variant, package)
        if pin:
            pins |= dict.fromkeys(exports.of(package, variant.platform), pin)
    return pins


def _pin(variant: Variant, package: str) -> str:
    return variant.values.get(package.replace("-", "_"), variant.values.get(package, ""))


def _specs(build: Build) -> dict[str, list[str]]:
    """Return the pins of a build, by package; several specs of one package all hold."""
    specs: dict[str, list[str]] = {}
    for depend in build.depends:
        name, _, spec = depend.partition(" ")
        if spec:
            specs.setdefault(name, []).append(spec.strip())
    return specs


def _python(variant: Variant) -> str:
    version = _pin_version(variant.values.get("python", ""))
    return f"{version}t" if variant.values.get("python", "").endswith("t") else version
