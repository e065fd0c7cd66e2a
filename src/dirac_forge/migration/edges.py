"""Edges between members: direct needs, and paths through feedstocks that are not members."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import field
from itertools import pairwise

import networkx as nx

from dirac_forge.feedstock.facts import FeedstockFacts, Need
from dirac_forge.feedstock.graph import Graph
from dirac_forge.migration.members import Membership, base_of, deciding_needs, linked
from dirac_forge.migration.order import graph_of
from dirac_forge.migration.schema import Migration
from dirac_forge.values import dataclass

HOST, BUILD, RUN, TEST = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of an edge: `child` needs something that `parent` makes."""

    parent: str
    child: str
    needs: tuple[Need, ...]
    """The child's requirements that make the step, or () if only a strong run_export does."""


@dataclass(frozen=True)
class Network:
    """The trimmed graph of a migration, and the members' own graph after plucking all others."""

    graph: Graph
    migration: Migration
    membership: Membership
    parents: Mapping[str, tuple[str, ...]]
    """Member to its parents after plucking, both by name."""
    direct: dict[str, frozenset[str]]
    """For each feedstock that counts the feedstocks it directly needs, trimmed as the bot trims them."""
    _needs: dict[str, dict[str, list[Need]]] = field(default_factory=dict, repr=False, compare=False)
    """What was asked before: child to parent to requirements."""
    _steps: dict[tuple[str, str], Hop] = field(default_factory=dict, repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The members, by name."""
        return tuple(self.parents)

    def strength(self, parent: str, child: str) -> int:
        """Return how strongly an edge binds: 3 host, 2 build, 1 run (also through others), 0 test."""
        if parent not in self.direct[child]:
            return RUN
        sections = {need.section for need in self.needs(parent, child)}
        for section, value in (("host", HOST), ("build", BUILD), ("run", RUN)):
            if section in sections:
                return value
        return TEST if sections else HOST

    def needs(self, parent: str, child: str) -> tuple[Need, ...]:
        """Return the requirements by which `child` directly needs `parent`, of the sections that count for it."""
        if child not in self._needs:
            self._needs[child] = self._needs_of(child)
        return tuple(self._needs[child].get(parent, ()))

    def _needs_of(self, child: str) -> dict[str, list[Need]]:
        facts = self.graph.facts[child]
        if child in self.membership.members:
            counted = [*deciding_needs(facts, include_build=self.migration.settings.include_build)]
            counted += [need for need in facts.needs if need.section in {"run", "test"}]
        else:
            counted = [need for need in facts.needs if need.section == "run"]
        found: dict[str, list[Need]] = {}
        for need in counted:
            for maker in self.graph.makers_of(need.name):
                found.setdefault(maker, []).append(need)
        return found

    def paths(self, child: str) -> dict[str, tuple[Hop, ...]]:
        """Return the shortest path that makes the edge from each parent of a member."""
        found: dict[str, tuple[Hop, ...]] = {}
        seen = {child}
        waiting: deque[tuple[str, tuple[str, ...]]] = deque([(child, (child,))])
        while waiting:
            node, way = waiting.popleft()
            for parent in sorted(self.direct.get(node, ())):
                if parent in seen:
                    continue
                seen.add(parent)
                if parent in self.parents:
                    found[parent] = tuple(self._hops((parent, *way)))
                else:
                    waiting.append((parent, (parent, *way)))
        return found

    def _hops(self, way: tuple[str, ...]) -> Iterator[Hop]:
        for parent, child in pairwise(way):
            if (parent, child) not in self._steps:
                self._steps[parent, child] = Hop(parent, child, self.needs(parent, child))
            yield self._steps[parent, child]


def network_of(graph: Graph, migration: Migration, membership: Membership) -> Network:
    """Return the members' graph: every path through non-members (by their run requirements only) becomes an edge.

    Non-members are condensed and their sets of member ancestors passed on in order, so the cost is one set operation
    an edge whatever the length of the paths.
    """
    allowed = membership.allowed
    direct: dict[str, frozenset[str]] = {}
    for name in _relevant(graph, migration, membership, direct):
        if allowed is not None:
            direct[name] &= allowed
    names = sorted(membership.members)
    bit = {name: 1 << place for place, name in enumerate(names)}
    behind = {**bit, **_behind_others(direct, bit)}
    parents: dict[str, tuple[str, ...]] = {}
    for name in names:
        union = _union(behind[parent] for parent in direct[name]) & ~bit[name]
        parents[name] = tuple(names[place] for place in _places(union))
    return Network(graph, migration, membership, parents, direct)


def _behind_others(direct: Mapping[str, frozenset[str]], bit: Mapping[str, int]) -> dict[str, int]:
    """Return for each non-member the members behind it, as bits."""
    others = {name: own.difference(bit) for name, own in direct.items() if name not in bit}
    behind: dict[str, int] = {}
    # networkx yields a component after those that can be reached from it: children first.
    for component in reversed(list(nx.strongly_connected_components(graph_of(others)))):
        needs = (parent for name in component for parent in direct[name])
        union = _union(bit.get(parent) or behind.get(parent, 0) for parent in needs)
        behind.update(dict.fromkeys(component, union))
    return behind


def _union(sets: Iterable[int]) -> int:
    union = 0
    for bits in sets:
        union |= bits
    return union


def _relevant(
    graph: Graph, migration: Migration, membership: Membership, direct: dict[str, frozenset[str]]
) -> list[str]:
    """Fill `direct` for members and all that stands behind them; returns their names."""
    members = membership.members
    makers, facts, exporting = graph.makers, graph.facts, graph.exporting
    waiting = list(members)
    order: list[str] = []
    while waiting:
        name = waiting.pop()
        if name in direct:
            continue
        if name in members:
            needs = linked(graph, facts[name], include_build=migration.settings.include_build)
            wanted: AbstractSet[str] = needs.run | needs.test | needs.linked
        else:
            wanted = _run(facts[name], exporting)
        parents: set[str] = set()
        for package in wanted:
            made = makers.get(package)
            if made is not None:
                parents.update(made)
            elif package in facts:
                parents.add(package)
        parents -= {name, base_of(name)}  # a release line makes what it needs of its own
        direct[name] = frozenset(parents)
        order.append(name)
        waiting.extend(parent for parent in parents if parent not in direct)
    return order


def _run(facts: FeedstockFacts, exporting: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return what a feedstock needs to run, strong run_exports included."""
    wanted: set[str] = set()
    for need in facts.needs:
        if need.section == "run":
            wanted.add(need.name)
        if need.name in exporting:
            wanted.update(exporting[need.name])
    return wanted


def _places(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set, ascending."""
    text = bin(bits)[:1:-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)
