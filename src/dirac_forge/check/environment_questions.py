"""The environments that a feedstock is built and used in, for each variant and platform."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import is_abi_of
from dirac_forge.check.expected_records import host_spec
from dirac_forge.check.exports import Built
from dirac_forge.check.toolchain import toolchain_exports
from dirac_forge.feedstock.variants import Variant
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RenderedRecipe
from dirac_forge.values import dataclass

_LINE = re.compile(r"(\d+(?:\.\d+)*)(?:\.\*)?(?: .*)?")
_DULL = frozenset(
    {"target_platform", "build_platform", "channel_targets", "channel_sources", "docker_image", "cdt_name"}
)


Part = Literal["build", "host", "run", "test"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One environment, before a solver was asked."""

    output: str
    part: Part
    platform: str
    """Where the output is for."""
    on: str
    """The platform whose packages are installed: that of the build machine for build."""
    variant: str = ""
    specs: tuple[str, ...]
    required: tuple[Record, ...] = ()
    """Packages that are not in a channel yet and have to be part of it."""

    @property
    def made_for(self) -> str:
        """The platform of the output, where its build runs on another one; else ""."""
        return "" if self.platform in ("noarch", self.on) else self.platform

    @property
    def place(self) -> tuple[str, str, str, str, str]:
        """What a report tells it from other environments by."""
        return self.output, self.part, self.on, self.made_for, self.variant


def built_in(rendered: Sequence[tuple[Variant, RenderedRecipe]]) -> tuple[Question, ...]:
    """Yield the build and host environments of every output, each once; `rendered` are the variants of one platform.

    Compilers are left out: which one is used depends on the pinning alone. So are other outputs of the
    recipe, which have no version yet.
    """
    named = labels([variant for variant, _ in rendered])
    found: dict[tuple[str, str, tuple[str, ...]], Question] = {}
    for variant, recipe in rendered:
        for question in asked_by(variant, recipe, named[variant_key(variant.values)]):
            key = (question.output, question.part, question.specs)
            known = found.setdefault(key, question)
            if known.variant != question.variant:  # what distinguishes variants is not in it
                found[key] = replace(known, variant="")
    return tuple(found.values())


def asked_by(variant: Variant, recipe: RenderedRecipe, label: str = "") -> Iterator[Question]:
    """Yield the build and host environments of one variant that are not empty; `label` tells it from others."""
    names = {output.name for output in recipe.outputs}
    parts: tuple[Literal["build", "host"], ...] = ("build", "host")
    for output in recipe.packages:
        for part in parts if output.skip is not True else ():
            on = variant.platform if part == "host" or output.noarch else variant.build_platform
            # Another output of the recipe has no version yet; an earlier build of the output itself may be needed. What
            # runs on the build machine of another platform is not made by this build.
            own = names - {output.name} if on == variant.platform else names
            specs = _specs(output, part, own, recipe)
            if specs:
                yield Question(
                    output=output.name,
                    part=part,
                    platform="noarch" if output.noarch else variant.platform,
                    on=on,
                    variant=label,
                    specs=specs,
                )


def tested_with(channel: Channel, rendered: Sequence[tuple[Variant, RenderedRecipe]]) -> tuple[Question, ...]:
    """Return what the tests require, each once; `rendered` are the variants of one platform.

    Each requirement is asked for by itself, for it is not known which of them one test has together; but those that no
    channel has are one question. Tests do not run in a cross build.
    """
    found: dict[tuple[str, tuple[str, ...]], Question] = {}
    for variant, recipe in rendered:
        own = {output.name for output in recipe.outputs}
        for output in recipe.packages:
            native = variant.platform == variant.build_platform or output.noarch is not None
            specs = _specs(output, "test", own, recipe) if native and output.skip is not True else ()
            for some in _apart(channel, specs, variant.platform):
                question = Question(
                    output=output.name,
                    part="test",
                    platform="noarch" if output.noarch else variant.platform,
                    on=variant.platform,
                    specs=some,
                )
                found.setdefault((output.name, some), question)
    return tuple(found.values())


def _apart(channel: Channel, specs: Sequence[str], platform: str) -> Iterator[tuple[str, ...]]:
    """Yield each spec by itself, and those of packages that no channel has together."""
    unheard = unheard_of(channel, map(name_of, specs), platform)
    yield from ((spec,) for spec in specs if name_of(spec) not in unheard)
    if unheard:
        yield tuple(spec for spec in specs if name_of(spec) in unheard)


