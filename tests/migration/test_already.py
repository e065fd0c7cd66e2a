"""Migrations to values that the pinning has already."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.migration.already import already_pinned
from dirac_forge.migration.plan import PinnedTogether, make_plan
from dirac_forge.migration.schema import parse_migration

from .conftest import GraphOf, MigrationOf

LIB_2 = (("lib", "2"),)


@pytest.mark.parametrize(
    ("pinned", "head", "expected"),
    [
        ("lib:\n- '2'\n", (), (LIB_2,)),
        ("lib:\n- '3'\n", (), (LIB_2,)),
        ("lib:\n- '1'\n", (), ()),
        ("lib:\n- '2'  # [linux]\n- '1'  # [osx]\n", (), ()),
        ("lib:\n- '2'\n", ("conda_forge_yml_patches: {test: native}",), ()),
    ],
)
def test_values_that_the_pinning_has(
    graph_of: GraphOf,
    migration_of: MigrationOf,
    pinned: str,
    head: tuple[str, ...],
    expected: tuple[PinnedTogether, ...],
) -> None:
    plan = make_plan(graph_of({"lib": {}, "a": {"host": ["lib"]}}), migration_of(*head))
    assert already_pinned(plan, Pinning(path="p.yaml", text=pinned)) == expected
    assert already_pinned(plan, None) == ()


def test_values_of_zipped_keys_are_told_together(graph_of: GraphOf) -> None:
    text = """\
__migrator: {build_number: 1}
lib: ['2', '3', '3']
lib_standard: ['20', '20', '23']
other: ['1', '2']
migrator_ts: 1
"""
    pinning = (
        "lib: ['2', '3', '3']\nlib_standard: ['20', '20', '23']\nother: ['1', '2']\nzip_keys: [[lib, lib_standard]]\n"
    )
    plan = make_plan(graph_of({"lib": {}, "a": {"host": ["lib"]}}), parse_migration(text, path=Path("lib3.yaml")))
    assert already_pinned(plan, Pinning(path="p.yaml", text=pinning)) == (
        (("lib", "2"), ("lib_standard", "20")),
        (("lib", "3"), ("lib_standard", "20")),
        (("lib", "3"), ("lib_standard", "23")),
        (("other", "1"),),
        (("other", "2"),),
    )
