"""Members that a migration does not reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.feedstock.facts import FeedstockFacts, read_facts
from dirac_forge.feedstock.graph import Graph, build_graph
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.migration.members import members_of
from dirac_forge.migration.schema import Migration, parse_migration
from dirac_forge.migration.unreached import SkippedVariants, admits, refined, skipped_variants
from dirac_forge.report.exclusions import no_rebuild_text
from dirac_forge.store import Store

from .conftest import GraphOf, MigrationOf

PINNING = Pinning(
    path="pinning.yaml",
    text=(
        "python:\n- 3.12.* *_cpython\n- 3.13.* *_cp313\nis_python_min:\n- true\n- false\n"
        "zip_keys:\n-\n  - python\n  - is_python_min\n"
    ),
)
PYTHON = parse_migration(
    "__migrator:\n  operation: key_add\n  primary_key: python\npython:\n- 3.14.* *_cp314\nis_python_min:\n- false\n",
    path="python314.yaml",
)
ABI3 = """\
package:
  name: user
  version: "1.0"
build:
  number: 0
  skip: not is_python_min
  python:
    version_independent: true
requirements:
  host:
    - python
"""
PLATFORMS = ("linux-64", "osx-64", "win-64")


def feedstock(root: Path, text: str, file: str = "meta.yaml") -> FeedstockFolder:
    (root / "recipe").mkdir(parents=True)
    (root / "recipe" / file).write_text(text, encoding="utf-8")
    return FeedstockFolder("user", root)


def skipped(folder: FeedstockFolder, migration: Migration = PYTHON) -> dict[str, SkippedVariants]:
    return skipped_variants(
        folder.read(), migration, packages=frozenset({"python"}), platforms=PLATFORMS, pinning=PINNING
    )


def test_a_build_for_all_pythons_is_not_rebuilt_for_a_new_one(tmp_path: Path) -> None:
    folder = feedstock(tmp_path, ABI3, "recipe.yaml")
    assert skipped(folder) == dict.fromkeys(PLATFORMS, SkippedVariants(line=6))


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("py >= 314", PLATFORMS),
        ("py > 312", PLATFORMS),
        ("win or py > 313", PLATFORMS),
        ("win and py > 313", ("win-64",)),
        ("py < 313", ()),
        ("win", ("win-64",)),
        ("not is_python_min", PLATFORMS),
    ],
)
def test_a_skip_of_the_new_python(tmp_path: Path, selector: str, expected: tuple[str, ...]) -> None:
    text = (
        "package: {name: user, version: 1}\nbuild:\n  number: 0\n"
        f"  skip: true  # [{selector}]\nrequirements:\n  host:\n    - python\n"
    )
    assert skipped(feedstock(tmp_path, text)) == dict.fromkeys(expected, SkippedVariants(line=4))


def test_an_output_that_is_built_all_the_same_makes_a_member(tmp_path: Path) -> None:
    text = """\
package: {name: user, version: 1}
build: {number: 0}
outputs:
  - name: user-old
    build:
      skip: true  # [py > 313]
    requirements:
      host:
        - python
  - name: user-new
    requirements:
      host:
        - python
