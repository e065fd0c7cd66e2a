"""Run_exports: which members get the new pin in their packages, and which only build against the library."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Literal

from dirac_forge.feedstock.facts import Export, FeedstockFacts
from dirac_forge.feedstock.graph import Graph
from dirac_forge.migration.plan import Plan
from dirac_forge.recipe.reading.recipe_text import ReadOutput
from dirac_forge.values import dataclass

_CONDA_FORGE = {"python": ("python_abi",)}
"""Exports that are known if neither a recipe nor the channel has them."""


@dataclass(frozen=True)
class PinExports:
    """What packages add to those that are built with them."""

    by_package: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Package to the names that every variant of it exports; a package that is missing here may export itself."""
    only: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """Package and exported name to the platforms where it is exported, if not on all."""

    def of(self, package: str, platform: str = "") -> tuple[str, ...]:
        """Return the names that a package exports: on one platform, or on any."""
        names = self.by_package.get(package, _assumed(package))
        if not platform:
            return names
        return tuple(name for name in names if platform in self.only.get((package, name), (platform,)))

    def to(self, output: ReadOutput, package: str, platform: str = "") -> tuple[str, ...]:
        """Return what a requirement adds to an output that does not ignore it."""
        if package in output.ignore_run_exports_from:
            return ()
        return tuple(name for name in self.of(package, platform) if name not in output.ignore_run_exports)


def _assumed(package: str) -> tuple[str, ...]:
    """Return what a package may export whose exports are not known: itself, or the library that its files are for."""
    library = re.sub(r"[-_]dev(el)?$", "", package)
    return (package,) if library == package else (package, library)


def exports_of(
    graph: Graph, packages: frozenset[str], *, known: Callable[[str], tuple[str, ...] | None] | None = None
) -> PinExports:
    """Return the exports of some packages, from their recipes, else from `known` (a channel's run_exports).

    A recipe that exports a name in some of its variants only (a debug build, one of several MPIs) proves nothing about
    the others: such a name does not count.
    """
    found: dict[str, tuple[str, ...]] = {}
    only: dict[tuple[str, str], frozenset[str]] = {}
    for package in sorted(packages):
        own = list(_exports(graph, package))
        always = {export.name: (facts, export.platforms) for facts, export in own if export.platforms}
        only |= {
            (package, name): frozenset(facts.platforms_of(mask))
            for name, (facts, mask) in always.items()
            if facts.platforms_of(mask) != facts.platforms
        }
        if always or (not own and package in graph.makers):
            found[package] = tuple(always)
        elif (names := _told(package, known)) is not None:
            found[package] = names
    return PinExports(found, only)


def _exports(graph: Graph, package: str) -> Iterator[tuple[FeedstockFacts, Export]]:
    """Yield what the recipes of a package's makers export to those that are built with it."""
    for maker in graph.makers.get(package, ()):
        facts = graph.facts[maker]
        for export in facts.exports:
            if export.output == package and export.strength in {"strong", "weak"}:
                yield facts, export


def _told(package: str, known: Callable[[str], tuple[str, ...] | None] | None) -> tuple[str, ...] | None:
    """Return what a channel has, else what is known of conda-forge."""
    names = known(package) if known is not None else None
    return _CONDA_FORGE.get(package) if names is None else names


@dataclass(frozen=True, kw_only=True, slots=True)
class Pinned:
    """What a migrated package does to a member."""

    feedstock: str
    package: str
    effect: Literal["pinned", "ignored", "builds-only", "unknown"]
    """New pin in its packages; exported but ignored; nothing exported; not known what is exported."""
    text: str


def pinned_members(plan: Plan, exports: PinExports) -> tuple[Pinned, ...]:
    """Return for each member and each migrated package in its host whether its packages get a new pin."""
    found: list[Pinned] = []
    for member in plan.members:
        ignored = plan.graph.facts[member.feedstock].ignored
        for need in {need.name: need for need in member.because}.values():
            names = exports.of(need.name)
            outputs = {other.output for other in member.because if other.name == need.name}
            effect: Literal["pinned", "ignored", "builds-only", "unknown"]
            if need.name not in exports.by_package:
                effect, text = "unknown", f"the run_exports of {need.name} are unknown"
            elif not names:
                effect, text = "builds-only", f"{need.name} exports nothing: packages are rebuilt, their pins stay"
            elif all(_ignores(ignored, output, need.name, names) for output in outputs):
                effect, text = "ignored", f"{_pinning(need.name, names)}, which the recipe ignores"
            else:
                effect, text = "pinned", _pinning(need.name, names)
            found.append(Pinned(feedstock=member.feedstock, package=need.name, effect=effect, text=text))
    return tuple(found)


def _pinning(package: str, names: Sequence[str]) -> str:
    return f"the run_exports of {package} pin {', '.join(names)}"


def _ignores(ignored: tuple[tuple[str, str], ...], output: str, package: str, names: tuple[str, ...]) -> bool:
    own = {name for other, name in ignored if other == output}
    return package in own or set(names) <= own
