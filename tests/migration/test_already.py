"""Migrations to values that the pinning has already."""

from __future__ import annotations

import pytest

from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.migration.already import already_pinned
from dirac_forge.migration.plan import make_plan

from .conftest import GraphOf, MigrationOf


@pytest.mark.parametrize(
    ("pinned", "head", "expected"),
    [
        ("lib:\n- '2'\n", (), "lib 2"),
        ("lib:\n- '3'\n", (), "lib 2"),
        ("lib:\n- '1'\n", (), ""),
        ("lib:\n- '2'  # [linux]\n- '1'  # [osx]\n", (), ""),
        ("lib:\n- '2'\n", ("conda_forge_yml_patches: {test: native}",), ""),
    ],
)
def test_values_that_the_pinning_has(
    graph_of: GraphOf, migration_of: MigrationOf, pinned: str, head: tuple[str, ...], expected: str
) -> None:
    plan = make_plan(graph_of({"lib": {}, "a": {"host": ["lib"]}}), migration_of(*head))
    assert already_pinned(plan, Pinning(path="p.yaml", text=pinned)) == expected
    assert already_pinned(plan, None) == ""
