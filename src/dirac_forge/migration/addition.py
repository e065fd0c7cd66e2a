"""A new platform: what of a target's closure has no build there, and in which order it could be enabled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from dirac_forge.check.answer_reasons import CellReason
from dirac_forge.check.cells import Cell
from dirac_forge.check.remedies import Unblock
from dirac_forge.feedstock.condaforgeyml import BuildPlatform, ForgeConfig
from dirac_forge.feedstock.graph import Graph
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import VariantRecipe, variants
from dirac_forge.migration.effects import fewest
from dirac_forge.migration.order import Cycle, order_of
from dirac_forge.recipe.reading.recipe_text import ReadOutput, Section
from dirac_forge.values import dataclass

Depends = Callable[[str], tuple[str, ...] | None]
"""A package to the names that its newest build for the platform (or noarch) depends on, or None if there is no build.
Raises UnknownError if that can't be found out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformFacts:
    """What a recipe says for a platform that it is perhaps not built for."""

    host: tuple[str, ...]
    run: tuple[str, ...]
    skipped: str | None
    """Where the recipe skips the platform: file and line, or None if it does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Enabled:
    """A feedstock that would have to be enabled for the platform."""

    feedstock: str
    packages: tuple[str, ...]
    """Of its packages those that are needed and have no build there."""
    wave: int
    waits_for: tuple[str, ...]
    skipped: str | None
    path: tuple[str, ...]
    """Packages from the target to one of the feedstock's: who needs whom."""
    runs: bool
    """The target needs it to run; else only to be built."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Addition:
    """The plan for a new platform."""

    platform: str
    target: str
    feedstocks: tuple[Enabled, ...]
    """By wave and name."""
    smallest: tuple[str, ...]
    """Packages without which the target can't be installed there: those of its run closure that have no build. As few
    as the solver lets it be, where it was asked."""
    cycles: tuple[Cycle, ...]
    unknown: tuple[str, ...]
    """Packages without a build whose feedstock isn't in the workspace, so that nothing is known of their needs."""
    proof: AdditionProof | None = None
    """What the solver says, or None if it was not asked."""

    @property
    def open(self) -> bool:
        """Whether what has to be built for the target, or whether that is enough, is not known, or only in part."""
        return bool(self.unknown) or (self.proof is not None and self.proof.status == "unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class AdditionProof:
    """Whether a target can be installed once some packages have builds for the platform, which are supposed."""

    status: Literal["installable", "not-installable", "unknown"]
    reason: CellReason | None = None
    """Why not, or why it could not be found out."""
    unblock: Unblock | None = None
    """What else it would take."""
    nowhere: tuple[str, ...] = ()
    """Packages of which no build could be supposed: no platform has one, or they are another platform's compilers."""
    each: bool = False
    """Leaving out any single one was tried, and fails."""


def facts_for_platform(recipe: VariantRecipe, pinning: Pinning | None, platform: str, *, path: str) -> PlatformFacts:
    """Return the needs of all outputs on a platform, skipped or not. Raises RecipeError and ConfigurationError."""
    forge = ForgeConfig(platforms=(BuildPlatform(platform, platform),))
    whole = VariantRecipe(
        text=recipe.text, forge=forge, configurations=recipe.configurations, migrations=recipe.migrations
    )
    host: dict[str, None] = {}
    run: dict[str, None] = {}
    skips: list[ReadOutput] = []
    built = False
    for variant in variants(whole, pinning, platform=platform, only=recipe.text.names):
        rendered = recipe.text.render(platform=platform, variant=variant.values, stubs=True)
        for output in rendered.packages:
            if output.skip is True:
                skips.append(output)
            else:
                built = True
            host.update(dict.fromkeys(_names(output, "host")))
            run.update(dict.fromkeys(_names(output, "run")))
    skipped = f"{path}:{skips[0].skip_line}" if skips and not built else None
    return PlatformFacts(host=tuple(host), run=tuple(run), skipped=skipped)


def _names(output: ReadOutput, section: Section) -> list[str]:
    return [need.name for need in output.of(section) if need.name and need.stub is None]


def for_platform(depends: Sequence[str], makers: Sequence[str], graph: Graph, own: PlatformFacts) -> tuple[str, ...]:
    """Return what a package that is built elsewhere would depend on here: without what its recipe needs elsewhere only.

    Of `makers`, its feedstocks, the one with `own` facts decides; what only that recipe's run requirements for the
    platform name comes in where it makes nothing else.
    """
    anywhere = {need.name for maker in makers for need in graph.facts[maker].needs}
    here = {*own.host, *own.run}
    kept = [one for one in depends if one.partition(" ")[0] not in anywhere - here]
    alone = all(len(graph.facts[maker].outputs) == 1 for maker in makers)
    names = {one.partition(" ")[0] for one in kept}
    return (*kept, *(name for name in own.run if alone and name not in names))


def proved(
    addition: Addition,
    *,
    buildable: Collection[str],
    older: Sequence[str] = (),
    good: Callable[[tuple[str, ...]], bool],
    explain: Callable[[tuple[str, ...]], Cell],
) -> Addition:
    """Return the addition with the smallest set that the solver accepts.

    Args:
        addition: from `add_platform`.
        buildable: packages for which a build could be supposed.
        older: packages that lack, there, the version that the target has where it is installable; they join where
            builds of those that have none are not enough.
        good: whether the target is installable if these had builds.
        explain: why it is not, and what else would help; or that a snapshot lacks something, and it is unknown.

    Raises:
        UnknownError: a channel can't be read.
    """
    names = tuple(name for name in addition.smallest if name in buildable)
    nowhere = tuple(name for name in addition.smallest if name not in buildable)
    if not good(names) and older:
        names = tuple(dict.fromkeys((*names, *older)))
    if not good(names):
        found = explain(names)
        proof = AdditionProof(status=found.status, reason=found.reason, unblock=found.unblock, nowhere=nowhere)
        return replace(addition, proof=proof)
    needed, each = fewest(names, good)
    proof = AdditionProof(status="installable", nowhere=nowhere, each=each)
    return replace(addition, smallest=tuple(needed), proof=proof)


def add_platform(
    graph: Graph,
    platform: str,
    *,
    target: str,
    packages: Sequence[str],
    depends: Depends,
    facts: Callable[[str], PlatformFacts],
    supposed: Depends | None = None,
) -> Addition:
    """Return what has to be enabled on `platform` so that `packages` (the target's) can be built and installed there.

    From the target along what is installed with it; where a package has no build, along the run and host requirements
    of its recipe on that platform. Requirements that only other systems have do not come up. `facts` gives what a
    recipe says for the platform, `supposed` what a package that has no build there would depend on. Raises
    UnknownError if `depends` does.
    """
    walk = _Walk(graph, depends, facts, supposed or _nothing)
    running = walk.closure(packages, host=False)
    walk.closure(packages, host=True)
    return _ordered(walk, platform, target, running)


def _nothing(_: str) -> None:
    """Return the answer for a package without a build, if nothing is supposed."""


class _Walk:
    """From packages to those without a build that they need; every package and recipe is asked about once."""

    def __init__(
        self, graph: Graph, depends: Depends, facts: Callable[[str], PlatformFacts], supposed: Depends
    ) -> None:
        self.graph = graph
        self.found: dict[str, PlatformFacts] = {}
        self.needed: dict[str, dict[str, None]] = {}
        self.way: dict[str, tuple[str, ...]] = {}
        self.unknown: dict[str, None] = {}
        self._depends = depends
        self._facts = facts
        self._supposed = supposed
        self._answers: dict[str, tuple[str, ...] | None] = {}

    def makers(self, packages: Iterable[str]) -> set[str]:
        """Return the feedstocks that make any of these."""
        return {maker for package in packages for maker in self.graph.makers_of(package)}

    def closure(self, packages: Sequence[str], *, host: bool) -> tuple[str, ...]:
        """Return packages without a build, nearest first; with `host` also those that are only needed to build."""
        missing: dict[str, None] = {}
        seen: set[str] = set()
        waiting: deque[tuple[str, tuple[str, ...]]] = deque((package, (package,)) for package in packages)
        while waiting:
            package, way = waiting.popleft()
            if package in seen or package.startswith("__"):
                continue
            seen.add(package)
            if package not in self._answers:
                self._answers[package] = self._depends(package)
            installed = self._answers[package]
            if installed is None:
                missing.setdefault(package)
                installed = self._missing(package, way, host=host)
            waiting.extend((name, (*way, name)) for name in installed)
        return tuple(missing)

    def _missing(self, package: str, way: tuple[str, ...], *, host: bool) -> tuple[str, ...]:
        """Note a package without a build; returns what its feedstocks need on the platform."""
        makers = [maker for maker in self.graph.makers_of(package) if self.graph.facts[maker].error is None]
        if not makers:
            self.unknown.setdefault(package)
        needs: list[str] = list(self._supposed(package) or ())
        for maker in makers:
            if maker not in self.found:
                self.found[maker] = self._facts(maker)
                self.way[maker] = way
            self.needed.setdefault(maker, {}).setdefault(package)
            one = self.found[maker]
            needs += [*one.run, *(one.host if host else ())]
        return tuple(needs)


def _ordered(walk: _Walk, platform: str, target: str, running: Collection[str]) -> Addition:
    found = walk.found
    host = {name: walk.makers(found[name].host) for name in sorted(walk.needed)}
    parents = {name: sorted(((host[name] | walk.makers(found[name].run)) & host.keys()) - {name}) for name in host}
    order = order_of(parents, lambda parent, child: int(parent in host[child]))
    broken = {edge for cycle in order.cycles for edge in cycle.broken}
    return Addition(
        platform=platform,
        target=target,
        feedstocks=tuple(
            Enabled(
                feedstock=name,
                packages=tuple(walk.needed[name]),
                wave=number,
                waits_for=tuple(parent for parent in parents[name] if (parent, name) not in broken),
                skipped=found[name].skipped,
                path=walk.way[name],
                runs=any(package in running for package in walk.needed[name]),
            )
            for number, wave in enumerate(order.waves)
            for name in wave
        ),
        smallest=tuple(running),
        cycles=order.cycles,
        unknown=tuple(walk.unknown),
    )