def used_in(channel: Channel, built: Sequence[Built], platforms: Sequence[str]) -> tuple[Question, ...]:
    """Return the environment of every package by itself, on its own platform; for noarch ones on all of `platforms`."""
    variants: dict[str, list[Mapping[str, str]]] = {}
    for one in built:
        variants.setdefault(one.platform, []).append(one.variant)
    named = {platform: labels(values) for platform, values in variants.items()}
    return tuple(
        Question(
            output=one.record.name,
            part="run",
            platform=platform,
            on=platform,
            variant="" if one.record.noarch else named[one.platform][variant_key(one.variant)],
            specs=(one.record.name,),
            required=(one.record,),
        )
        for one in built
        for platform in (platforms if one.record.noarch else (one.record.subdir,))
        if platform in platforms and for_machine(channel, one.record, platform)
    )


def are_alike(one: Question, other: Question) -> bool:
    """Whether two questions are about one environment, before and after a change."""
    if (one.output, one.part, one.on) != (other.output, other.part, other.on):
        return False
    return one.variant == other.variant or not one.variant or not other.variant


def is_for_pythons(built: Built, pythons: Sequence[str]) -> bool:
    """Whether a package is for one of these Pythons, or for all."""
    if not pythons or built.record.noarch is not None:
        return True
    own = [spec for spec in built.record.depends if name_of(spec) == "python_abi"]
    return not own or any(is_abi_of(spec, python) for spec in own for python in pythons)


def for_machine(channel: Channel, record: Record, platform: str) -> bool:
    """Whether a package is for such machines: a noarch one for `__unix` or `__win` belongs on these only."""
    index = channel.index(platform)
    machines = ("__unix", "__win", "__linux", "__osx")
    return all(index.match(spec)[1] for spec in record.depends if name_of(spec) in machines)


def unheard_of(channel: Channel, names: Iterable[str], platform: str) -> tuple[str, ...]:
    """Return which of these packages have no record on any platform.

    A channel that never heard of a package is more often incomplete than right. Raises UnknownError.
    """
    wanted = list(dict.fromkeys(names))
    index = channel.index(platform)
    index.prefetch(wanted)
    return tuple(
        name
        for name in wanted
        if not name.startswith("__")
        and not index.group(name).records
        and not any(channel.index(other).group(name).records for other in channel.platforms() if other != platform)
    )


def labels(variants: Sequence[Variant] | Sequence[Mapping[str, str]]) -> dict[tuple[tuple[str, str], ...], str]:
    """Return what distinguishes each variant from the others, in words (`python 3.12`), by its items in order."""
    rows = [one.values if isinstance(one, Variant) else one for one in variants]
    telling = _telling(rows)
    return {variant_key(row): ", ".join(f"{key} {_short(row[key])}" for key in telling if key in row) for row in rows}


def _telling(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the keys that tell variants apart, Python first."""
    found = sorted(_varying(rows) - _DULL)
    if "python" not in found:
        return found
    return ["python", *(key for key in found if key != "python" and not _goes_with(key, "python", rows))]


def _varying(rows: Sequence[Mapping[str, str]]) -> set[str]:
    """Return the keys that have several values."""
    different: set[tuple[str, str]] = set().union(*(row.items() for row in rows))
    return {key for key, values in Counter(key for key, _ in different).items() if values > 1}


def _goes_with(key: str, other: str, rows: Sequence[Mapping[str, str]]) -> bool:
    """Whether `key` says no more than `other`, as `python_impl` beside `python`."""
    pairs = {(row.get(other, ""), row.get(key, "")) for row in rows}
    return len(pairs) == len({first for first, _ in pairs})


def _short(text: str) -> str:
    match = _LINE.fullmatch(text)
    return match[1] if match else text


def variant_key(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what tells a variant from others."""
    return tuple(sorted(values.items()))


def _specs(output: ReadOutput, part: Part, own: Collection[str], recipe: RenderedRecipe) -> tuple[str, ...]:
    return tuple(
        sorted(
            {
                f"{need.name} {host_spec(need, recipe.format)}".strip()
                for need in output.of(part)
                if need.kind in ("package", "pin_compatible")
                and need.name
                and need.name not in own
                and need.condition is None
                and toolchain_exports(need.name, "") is None
            }
        )
    )
