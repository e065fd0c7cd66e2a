"""Run_exports: which members get the new pin in their packages, and which only build against the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dirac_forge.feedstock.graph import Graph
from dirac_forge.migration.plan import Plan
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadRequirement

__all__ = ["PinExports", "Pinned", "exports_of", "pinned_members"]


@dataclass(frozen=True)
class PinExports:
    """What packages add to those that are built with them."""

    by_package: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Package to the names that it exports; a package that is missing here is taken to export itself."""

    def of(self, package: str) -> tuple[str, ...]:
        """The names that a package exports."""
        return self.by_package.get(package, (package,))

    def to(self, output: ReadOutput, need: ReadRequirement) -> tuple[str, ...]:
        """What a requirement adds to an output that does not ignore it."""
        if need.name in output.ignore_run_exports_from:
            return ()
        return tuple(name for name in self.of(need.name) if name not in output.ignore_run_exports)


def exports_of(
    graph: Graph, packages: frozenset[str], *, known: Callable[[str], tuple[str, ...] | None] | None = None
) -> PinExports:
    """The exports of some packages, from their recipes, else from `known` (a channel's run_exports)."""
    found: dict[str, tuple[str, ...]] = {}
    for package in sorted(packages):
        makers = graph.makers.get(package, ())
        if makers:
            found[package] = tuple(
                dict.fromkeys(
                    export.name
                    for maker in makers
                    for export in graph.facts[maker].exports
                    if export.output == package and export.strength in {"strong", "weak"}
                )
            )
        elif known is not None and (names := known(package)) is not None:
            found[package] = names
    return PinExports(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pinned:
    """What a migrated package does to a member."""

    feedstock: str
    package: str
    effect: Literal["pinned", "ignored", "builds-only", "unknown"]
    """New pin in its packages; exported but ignored; nothing exported; nobody here tells what is exported."""
    text: str


def pinned_members(plan: Plan, exports: PinExports) -> tuple[Pinned, ...]:
    """For each member and each migrated package in its host whether its packages get a new pin."""
    found: list[Pinned] = []
    for member in plan.members:
        ignored = plan.graph.facts[member.feedstock].ignored
        for need in {need.name: need for need in member.because}.values():
            names = exports.of(need.name)
            outputs = {other.output for other in member.because if other.name == need.name}
            effect: Literal["pinned", "ignored", "builds-only", "unknown"]
            if need.name not in exports.by_package:
                effect, text = "unknown", f"nothing here tells what {need.name} exports"
            elif not names:
                effect, text = "builds-only", f"{need.name} exports nothing: packages are rebuilt, their pins stay"
            elif all(_ignores(ignored, output, need.name, names) for output in outputs):
                effect, text = "ignored", f"{need.name} exports {', '.join(names)}, which the recipe ignores"
            else:
                effect, text = "pinned", f"{need.name} exports {', '.join(names)}"
            found.append(Pinned(feedstock=member.feedstock, package=need.name, effect=effect, text=text))
    return tuple(found)


def _ignores(ignored: tuple[tuple[str, str], ...], output: str, package: str, names: tuple[str, ...]) -> bool:
    own = {name for other, name in ignored if other == output}
    return package in own or set(names) <= own
