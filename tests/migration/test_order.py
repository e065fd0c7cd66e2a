"""Broken edges and waves, on random graphs."""

from __future__ import annotations

import random
from itertools import pairwise

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.migration.order import Cycle, broken_edges, order_of


@st.composite
def graphs(draw: st.DrawFn) -> nx.DiGraph[str]:
    """Graphs of up to 12 nodes, cycles included."""
    names = [f"n{number:02}" for number in range(draw(st.integers(0, 12)))]
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    if names:
        node = st.sampled_from(names)
        edges = draw(st.sets(st.tuples(node, node), max_size=40))
        graph.add_edges_from((parent, child) for parent, child in sorted(edges) if parent != child)
    return graph


def parents_of(graph: nx.DiGraph[str]) -> dict[str, list[str]]:
    return {name: list(graph.pred[name]) for name in graph}


def ring(count: int) -> nx.DiGraph[str]:
    names = [f"n{number:03}" for number in range(count)]
    return nx.DiGraph((names[place - 1], name) for place, name in enumerate(names))


@given(graphs(), st.randoms(use_true_random=False))
def test_breaking_cycles_leaves_an_order_and_breaks_only_inside(graph: nx.DiGraph[str], dice: random.Random) -> None:
    strength = {edge: dice.randrange(4) for edge in graph.edges}
    order = order_of(parents_of(graph), lambda parent, child: strength[parent, child])
    shuffled: nx.DiGraph[str] = nx.DiGraph()
    shuffled.add_nodes_from(dice.sample(list(graph), len(graph)))
    shuffled.add_edges_from(dice.sample(list(graph.edges), len(graph.edges)))
    assert order_of(parents_of(shuffled), lambda parent, child: strength[parent, child]) == order
    level = {name: number for number, wave in enumerate(order.waves) for name in wave}
    assert sorted(level) == sorted(graph)
    broken = {edge for cycle in order.cycles for edge in cycle.broken}
    assert all(level[parent] < level[child] for parent, child in graph.edges if (parent, child) not in broken)
    for name, number in level.items():  # as early as the parents allow
        parents = [level[parent] for parent in graph.pred[name] if (parent, name) not in broken]
        assert number == max(parents, default=-1) + 1
    for cycle in order.cycles:
        assert nx.is_strongly_connected(graph.subgraph(cycle.members))
        assert len(cycle.members) > 1
        assert {name for edge in cycle.broken for name in edge} <= set(cycle.members)


def test_the_weakest_edges_are_broken() -> None:
    graph: nx.DiGraph[str] = nx.DiGraph([("a", "b"), ("b", "c"), ("c", "a")])
    strength = {("a", "b"): 3, ("b", "c"): 1, ("c", "a"): 3}
    assert broken_edges("abc", parents_of(graph), lambda parent, child: strength[parent, child]) == [("b", "c")]


def test_a_ring_of_five_hundred_loses_one_edge() -> None:
    order = order_of(parents_of(ring(500)), lambda parent, child: 3)
    members = tuple(f"n{number:03}" for number in range(500))
    assert order.cycles == (Cycle(members=members, broken=(("n499", "n000"),)),)
    assert len(order.waves) == 500


def test_a_long_chain_needs_no_recursion() -> None:
    names = [f"n{number:05}" for number in range(20_000)]
    order = order_of(parents_of(nx.DiGraph(pairwise(names))), lambda parent, child: 3)
    assert (order.waves[-1], len(order.waves), order.cycles) == (("n19999",), 20_000, ())
