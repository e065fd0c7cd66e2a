"""Components, broken edges and waves, on graphs that nobody chose."""

from __future__ import annotations

import random

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.migration.order import broken_edges, components, waves


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """Parents by node, cycles included."""
    count = draw(st.integers(0, 12))
    if not count:
        return []
    edges = draw(st.sets(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=40))
    return [sorted(parent for parent, child in edges if child == node and parent != node) for node in range(count)]


def as_networkx(parents: list[list[int]]) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(parents)))
    graph.add_edges_from((parent, child) for child, own in enumerate(parents) for parent in own)
    return graph


@given(graphs())
def test_components_are_those_of_networkx_and_parents_go_first(parents: list[list[int]]) -> None:
    found = components(parents)
    expected = nx.strongly_connected_components(as_networkx(parents))
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))
    place = {node: index for index, component in enumerate(found) for node in component}
    assert all(place[parent] <= place[child] for child, own in enumerate(parents) for parent in own)


@given(graphs(), st.randoms(use_true_random=False))
def test_breaking_cycles_leaves_an_order_and_breaks_only_inside(parents: list[list[int]], dice: random.Random) -> None:
    strength = {(parent, child): dice.randrange(4) for child, own in enumerate(parents) for parent in own}
    left = [list(own) for own in parents]
    for component in components(parents):
        inside = set(component)
        inner = {node: [parent for parent in parents[node] if parent in inside] for node in component}
        broken = broken_edges(component, inner, lambda parent, child: strength[parent, child])
        assert len(component) > 1 or not broken
        shuffled = list(component)
        dice.shuffle(shuffled)
        assert broken == broken_edges(shuffled, inner, lambda parent, child: strength[parent, child])
        for parent, child in broken:
            left[child].remove(parent)
    level = waves(left)
    assert all(level[parent] < level[child] for child, own in enumerate(left) for parent in own)
    assert [sorted(wave) for wave in nx.topological_generations(as_networkx(left))] == [
        [node for node in range(len(left)) if level[node] == number] for number in range(max(level, default=-1) + 1)
    ]


def test_the_weakest_edges_are_broken() -> None:
    strength = {(0, 1): 3, (1, 2): 1, (2, 0): 3}
    parents = {1: [0], 2: [1], 0: [2]}
    assert broken_edges([0, 1, 2], parents, lambda parent, child: strength[parent, child]) == [(1, 2)]


def test_a_ring_of_five_hundred_loses_one_edge() -> None:
    count = 500
    parents = {node: [(node - 1) % count] for node in range(count)}
    assert broken_edges(range(count), parents, lambda parent, child: 3) == [(count - 1, 0)]


def test_a_long_chain_needs_no_recursion() -> None:
    count = 20_000
    parents = [[node - 1] if node else [] for node in range(count)]
    assert waves(parents)[-1] == count - 1
    assert len(components(parents)) == count
