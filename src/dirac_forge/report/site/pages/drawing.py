"""Graphs as the pages' script draws them: nodes in columns, edges with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx

from dirac_forge.untrusted import visible

BROKEN, IGNORED, THROUGH = 1, 2, 4
"""Special edges: one closes a cycle, no member waits for it, or it runs through feedstocks that are not members."""


def migration_drawing(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the graph of a migration: a column for each wave, boxes with their states."""
    plan = document["plan"]
    states = {each["feedstock"]: each["state"] for each in document["status"].get("feedstocks", ())}
    waves = {name: number for number, wave in enumerate(plan.get("waves", ())) for name in wave}
    at = {name: number for number, name in enumerate(waves)}
    edges = [each for each in plan.get("edges", ()) if {each["parent"], each["child"]} <= at.keys()]
    return {
        "column": "wave",
        "columns": len(plan.get("waves", ())),
        "nodes": [[name, wave, states.get(name, "planned")] for name, wave in waves.items()],
        "edges": [[at[each["parent"]], at[each["child"]], _flags(each)] for each in edges],
        "why": [_reasons(each) for each in edges],
    }


def _flags(edge: Mapping[str, Any]) -> int:
    flags = BROKEN if edge["broken"] else 0
    flags |= IGNORED if edge["ignored"] else 0
    return flags | (THROUGH if len(edge["path"]) > 2 else 0)


def _reasons(edge: Mapping[str, Any]) -> str:
    """Return the reasons of an edge in lines, without the words that its two ends say already."""
    start = f"{edge['child']} needs {edge['parent']} in "
    return visible("\n".join(each.removeprefix(start) for each in edge["because"]), but="\n")


def closure_drawing(
    packages: Sequence[Mapping[str, Any]], roots: Sequence[str], states: Mapping[str, str]
) -> dict[str, Any]:
    """Return the graph of what a target installs: a column for each step away from what was asked for.

    `states` is package to a state that colours it.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(each["name"] for each in packages)
    graph.add_edges_from((each["name"], need) for each in packages for need in each["depends"])
    column = _columns(graph)
    names = sorted(graph.nodes, key=lambda name: (column[name], name))
    at = {name: number for number, name in enumerate(names)}
    edges = sorted(graph.edges)
    return {
        "column": "step",
        "columns": max(column.values(), default=-1) + 1,
        "nodes": [[name, column[name], states.get(name, "unknown")] for name in names],
        "edges": [[at[parent], at[child], 0] for parent, child in edges],
        "why": [],
        "roots": [at[name] for name in roots if name in at],
    }


def _columns(graph: nx.DiGraph[str]) -> dict[str, int]:
    """Return for each package its longest distance from one that nothing needs; those of a cycle share theirs."""
    groups = nx.condensation(graph)
    return {
        name: number
        for number, generation in enumerate(nx.topological_generations(groups))
        for group in generation
        for name in groups.nodes[group]["members"]
    }
