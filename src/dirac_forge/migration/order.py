"""Order in a directed graph that may have cycles: components, the edges to break, and waves.

Everything here is linear in nodes and edges (breaking edges sorts the nodes of each cycle), and gives the same answer
whatever order the input comes in. Nodes are numbers; a smaller number goes first where nothing else decides.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence

__all__ = ["Parents", "broken_edges", "components", "waves"]

Parents = Sequence[Sequence[int]]
"""For each node the nodes that must go before it."""


def components(parents: Parents) -> list[list[int]]:
    """The strongly connected components, parents before children (Tarjan's algorithm, without recursion)."""
    count = len(parents)
    index = [0] * count
    low = [0] * count
    on_stack = bytearray(count)
    found: list[list[int]] = []
    stack: list[int] = []
    counter = 0
    for root in range(count):
        if index[root]:
            continue
        counter += 1
        index[root] = low[root] = counter
        stack.append(root)
        on_stack[root] = 1
        work = [(root, iter(parents[root]))]
        while work:
            node, neighbours = work[-1]
            for other in neighbours:
                if not index[other]:
                    counter += 1
                    index[other] = low[other] = counter
                    stack.append(other)
                    on_stack[other] = 1
                    work.append((other, iter(parents[other])))
                    break
                if on_stack[other] and index[other] < low[node]:
                    low[node] = index[other]
            else:
                work.pop()
                if work and low[node] < low[work[-1][0]]:
                    low[work[-1][0]] = low[node]
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack[member] = 0
                        component.append(member)
                        if member == node:
                            break
                    found.append(component)
    return found


def broken_edges(
    cycle: Sequence[int], parents: Mapping[int, Sequence[int]], strength: Callable[[int, int], int]
) -> list[tuple[int, int]]:
    """Edges (parent, child) to leave out so that `cycle`, a strongly connected component, has an order.

    `parents` are those inside the cycle; `strength(parent, child)` is small for an edge that is broken first. Edges
    are put in from the strongest kind to the weakest, and those of a kind that would close a cycle are broken.
    """
    nodes = sorted(cycle)
    by_strength: dict[int, list[tuple[int, int]]] = {}
    for child in nodes:
        for parent in parents[child]:
            by_strength.setdefault(strength(parent, child), []).append((parent, child))
    kept: dict[int, list[int]] = {node: [] for node in nodes}
    broken: list[tuple[int, int]] = []
    for kind in sorted(by_strength, reverse=True):
        edges = by_strength[kind]
        position = _positions(nodes, kept, edges)
        for parent, child in edges:
            if position[parent] < position[child]:
                kept[child].append(parent)
            else:
                broken.append((parent, child))
    return sorted(broken)


def _positions(
    nodes: Sequence[int], kept: Mapping[int, Sequence[int]], edges: Sequence[tuple[int, int]]
) -> dict[int, int]:
    """An order of the nodes that keeps all kept edges, and breaks few of `edges`.

    Of the nodes whose kept parents are all placed, the one with the fewest parents left among `edges` goes next.
    """
    left = {node: len(kept[node]) for node in nodes}
    open_edges = dict.fromkeys(nodes, 0)
    children: dict[int, list[int]] = {node: [] for node in nodes}
    soft: dict[int, list[int]] = {node: [] for node in nodes}
    for child in nodes:
        for parent in kept[child]:
            children[parent].append(child)
    for parent, child in edges:
        soft[parent].append(child)
        open_edges[child] += 1
    heap = [(open_edges[node], node) for node in nodes if not left[node]]
    heapq.heapify(heap)
    position: dict[int, int] = {}
    while heap:
        count, node = heapq.heappop(heap)
        if node in position or count != open_edges[node]:
            continue
        position[node] = len(position)
        for child in children[node]:
            left[child] -= 1
            if not left[child]:
                heapq.heappush(heap, (open_edges[child], child))
        for child in soft[node]:
            open_edges[child] -= 1
            if not left[child] and child not in position:
                heapq.heappush(heap, (open_edges[child], child))
    return position


def waves(parents: Parents) -> list[int]:
    """For each node of an acyclic graph the length of the longest path that leads to it: 0 for the first wave."""
    count = len(parents)
    children: list[list[int]] = [[] for _ in range(count)]
    left = [0] * count
    for child, own in enumerate(parents):
        left[child] = len(own)
        for parent in own:
            children[parent].append(child)
    level = [0] * count
    ready = [node for node in range(count) if not left[node]]
    done = 0
    while ready:
        node = ready.pop()
        done += 1
        following = level[node] + 1
        for child in children[node]:
            level[child] = max(level[child], following)
            left[child] -= 1
            if not left[child]:
                ready.append(child)
    if done != count:
        raise ValueError("the graph has a cycle")
    return level
