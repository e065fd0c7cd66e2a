"""The order in which packages, or projects, can be built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def build_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Return everything that `needs` names (what is built to what it needs), what is needed first.

    Names decide where that leaves a choice, and within a cycle.
    """
    import networkx as nx  # noqa: PLC0415  # 0.15 s that a single output does without

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(needs)
    graph.add_edges_from((need, name) for name, all_needs in needs.items() for need in all_needs)
    condensed = nx.condensation(graph)
    members = {node: sorted(condensed.nodes[node]["members"]) for node in condensed}
    order = nx.lexicographical_topological_sort(condensed, key=lambda node: members[node][0])
    return [name for node in order for name in members[node]]
