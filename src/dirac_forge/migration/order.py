"""Order in a directed graph that may have cycles: the edges to break, and the waves that follow.

The answer does not depend on the order of the input: if nothing else decides, the smaller name goes first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping

import networkx as nx

from dirac_forge.values import dataclass

Strength = Callable[[str, str], int]
"""Parent and child to a number that is small for an edge that is broken first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cycle:
    """Nodes that need each other, and the edges (parent, child) that the order leaves out."""

    members: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RebuildOrder:
    """Nodes that can go at the same time, wave by wave, each as early as its parents allow."""

    waves: tuple[tuple[str, ...], ...]
    cycles: tuple[Cycle, ...]


def order_of(parents: Mapping[str, Iterable[str]], strength: Strength) -> RebuildOrder:
    """Return the order of a graph, given as the parents of each node; every cycle is broken at its weakest edges."""
    graph = graph_of(parents)
    cycles = [
        Cycle(members=tuple(sorted(component)), broken=tuple(broken_edges(component, parents, strength)))
        for component in nx.strongly_connected_components(graph)
        if len(component) > 1
    ]
    graph.remove_edges_from(edge for cycle in cycles for edge in cycle.broken)
    return RebuildOrder(
        waves=tuple(tuple(sorted(wave)) for wave in nx.topological_generations(graph)),
        cycles=tuple(sorted(cycles, key=lambda cycle: cycle.members)),
    )


def graph_of(parents: Mapping[str, Iterable[str]]) -> nx.DiGraph[str]:
    """Return the graph with an edge from each parent to its child."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(parents)
    graph.add_edges_from((parent, child) for child, own in parents.items() for parent in own)
    return graph


def broken_edges(
    cycle: Collection[str], parents: Mapping[str, Iterable[str]], strength: Strength
) -> list[tuple[str, str]]:
    """Return the edges (parent, child) to leave out so that a strongly connected component has an order.

    Edges are put in from the strongest kind to the weakest, and those of a kind that would close a cycle are broken.
    """
    by_strength: dict[int, list[tuple[str, str]]] = {}
    for edge in sorted((parent, child) for child in cycle for parent in parents[child] if parent in cycle):
        by_strength.setdefault(strength(*edge), []).append(edge)
    kept: nx.DiGraph[str] = nx.DiGraph()
    kept.add_nodes_from(cycle)
    broken: list[tuple[str, str]] = []
    for kind in sorted(by_strength, reverse=True):
        position = _positions(kept, by_strength[kind])
        for parent, child in by_strength[kind]:
            if position[parent] < position[child]:
                kept.add_edge(parent, child)
            else:
                broken.append((parent, child))
    return sorted(broken)


def _positions(kept: nx.DiGraph[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """Return an order of the nodes that keeps all `kept` edges, and breaks few of `edges`.

    Of the nodes whose kept parents are all placed, the one with the fewest parents left among `edges` goes next.
    """
    soft: nx.DiGraph[str] = nx.DiGraph()
    soft.add_nodes_from(kept)
    soft.add_edges_from(edges)
    left, still_open = dict(kept.in_degree()), dict(soft.in_degree())
    heap = [(still_open[node], node) for node in kept if not left[node]]
    heapq.heapify(heap)
    position: dict[str, int] = {}
    while heap:
        count, node = heapq.heappop(heap)
        if node in position or count != still_open[node]:
            continue
        position[node] = len(position)
        for child in kept[node]:
            left[child] -= 1
        for child in soft[node]:
            still_open[child] -= 1
        for child in {*kept[node], *soft[node]}:
            if not left[child]:
                heapq.heappush(heap, (still_open[child], child))
    return position
