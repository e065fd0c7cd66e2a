"""A new platform: what of a target's closure has no build there, and in which order it could be enabled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from dirac_forge.feedstock.condaforgeyml import BuildPlatform, ForgeConfig
from dirac_forge.feedstock.graph import Graph
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Recipe, variants
from dirac_forge.migration.order import broken_edges, components, waves
from dirac_forge.recipe.read import ReadOutput

__all__ = ["Addition", "Enabled", "HasBuild", "PlatformFacts", "add_platform", "facts_for_platform"]

HasBuild = Callable[[str], bool]
"""Whether a package has a build for the platform, noarch included; raises UnknownError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformFacts:
    """What a recipe says for a platform that it is perhaps not built for."""

    host: tuple[str, ...]
    run: tuple[str, ...]
    skipped: str | None
    """Where the recipe skips the platform: file and line; None where it does not."""


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
    """From the target to the feedstock: who needs whom."""
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
    """Packages without which the target can't be installed there: those of its run closure that have no build."""
    cycles: tuple[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], ...]
    """Members of each cycle and the edges (parent, child) that the order leaves out."""
    unknown: tuple[str, ...]
    """Packages without a build whose feedstock isn't in the workspace, so that nothing is known of their needs."""


def facts_for_platform(recipe: Recipe, pinning: Pinning | None, platform: str, *, path: str) -> PlatformFacts:
    """The needs of all outputs on a platform, skipped or not. Raises RecipeError and ConfigurationError."""
    forge = ForgeConfig(platforms=(BuildPlatform(platform, platform),))
    whole = Recipe(text=recipe.text, forge=forge, configurations=recipe.configurations, migrations=recipe.migrations)
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
            host.update(dict.fromkeys(need.name for need in output.of("host") if need.name and need.stub is None))
            run.update(dict.fromkeys(need.name for need in output.of("run") if need.name and need.stub is None))
    skipped = f"{path}:{skips[0].skip_line}" if skips and not built else None
    return PlatformFacts(host=tuple(host), run=tuple(run), skipped=skipped)


def add_platform(
    graph: Graph,
    platform: str,
    *,
    target: str,
    packages: Sequence[str],
    has_build: HasBuild,
    facts: Callable[[str], PlatformFacts],
) -> Addition:
    """What has to be enabled on `platform` so that `packages` (the target's) can be built and installed there.

    From the target along requirements in run and host, to what has a build there; packages that only other systems
    have are none of the recipes' requirements there, so they do not come up. Raises UnknownError where `has_build` does.
    """
    needed: dict[str, dict[str, None]] = {}
    found: dict[str, PlatformFacts] = {}
    way: dict[str, tuple[str, ...]] = {}
    unknown: dict[str, None] = {}
    answers: dict[str, bool] = {}

    def missing(package: str) -> bool:
        if package not in answers:
            answers[package] = not has_build(package)
        return answers[package]

    waiting: list[tuple[str, tuple[str, ...]]] = [(package, ()) for package in packages]
    running = _run_closure(graph, packages, missing, facts, found)
    while waiting:
        package, before = waiting.pop(0)
        if package.startswith("__") or not missing(package):
            continue
        makers = [maker for maker in graph.makers_of(package) if graph.facts[maker].error is None]
        if not makers:
            unknown.setdefault(package)
        for maker in makers:
            needed.setdefault(maker, {}).setdefault(package)
            if maker in way:
                continue
            way[maker] = (*before, maker)
            one = found.setdefault(maker, facts(maker)) if maker not in found else found[maker]
            waiting += [(name, way[maker]) for name in (*one.run, *one.host)]
    return _ordered(graph, platform, target, needed, found, way, running, unknown)


def _run_closure(
    graph: Graph,
    packages: Sequence[str],
    missing: Callable[[str], bool],
    facts: Callable[[str], PlatformFacts],
    found: dict[str, PlatformFacts],
) -> dict[str, None]:
    """Packages without a build that the target needs to run, in the order in which they come up."""
    closure: dict[str, None] = {}
    waiting = list(packages)
    while waiting:
        package = waiting.pop(0)
        if package in closure or package.startswith("__") or not missing(package):
            continue
        closure[package] = None
        for maker in graph.makers_of(package):
            if graph.facts[maker].error is None:
                if maker not in found:
                    found[maker] = facts(maker)
                waiting += found[maker].run
    return closure


def _ordered(
    graph: Graph,
    platform: str,
    target: str,
    needed: Mapping[str, Mapping[str, None]],
    found: Mapping[str, PlatformFacts],
    way: Mapping[str, tuple[str, ...]],
    running: Collection[str],
    unknown: Collection[str],
) -> Addition:
    names = sorted(needed)
    number = {name: place for place, name in enumerate(names)}
    parents: list[list[int]] = []
    for name in names:
        makers = {maker for need in (*found[name].host, *found[name].run) for maker in graph.makers_of(need)}
        parents.append(sorted(number[maker] for maker in makers - {name} if maker in number))
    cycles = []
    hosts = [{maker for need in found[name].host for maker in graph.makers_of(need)} for name in names]
    for component in components(parents):
        if len(component) < 2:
            continue
        inside = set(component)
        inner = {node: [parent for parent in parents[node] if parent in inside] for node in component}
        broken = broken_edges(component, inner, lambda parent, child: int(names[parent] in hosts[child]))
        for parent, child in broken:
            parents[child].remove(parent)
        cycles.append(
            (
                tuple(sorted(names[node] for node in component)),
                tuple((names[parent], names[child]) for parent, child in broken),
            )
        )
    levels = waves(parents)
    enabled = [
        Enabled(
            feedstock=name,
            packages=tuple(needed[name]),
            wave=levels[place],
            waits_for=tuple(names[parent] for parent in parents[place]),
            skipped=found[name].skipped,
            path=way[name],
            runs=any(package in running for package in needed[name]),
        )
        for place, name in enumerate(names)
    ]
    return Addition(
        platform=platform,
        target=target,
        feedstocks=tuple(sorted(enabled, key=lambda one: (one.wave, one.feedstock))),
        smallest=tuple(running),
        cycles=tuple(cycles),
        unknown=tuple(unknown),
    )
