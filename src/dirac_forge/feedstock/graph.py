"""The graph of feedstocks: who makes which package, and who needs what where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dirac_forge.feedstock.facts import FeedstockFacts, Need

__all__ = ["STRONG_STUBS", "Graph", "build_graph"]

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

    def makers_of(self, name: str) -> tuple[str, ...]:
        """The feedstocks that make `name`; where none does, the feedstock of that name, as the bot reads it."""
        found = self.makers.get(name)
        if found is not None:
            return found
        return (name,) if name in self.facts else ()

    def needs(self, feedstock: str, *sections: str) -> tuple[Need, ...]:
        """A feedstock's requirements in some sections, in the file's order."""
        return tuple(need for need in self.facts[feedstock].needs if need.section in sections)

    def place(self, feedstock: str, line: int) -> str:
        """`feedstock/recipe/meta.yaml:12`."""
        return f"{feedstock}/{self.facts[feedstock].recipe}:{line}"


def build_graph(facts: Mapping[str, FeedstockFacts]) -> Graph:
    """Return the graph of these feedstocks; the order of `facts` does not matter."""
    ordered = {name: facts[name] for name in sorted(facts)}
    makers: dict[str, list[str]] = {}
    for name, each in ordered.items():
        for output in each.outputs:
            if name not in _OWN_NAME_ONLY or output in _OWN_NAME_ONLY[name]:
                makers.setdefault(output, []).append(name)
    return Graph(
        facts=ordered,
        makers={output: tuple(names) for output, names in makers.items()},
        strong=frozenset(name for name, each in ordered.items() if each.strong),
        notes=tuple(_notes(ordered, makers)),
        unreadable={name: each.error for name, each in ordered.items() if each.error is not None},
    )


def _notes(facts: Mapping[str, FeedstockFacts], makers: Mapping[str, list[str]]) -> Iterable[str]:
    for output in sorted(makers):
        names = makers[output]
        if len(names) > 1:
            yield f"{output} is made by several feedstocks: {', '.join(names)}; who needs it counts as needing all"
        if output in facts and output not in names:
            yield (
                f"{output} is a feedstock and also a package that the feedstock {', '.join(names)} makes; "
                f"a requirement {output} means the package"
            )
