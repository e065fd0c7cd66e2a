"""Members, as conda-forge's bot chooses them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dirac_forge.feedstock.graph import Graph
from dirac_forge.migration.members import members_of
from dirac_forge.migration.schema import Migration
from dirac_forge.report.exclusions import no_rebuild_text

from .conftest import GraphOf, MigrationOf


def members(graph: Graph, migration: Migration, *, allowlist: Sequence[str] | None = None) -> list[str]:
    return sorted(members_of(graph, migration, allowlist=allowlist).members)


def reasons(graph: Graph, migration: Migration) -> dict[str, str]:
    return {name: no_rebuild_text(one.reason) for name, one in members_of(graph, migration).excluded.items()}


def test_host_decides_and_build_only_where_host_is_empty(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of(
        {
            "lib": {},
            "host": {"host": ["lib"]},
            "build": {"build": ["lib"]},
            "both": {"build": ["lib"], "host": ["zlib"]},
            "run": {"run": ["lib"]},
            "test": {"test": ["lib"]},
        }
    )
    assert members(graph, migration_of()) == ["build", "host"]
    assert members(graph, migration_of("include_build: true")) == ["both", "build", "host"]
    assert reasons(graph, migration_of()) == {"lib": "it makes a migrated package"}


def test_strong_run_exports_fill_host(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of(
        {
            "lib": {},
            "mpi": {"strong": ["mpi"]},
            "compiled": {"build": ["c_compiler_stub", "lib"]},
            "plain": {"build": ["lib"]},
            "with-mpi": {"build": ["mpi", "lib"]},
        }
    )
    assert members(graph, migration_of()) == ["plain"]
    assert members(graph, migration_of(keys=["mpi"])) == ["compiled", "plain", "with-mpi"][2:]
    only = "it has lib only in build (recipe/meta.yaml:2), which does not count as host next to {}"
    assert reasons(graph, migration_of()) == {
        "compiled": only.format("compiler('c')"),
        "lib": "it makes a migrated package",
        "with-mpi": only.format("mpi"),
    }


def test_strong_library_in_build_is_explained(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of({"lib": {"strong": ["lib"]}, "user": {"build": ["lib"], "host": ["zlib"]}})
    member = members_of(graph, migration_of()).members["user"]
    assert (member.because, member.exporters, member.platforms) == ((), ("lib",), ("linux-64", "osx-64"))


def test_dashes_and_underscores_and_other_keys(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of({"lib-foo": {}, "a": {"host": ["lib-foo"]}, "b": {"host": ["c_compiler_stub"]}})
    assert members(graph, migration_of(keys=["lib_foo"])) == ["a"]
    assert members(graph, migration_of("override_cbc_keys: [c_compiler_stub]", keys=["c_compiler"])) == ["b"]


def test_a_package_that_nobody_here_makes(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    membership = members_of(graph_of({"a": {"host": ["lib"]}}), migration_of())
    assert sorted(membership.members) == ["a"]
    assert membership.notes == ("no feedstock here makes lib; it counts because others need it",)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "exclude: [a]",
            {
                "a": "the migration excludes it",
                "lib": "it makes a migrated package",
                "pure": "everything it builds is noarch",
            },
        ),
        ("exclude_pinned_pkgs: false", {"pure": "everything it builds is noarch"}),
        ("include_noarch: true", {"lib": "it makes a migrated package"}),
        (
            "platform_allowlist: [win_64]",
            {
                "a": "it is not built on win-64",
                "lib": "it makes a migrated package",
                "pure": "everything it builds is noarch",
            },
        ),
    ],
)
def test_what_keeps_a_feedstock_out(
    graph_of: GraphOf, migration_of: MigrationOf, line: str, expected: dict[str, str]
) -> None:
    graph = graph_of({"lib": {}, "a": {"host": ["lib"]}, "pure": {"host": ["lib"], "noarch": ["python"]}})
    assert reasons(graph, migration_of(line)) == expected


def test_makers_count_like_others_when_asked_for(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of({"lib": {"host": ["other"]}, "other": {}})
    migration = migration_of("exclude_pinned_pkgs: false", keys=["lib", "other"])
    assert members(graph, migration) == ["lib"]


def test_members_have_the_platforms_of_their_requirements(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of({"lib": {}, "a": {"host": ["lib@1", "zlib"]}})
    member = members_of(graph, migration_of()).members["a"]
    assert member.platforms == ("osx-64",)
    assert [(need.section, need.name, need.line) for need in member.because] == [("host", "lib", 1)]


def test_unreadable_feedstocks_make_nothing_and_are_listed(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of({"a": {"host": ["lib"]}}, broken="broken/recipe/meta.yaml:3: no")
    assert members(graph, migration_of()) == ["a"]
    assert graph.unreadable == {"broken": "broken/recipe/meta.yaml:3: no"}


def test_an_allowlist_lets_ancestors_in_and_nobody_else(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of(
        {
            "lib": {},
            "base": {"host": ["lib"]},
            "wanted": {"host": ["lib"], "test": ["base"]},
            "other": {"host": ["lib"]},
        }
    )
    assert members(graph, migration_of(), allowlist=["wanted"]) == ["base", "wanted"]
