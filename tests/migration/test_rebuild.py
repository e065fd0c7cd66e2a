"""Rebuild changes: two files, a few bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.facts import read_facts
from dirac_forge.feedstock.graph import build_graph
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.migration.exclusions import NoRebuild
from dirac_forge.migration.plan import Plan, make_plan
from dirac_forge.migration.rebuild import rebuild
from dirac_forge.migration.schema import Migration
from dirac_forge.store import Store

from .conftest import MigrationOf

RECIPE = "package:\n  name: user\n  version: 1\nbuild:\n  number: 4  # old\nrequirements:\n  host:\n    - lib\n"


@pytest.fixture
def feedstock(tmp_path: Path) -> FeedstockFolder:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe/meta.yaml").write_text(RECIPE, encoding="utf-8")
    (tmp_path / "conda-forge.yml").write_text(
        "# mine\nprovider:\n  osx_64: azure  # why\nbot: {automerge: true}\n", encoding="utf-8"
    )
    return FeedstockFolder("user", tmp_path)


def planned(feedstock: FeedstockFolder, migration: Migration) -> Plan:
    return make_plan(build_graph(read_facts([feedstock], None, Store(None))), migration)


def test_the_change(feedstock: FeedstockFolder, migration_of: MigrationOf) -> None:
    migration = migration_of("commit_message: Rebuild for lib 2", "bump_number: 2")
    change = rebuild(feedstock, planned(feedstock, migration))
    assert isinstance(change, Change)
    assert (change.kind, change.key, change.title, change.branch) == ("migration", "lib2", "Rebuild for lib 2", "main")
    assert [edit.path for edit in change.edits] == ["recipe/meta.yaml", ".ci_support/migrations/lib2.yaml"]
    assert change.edits[0].after == RECIPE.replace("number: 4", "number: 6")
    assert (change.edits[1].before, change.edits[1].after) == (None, migration.text)
    assert change.edits[1].diff.startswith("--- /dev/null\n+++ b/.ci_support/migrations/lib2.yaml\n@@ -0,0 +1,")
    assert change.body == ""


def test_a_second_run_does_nothing(feedstock: FeedstockFolder, migration_of: MigrationOf) -> None:
    migration = migration_of()
    change = rebuild(feedstock, planned(feedstock, migration))
    assert isinstance(change, Change)
    for edit in change.edits:
        path = feedstock.path / edit.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(edit.after or "", encoding="utf-8")
    again = FeedstockFolder("user", feedstock.path)
    assert rebuild(again, planned(again, migration)) == Skip(feedstock="user", reason=NoRebuild(kind="applied"))


def test_conda_forge_yml_is_patched_where_it_has_the_key(feedstock: FeedstockFolder, migration_of: MigrationOf) -> None:
    migration = migration_of("conda_forge_yml_patches: {provider.osx_64: default, provider.win_64: azure}")
    change = rebuild(feedstock, planned(feedstock, migration))
    assert isinstance(change, Change)
    assert change.edits[2].after == "# mine\nprovider:\n  osx_64: default  # why\nbot: {automerge: true}\n"


def test_others_are_skipped_with_the_reason(feedstock: FeedstockFolder, migration_of: MigrationOf) -> None:
    plan = planned(feedstock, migration_of("exclude: [user]"))
    assert rebuild(feedstock, plan) == Skip(feedstock="user", reason=NoRebuild(kind="excluded"))
    plan = planned(feedstock, migration_of(keys=["other"]))
    assert rebuild(feedstock, plan) == Skip(feedstock="user", reason=NoRebuild(kind="no-member"))
