"""The graph of feedstocks: who makes which package, and who needs what where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cached_property

import msgspec

from dirac_forge.feedstock.facts import FeedstockFacts, Need
from dirac_forge.values import dataclass

STRONG_STUBS = frozenset(
    {"c_compiler_stub", "c_stdlib_stub", "cxx_compiler_stub", "fortran_compiler_stub", "cuda_compiler_stub"}
)
"""Compilers whose run_exports reach host and run."""
_OWN_NAME_ONLY = {"pypy-meta": {"pypy"}, "graalpy": {"graalpy"}}
"""Feedstocks that also make another implementation of `python` or `openjdk`: nobody means theirs by that name."""


@dataclass(frozen=True)
class Graph:
    """Feedstocks, by name in order, and their packages."""

    facts: Mapping[str, FeedstockFacts]
    makers: Mapping[str, tuple[str, ...]]
    """Package to the feedstocks that make it."""
    strong: frozenset[str]
    """Feedstocks with strong run_exports."""
    notes: tuple[str, ...] = ()
    """Packages made by several feedstocks, feedstocks named like another's package."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Feedstock to the reason, with file and line."""
    archived: frozenset[str] = frozenset()
    """Feedstocks whose repository is archived."""

    @property
    def readable(self) -> bool:
        """Whether there is a feedstock whose recipe could be read."""
        return not self.facts.keys() <= self.unreadable.keys()

    @cached_property
    def exporting(self) -> Mapping[str, tuple[str, ...]]:
        """Package to the feedstocks with strong run_exports that make it; compilers' stubs to themselves."""
        found: dict[str, tuple[str, ...]] = {name: (name,) for name in STRONG_STUBS | self.strong}
        for feedstock in self.strong:
            for output in self.facts[feedstock].outputs:
                found[output] = tuple(maker for maker in self.makers.get(output, ()) if maker in self.strong)
        # A name that is another feedstock's package means that package, not the feedstock.
        return {
            name: makers
            for name, makers in found.items()
            if name not in self.makers or set(makers) & set(self.makers[name])
        }

    def needing(self, names: frozenset[str]) -> frozenset[str]:
        """Return the feedstocks that have one of these packages in some section."""
        return frozenset(
            feedstock
            for feedstock, facts in self.facts.items()
            if not names.isdisjoint([need.name for need in facts.needs])
        )

    def makers_of(self, name: str) -> tuple[str, ...]:
        """Return the feedstocks that make `name`; where none does, the feedstock of that name, as the bot reads it."""
        found = self.makers.get(name)
        if found is not None:
            return found
        return (name,) if name in self.facts and "@" not in name else ()

    def needs(self, feedstock: str, *sections: str) -> tuple[Need, ...]:
        """Return a feedstock's requirements in some sections, in the file's order."""
        return tuple(need for need in self.facts[feedstock].needs if need.section in sections)

    def place(self, feedstock: str, line: int) -> str:
        """Return `feedstock/recipe/meta.yaml:12`."""
        facts = self.facts[feedstock]
        folder = feedstock.partition("@")[0] if facts.assumed else feedstock
        return f"{folder}/{facts.recipe}:{line}"


def with_release_lines(
    facts: Mapping[str, FeedstockFacts], branches: Mapping[str, Iterable[str]]
) -> dict[str, FeedstockFacts]:
    """Return the facts with those of each release line that rebuilds go to.

    A feedstock's `abi_migration_branches` name them, and `branches`, by feedstock. Where a line's own recipe is not in
    the workspace, it is assumed to need what the default branch needs.
    """
    found = dict(facts)
    for name, each in facts.items():
        wanted = () if "@" in name else (*each.rebuilt_branches, *branches.get(name, ()))
        for branch in wanted:
            if branch not in {"main", "master"}:
                found.setdefault(f"{name}@{branch.replace('/', '-')}", msgspec.structs.replace(each, assumed=True))
    return found


def build_graph(facts: Mapping[str, FeedstockFacts], *, archived: frozenset[str] = frozenset()) -> Graph:
    """Return the graph of these feedstocks; the order of `facts` does not matter.

    A release line (`dirac-grid@v8.0.x`) needs others and is needed by none: who needs a package means the one of the
    default branch.
    """
    ordered = {name: facts[name] for name in sorted(facts)}
    makers = _makers({name: each for name, each in ordered.items() if "@" not in name})
    return Graph(
        facts=ordered,
        makers={output: tuple(names) for output, names in makers.items()},
        strong=frozenset(name for name, each in ordered.items() if each.strong and "@" not in name),
        notes=tuple(_notes(ordered, makers)),
        unreadable={name: each.error for name, each in ordered.items() if each.error is not None},
        archived=archived,
    )


def _makers(facts: Mapping[str, FeedstockFacts]) -> dict[str, list[str]]:
    """Return the feedstocks that make each package, by name."""
    makers: dict[str, list[str]] = {}
    for name, each in facts.items():
        for output in each.outputs:
            if name not in _OWN_NAME_ONLY or output in _OWN_NAME_ONLY[name]:
                makers.setdefault(output, []).append(name)
    return makers


def _notes(facts: Mapping[str, FeedstockFacts], makers: Mapping[str, list[str]]) -> Iterable[str]:
    for output in sorted(makers):
        names = makers[output]
        if len(names) > 1:
            yield f"{output} is made by several feedstocks: {', '.join(names)}; its dependents need all of them"
        if output in facts and output not in names:
            yield (
                f"{output} is a feedstock and also a package that the feedstock {', '.join(names)} makes; "
                f"a requirement {output} means the package"
            )
