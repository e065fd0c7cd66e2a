"""The order in which packages, or projects, can be built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush


def build_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Return everything that `needs` names (what is built to what it needs), what is needed first.

    Names decide where that leaves a choice, and within a cycle.
    """
    edges = {name: {need for need in all_needs if need != name} for name, all_needs in needs.items()}
    try:
        return _ordered(edges)
    except CycleError:
        return _ordered_with_cycles(edges)


def _ordered(edges: Mapping[str, Iterable[str]]) -> list[str]:
    sorter = TopologicalSorter(edges)
    sorter.prepare()
    ready = list(sorter.get_ready())
    heapify(ready)
    found = []
    while ready:
        found.append(heappop(ready))
        sorter.done(found[-1])
        for name in sorter.get_ready():
            heappush(ready, name)
    return found


def _ordered_with_cycles(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the members of a cycle together, by name."""
    import networkx as nx  # noqa: PLC0415  # 0.3 s, which few orders need

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(edges)
    graph.add_edges_from((need, name) for name, all_needs in edges.items() for need in all_needs)
    condensed = nx.condensation(graph)
    members = {node: sorted(condensed.nodes[node]["members"]) for node in condensed}
    order = nx.lexicographical_topological_sort(condensed, key=lambda node: members[node][0])
    return [name for node in order for name in members[node]]
