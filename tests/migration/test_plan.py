"""Edges, paths through non-members, cycles and waves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.feedstock.graph import build_graph
from dirac_forge.migration.plan import Plan, make_plan
from dirac_forge.migration.schema import parse_migration
from dirac_forge.report.migration_edges import edge_sentences

from .conftest import GraphOf, MigrationOf, facts


def pairs(plan: Plan) -> list[tuple[str, str]]:
    return sorted((parent, child) for child, parents in plan.parents.items() for parent in parents)


def test_members_need_by_every_section_and_others_pass_on_run_only(
    graph_of: GraphOf, migration_of: MigrationOf
) -> None:
    graph = graph_of(
        {
            "lib": {},
            "a": {"host": ["lib"]},
            "b": {"host": ["lib", "a"]},
            "c": {"host": ["lib"], "test": ["b"]},
            "middle": {"run": ["a"], "host": ["c"]},
            "d": {"host": ["lib", "middle"]},
        }
    )
    plan = make_plan(graph, migration_of())
    assert pairs(plan) == [("a", "b"), ("a", "d"), ("b", "c")]
    assert plan.waves == (("a",), ("b", "d"), ("c",))
    edge = next(edge for edge in plan.edges if edge.child == "d")
    assert edge.path == ("a", "middle", "d")
    assert tuple(edge_sentences(plan, edge)) == (
        "middle needs a in run: middle/recipe/meta.yaml:1: a",
        "d needs middle in host: d/recipe/meta.yaml:2: middle",
    )


def test_a_requirement_that_nobody_makes_is_a_feedstock(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of({"lib": {}, "qt-main": {"outputs": ["qt6"], "host": ["lib"]}, "kio": {"host": ["lib", "qt-main"]}})
    assert pairs(make_plan(graph, migration_of())) == [("qt-main", "kio")]


def test_outputs_lead_to_their_feedstock_and_both_makers_count(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of(
        {
            "lib": {},
            "one": {"outputs": ["tool"], "host": ["lib"]},
            "two": {"outputs": ["tool", "three"], "host": ["lib"]},
            "three": {"outputs": ["other"]},
            "user": {"host": ["lib", "tool"]},
        }
    )
    plan = make_plan(graph, migration_of())
    assert pairs(plan) == [("one", "user"), ("two", "user")]
    assert plan.notes == (
        "three is a feedstock and also a package that the feedstock two makes; a requirement three means the package",
        "tool is made by several feedstocks: one, two; its dependents need all of them",
    )


def test_a_cycle_is_broken_at_the_weakest_edge(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of(
        {
            "lib": {},
            "a": {"host": ["lib"], "test": ["c"]},
            "b": {"host": ["lib", "a"]},
            "c": {"host": ["lib"], "run": ["b"]},
        }
    )
    plan = make_plan(graph, migration_of())
    assert [(cycle.members, cycle.broken) for cycle in plan.cycles] == [(("a", "b", "c"), (("c", "a"),))]
    assert plan.waves == (("a",), ("b",), ("c",))
    assert plan.waited_for("a") == ()
    assert [edge.broken for edge in plan.edges_of("a")] == [True]


def test_a_cycle_of_five_hundred(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    ring = {f"f{n:03}": {"host": ["lib", f"f{(n - 1) % 500:03}"]} for n in range(500)}
    plan = make_plan(graph_of({"lib": {}, **ring}), migration_of())
    assert [(len(cycle.members), cycle.broken) for cycle in plan.cycles] == [(500, (("f499", "f000"),))]
    assert len(plan.waves) == 500


def test_ignored_parents_are_not_waited_for(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of({"lib": {}, "a": {"host": ["lib"]}, "b": {"host": ["lib", "a"]}})
    plan = make_plan(graph, migration_of("ignored_deps_per_node: {b: [a]}"))
    assert pairs(plan) == [("a", "b")]
    assert plan.waited_for("b") == ()
    assert [edge.ignored for edge in plan.edges] == [True]


Described = dict[str, dict[str, list[str]]]
NAMES = [f"f{number}" for number in range(9)]
needs = st.lists(st.sampled_from(["lib", *NAMES]), max_size=4, unique=True)
feedstocks = st.dictionaries(
    st.sampled_from(NAMES), st.fixed_dictionaries(dict.fromkeys(("build", "host", "run", "test"), needs))
)
MIGRATION = parse_migration("__migrator:\n  kind: version\nlib:\n- '2'\n", path="lib2.yaml")


def planned(described: Described, order: Sequence[str]) -> Plan:
    made = {name: facts({"outputs": [name], **described.get(name, {})}) for name in ["lib", *described]}
    return make_plan(build_graph({name: made[name] for name in order if name in made}), MIGRATION)


@given(feedstocks, st.permutations(["lib", *NAMES]))
def test_the_plan_does_not_depend_on_the_order_of_input(described: Described, order: list[str]) -> None:
    one, other = planned(described, ["lib", *NAMES]), planned(described, order)
    assert one.waves == other.waves
    assert one.edges == other.edges
    assert one.cycles == other.cycles


@given(feedstocks)
def test_parents_are_in_earlier_waves_unless_their_edge_is_reported_broken(described: Described) -> None:
    plan = planned(described, ["lib", *NAMES])
    for edge in plan.edges:
        assert edge.broken or plan.wave_of[edge.parent] < plan.wave_of[edge.child]
    assert {(edge.parent, edge.child) for edge in plan.edges if edge.broken} == {
        pair for cycle in plan.cycles for pair in cycle.broken
    }


@given(feedstocks)
def test_plucking_loses_and_invents_no_path(described: Described) -> None:
    plan = planned(described, ["lib", *NAMES])
    members = set(plan.membership.members)
    full: nx.DiGraph[str] = nx.DiGraph()
    full.add_nodes_from(members)
    full.add_edges_from((parent, child) for child, own in plan.network.direct.items() for parent in own)
    for child in members:
        # What reaches a child without passing through another member, the child itself left out of the way.
        found: set[str] = set()
        seen, waiting = {child}, [child]
        while waiting:
            for parent in full.predecessors(waiting.pop()):
                if parent not in seen:
                    seen.add(parent)
                    if parent in members:
                        found.add(parent)
                    else:
                        waiting.append(parent)
        assert set(plan.parents[child]) == found
        for edge in plan.edges_of(child):
            assert all(full.has_edge(*step) for step in pairwise(edge.path))
            assert not members & set(edge.path[1:-1])


@given(feedstocks, needs)
def test_a_feedstock_that_nobody_needs_changes_nothing_else(described: Described, own: list[str]) -> None:
    before = planned(described, ["lib", *NAMES])
    made = {name: facts({"outputs": [name], **described.get(name, {})}) for name in ["lib", *described]}
    made["new"] = facts({"outputs": ["new"], "host": own})
    after = make_plan(build_graph(made), MIGRATION)
    assert [tuple(name for name in wave if name != "new") for wave in after.waves][: len(before.waves)] == list(
        before.waves
    )
    assert [edge for edge in after.edges if edge.child != "new"] == list(before.edges)
    assert after.cycles == before.cycles
