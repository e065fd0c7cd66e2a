"""The plan of a migration: members, edges, waves, cycles, and the words that explain them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from dirac_forge.feedstock.graph import Graph
from dirac_forge.migration.edges import Hop, Network, network_of
from dirac_forge.migration.members import Excluded, Member, Membership, base_of, members_of
from dirac_forge.migration.order import Cycle, order_of
from dirac_forge.migration.schema import Migration
from dirac_forge.values import dataclass

PinnedTogether = tuple[tuple[str, str], ...]
"""Keys of a pinning with their values, which belong to the same builds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """`child` waits for `parent`."""

    parent: str
    child: str
    path: tuple[str, ...]
    """From parent to child, with the feedstocks between that are not members."""
    hops: tuple[Hop, ...]
    """Why: the steps of the path, each with the requirements that make it."""
    sections: tuple[str, ...]
    """The child's sections that need it."""
    platforms: tuple[str, ...]
    """Those of the child's where it needs it."""
    ignored: bool = False
    """The migration says not to wait for it (`ignored_deps_per_node`)."""
    broken: bool = False
    """Left out of the order, since it closes a cycle."""


@dataclass(frozen=True)
class Plan:
    """A migration on a graph of feedstocks."""

    migration: Migration
    graph: Graph
    membership: Membership
    network: Network
    waves: tuple[tuple[str, ...], ...]
    """Members that can be rebuilt at the same time, by name; the first wave waits for nobody."""
    cycles: tuple[Cycle, ...]
    notes: tuple[str, ...] = ()
    already: tuple[PinnedTogether, ...] = ()
    """What the pinning has already, or newer, wherever there are members; none if it has not."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The members, by name."""
        return tuple(self.membership.members[name] for name in self.network.names)

    @property
    def excluded(self) -> tuple[Excluded, ...]:
        """Feedstocks that need a migrated package and are not members, by name."""
        return tuple(self.membership.excluded.values())

    @cached_property
    def unread(self) -> Mapping[str, str]:
        """Feedstocks whose recipe can't be read and that may be members, each with the reason."""
        allowed, settings = self.membership.allowed, self.migration.settings
        never = {*self.graph.archived, *settings.exclude, "conda-forge-pinning"}
        return {
            name: why
            for name, why in self.graph.unreadable.items()
            if base_of(name) not in never and (allowed is None or base_of(name) in allowed)
        }

    @property
    def complete(self) -> bool:
        """Whether all its members are known, as far as they are in the workspace."""
        return self.graph.readable and not self.unread

    @cached_property
    def wave_of(self) -> dict[str, int]:
        """Member to the number of its wave, from 0."""
        return {name: number for number, wave in enumerate(self.waves) for name in wave}

    @property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """Member to the members that it needs, by name; broken and ignored edges too."""
        return self.network.parents

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """Member to the members that need it, by name."""
        found: dict[str, list[str]] = {name: [] for name in self.network.names}
        for child, parents in self.parents.items():
            for parent in parents:
                found[parent].append(child)
        return {name: tuple(children) for name, children in found.items()}

    @cached_property
    def broken(self) -> frozenset[tuple[str, str]]:
        """Edges (parent, child) that the order leaves out."""
        return frozenset(edge for cycle in self.cycles for edge in cycle.broken)

    def label_of(self, feedstock: str, branch: str | None) -> str:
        """Return the name of a feedstock's release line in the plan, which is the feedstock's if it has none."""
        label = f"{feedstock}@{(branch or '').replace('/', '-')}"
        return label if label in self.membership.members or label in self.membership.excluded else feedstock

    def waited_for(self, child: str) -> tuple[str, ...]:
        """Return the parents that a member really waits for: neither broken nor ignored by the migration."""
        ignored = self.migration.settings.ignored_deps_per_node.get(base_of(child), frozenset())
        return tuple(
            parent for parent in self.parents[child] if (parent, child) not in self.broken and parent not in ignored
        )

    def edges_of(self, child: str) -> tuple[Edge, ...]:
        """Return the edges that lead to a member, by parent."""
        paths = self.network.paths(child)
        return tuple(self._edge(parent, child, paths[parent]) for parent in self.parents[child])

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All edges, by parent and child."""
        found = [edge for name in self.network.names for edge in self.edges_of(name)]
        return tuple(sorted(found, key=lambda edge: (edge.parent, edge.child)))

    def _edge(self, parent: str, child: str, hops: tuple[Hop, ...]) -> Edge:
        last = hops[-1]
        facts = self.graph.facts[child]
        mask = 0
        for need in last.needs:
            mask |= need.platforms
        ignored = self.migration.settings.ignored_deps_per_node.get(base_of(child), frozenset())
        return Edge(
            parent=parent,
            child=child,
            path=(parent, *(hop.child for hop in hops)),
            hops=hops,
            sections=tuple(dict.fromkeys(need.section for need in last.needs)),
            platforms=facts.platforms_of(mask) if last.needs else facts.platforms,
            ignored=parent in ignored,
            broken=(parent, child) in self.broken,
        )


def make_plan(graph: Graph, migration: Migration, membership: Membership | None = None) -> Plan:
    """Return the plan of a migration on a graph, with the members that the bot's rule gives, or with `membership`."""
    membership = members_of(graph, migration) if membership is None else membership
    network = network_of(graph, migration, membership)
    order = order_of(network.parents, network.strength)
    return Plan(
        migration=migration,
        graph=graph,
        membership=membership,
        network=network,
        waves=order.waves,
        cycles=order.cycles,
        notes=(*membership.notes, *graph.notes),
    )