"""
    assert skipped(feedstock(tmp_path, text)) == {}


def facts_of(folder: FeedstockFolder) -> tuple[Graph, FeedstockFacts]:
    facts = read_facts([folder], PINNING, Store(None))
    return build_graph(facts), facts["user"]


def test_members_that_nothing_reaches_are_left_out_with_the_reason(tmp_path: Path) -> None:
    folder = feedstock(tmp_path, ABI3, "recipe.yaml")
    graph, facts = facts_of(folder)
    assert facts.skip_names == ("is_python_min",)
    found = refined(members_of(graph, PYTHON), graph.facts, PYTHON, {"user": skipped(folder)})
    assert (dict(found.members), no_rebuild_text(found.excluded["user"].reason)) == (
        {},
        "its recipe skips what the migration adds (recipe/recipe.yaml:6): a rebuild changes nothing",
    )


def test_a_member_stays_one_where_it_is_reached(tmp_path: Path) -> None:
    folder = feedstock(tmp_path, "package: {name: user, version: 1}\nrequirements:\n  host:\n    - python\n")
    graph, _ = facts_of(folder)
    left = {"win-64": SkippedVariants(line=4)}
    found = refined(members_of(graph, PYTHON), graph.facts, PYTHON, {"user": left})
    assert found.members["user"].platforms == ("linux-64", "osx-64")


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("lib 1.*", "its recipe asks for lib 1.* itself (recipe/meta.yaml:4), not 2: a rebuild changes nothing"),
        (
            "lib >=1.2,<2",
            "its recipe asks for lib >=1.2,<2 itself (recipe/meta.yaml:4), not 2: a rebuild changes nothing",
        ),
        ("lib 1.2", "its recipe asks for lib 1.2 itself (recipe/meta.yaml:4), not 2: a rebuild changes nothing"),
        ("lib", None),
        ("lib >=1", None),
        ("lib {{ lib }}", None),
        ("lib >=2.1.3", None),
    ],
)
def test_a_pin_of_its_own(tmp_path: Path, migration_of: MigrationOf, host: str, reason: str | None) -> None:
    text = f"package: {{name: user, version: 1}}\nrequirements:\n  host:\n    - {host}\n"
    pinning = Pinning(path="pinning.yaml", text="lib: ['1']\n")
    facts = read_facts([feedstock(tmp_path, text)], pinning, Store(None))
    graph, migration = build_graph(facts), migration_of()
    found = refined(members_of(graph, migration), graph.facts, migration, {})
    assert ("user" in found.members) == (reason is None)
    assert found.excluded == {} if reason is None else no_rebuild_text(found.excluded["user"].reason) == reason


@pytest.mark.parametrize(
    ("spec", "pin", "expected"),
    [
        ("", "2", True),
        ("<3.14", "3.14", False),
        ("<3.14.5", "3.14", True),
        (">=1.22.3", "1.22", True),
        ("==1.22.5", "1.22", True),
        ("==1.220", "1.22", False),
        ("1.*|2.*", "2", True),
        ("!=2.1", "2", True),
        ("what ever", "2", True),
    ],
)
def test_which_specs_admit_a_version_of_a_line(spec: str, pin: str, expected: bool) -> None:
    assert admits(spec, pin) is expected


LIB = "__migrator:\n  kind: version\n{}lib:  {}\n- '2'  {}\n"


@pytest.mark.parametrize(
    ("head", "selector"),
    [("", "# [osx]"), ("  platform_allowlist: [osx_64, osx_arm64]\n", "")],
    ids=["pin", "allowlist"],
)
def test_members_only_where_the_migration_changes_something(graph_of: GraphOf, head: str, selector: str) -> None:
    graph = graph_of({"lib": {}, "both": {"host": ["lib"]}, "linux": {"host": ["lib@0", "zlib"]}})
    migration = parse_migration(LIB.format(head, selector, selector), path="lib2.yaml")
    found = refined(members_of(graph, migration), graph.facts, migration, {})
    assert {name: member.platforms for name, member in found.members.items()} == {"both": ("osx-64",)}
    assert no_rebuild_text(found.excluded["linux"].reason) == (
        "it is built with lib on linux-64 only, where the migration changes nothing"
    )
    assert found.excluded["linux"].reason.platforms == ("linux-64",)


def test_a_pin_of_another_package_changes_nothing_for_a_member(graph_of: GraphOf) -> None:
    graph = graph_of({"lib": {}, "zlib": {}, "a": {"host": ["lib"]}, "z": {"host": ["zlib"]}})
    migration = parse_migration(LIB.format("", "", "") + "zlib:  # [osx]\n- '2'  # [osx]\n", path="both.yaml")
    found = refined(members_of(graph, migration), graph.facts, migration, {})
    assert {name: member.platforms for name, member in found.members.items()} == {
        "a": ("linux-64", "osx-64"),
        "z": ("osx-64",),
    }


def test_strong_run_exports_and_changed_settings_count_on_the_platforms_of_the_migration(graph_of: GraphOf) -> None:
    graph = graph_of({"lib": {"strong": ["lib"]}, "user": {"build": ["lib"], "host": ["zlib"]}})
    pins = LIB.format("", "# [osx]", "# [osx]")
    found = refined(members_of(graph, made := parse_migration(pins, path="a.yaml")), graph.facts, made, {})
    assert found.members["user"].platforms == ("osx-64",)
    patched = LIB.format("  conda_forge_yml_patches: {test: native}\n", "# [osx]", "# [osx]")
    found = refined(members_of(graph, made := parse_migration(patched, path="a.yaml")), graph.facts, made, {})
    assert found.members["user"].platforms == ("linux-64", "osx-64")
