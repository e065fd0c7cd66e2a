"""What can't be built with the new pins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dirac_forge.check.answer_reasons import PlatformNotCovered, Unanswered
from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.read_recipe import recipe_of
from dirac_forge.migration.plan import make_plan
from dirac_forge.migration.schema import parse_migration
from dirac_forge.migration.solvability import (
    HostEnvironment,
    NotSolvable,
    SolverAnswer,
    Unsure,
    environments,
    solvability_of,
)

from .conftest import GraphOf, MigrationOf

RECIPE = """\
package: {name: user, version: "1.0"}
build: {number: 0}
requirements:
  build:
    - {{ compiler("c") }}
    - cmake
  host:
    - python
    - lib
    - zlib >=1.2
outputs:
  - name: user
    requirements:
      build:
        - {{ compiler("c") }}
        - cmake
      host:
        - python
        - lib
        - zlib >=1.2
  - name: user-more
    requirements:
      host:
        - user
        - lib
  - name: user-plain
    requirements:
      host:
        - zlib
"""
PINNING = Pinning(path="pinning.yaml", text="python:\n- 3.12.* *_cpython\n- 3.13.* *_cp313\nlib:\n- '1'\n")


def environment(feedstock: str, platform: str = "linux-64", *specs: str) -> HostEnvironment:
    return HostEnvironment(
        feedstock=feedstock, output=feedstock, section="host", platform=platform, on=platform, specs=specs
    )


def test_environments_have_the_new_pin_and_nothing_of_its_own(
    tmp_path: Path, graph_of: GraphOf, migration_of: MigrationOf
) -> None:
    recipe = recipe_of({"recipe/meta.yaml": RECIPE}, root=tmp_path)
    plan = make_plan(graph_of({"user": {"host": ["lib"]}}), migration_of())
    found = environments(plan, "user", recipe, platforms=["linux-64", "osx-64"], pinning=PINNING)
    assert [(one.output, one.platform, one.specs) for one in found] == [
        ("user", "linux-64", ("lib 2.*", "python 3.12.* *_cpython", "zlib >=1.2")),
        ("user", "osx-64", ("lib 2.*", "python 3.12.* *_cpython", "zlib >=1.2")),
        ("user-more", "linux-64", ("lib 2.*",)),
        ("user-more", "osx-64", ("lib 2.*",)),
        ("user", "linux-64", ("lib 2.*", "python 3.13.* *_cp313", "zlib >=1.2")),
        ("user", "osx-64", ("lib 2.*", "python 3.13.* *_cp313", "zlib >=1.2")),
    ]


def test_of_an_added_python_only_the_new_variants_are_asked(tmp_path: Path, graph_of: GraphOf) -> None:
    text = "package: {name: user, version: 1}\nrequirements:\n  host:\n    - python\n    - many\n"
    pinning = Pinning(path="pinning.yaml", text="python:\n- 3.12.* *_cpython\n- 3.13.* *_cp313\nmany: [1, 2, 3, 4]\n")
    head = "__migrator:\n  operation: key_add\n  primary_key: python\n"
    migration = parse_migration(f"{head}python:\n- 3.14.* *_cp314\n", path="python314.yaml")
    plan = make_plan(graph_of({"user": {"host": ["python"]}}), migration)
    recipe = recipe_of({"recipe/meta.yaml": text}, root=tmp_path)
    platforms = ["linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"]
    found = environments(plan, "user", recipe, platforms=platforms, pinning=pinning)
    assert len(found) == 20
    assert {spec for each in found for spec in each.specs if spec.startswith("python")} == {"python 3.14.* *_cp314"}


def test_without_host_the_build_environment_counts(
    tmp_path: Path, graph_of: GraphOf, migration_of: MigrationOf
) -> None:
    text = "package: {name: user, version: 1}\nrequirements:\n  build:\n    - lib\n"
    forge = "build_platform: {linux_aarch64: linux_64}\n"
    recipe = recipe_of({"recipe/meta.yaml": text, "conda-forge.yml": forge}, root=tmp_path)
    plan = make_plan(graph_of({"user": {"build": ["lib"]}}), migration_of())
    (found,) = environments(plan, "user", recipe, platforms=["linux-aarch64"], pinning=PINNING)
    assert (found.section, found.platform, found.on) == ("build", "linux-aarch64", "linux-64")


NO_BUILD = PlatformNotCovered(platform="osx-64")


def test_one_environment_that_fails_is_enough() -> None:
    asked: list[tuple[str, ...]] = []

    def solve(one: HostEnvironment) -> SolverAnswer:
        asked.append((one.platform, *one.specs))
        if one.platform == "dead":
            raise UnknownError("the channel can't be read")
        good = "bad" not in one.specs
        return SolverAnswer(status="solvable") if good else SolverAnswer(status="not-solvable", reason=NO_BUILD)

    with ThreadPoolExecutor(2) as executor:
        found = solvability_of(
            {
                "a": [environment("a", "linux-64", "good"), environment("a", "osx-64", "bad")],
                "b": [environment("b", "linux-64", "good")],
                "c": [environment("c", "dead", "good"), environment("c", "osx-64", "bad")],
                "d": [environment("d", "dead", "good")],
            },
            solve,
            executor=executor,
        )
    assert found.not_solvable == {
        name: NotSolvable(environment=environment(name, "osx-64", "bad"), reason=NO_BUILD) for name in "ac"
    }
    assert found.solvable == {"b"}
    unread = Unanswered(message="the channel can't be read")
    assert found.unknown == {"d": Unsure(environment=environment("d", "dead", "good"), reason=unread)}
    assert sorted(asked) == [("dead", "good"), ("linux-64", "good"), ("osx-64", "bad")]


def test_what_blocks_least_is_left_where_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dirac_forge.migration.solvability._MOST", 2)
    with ThreadPoolExecutor(1) as executor:
        found = solvability_of(
            {name: [environment(name, "linux-64", name)] for name in ("z", "y", "x")},
            lambda one: SolverAnswer(status="not-solvable", reason=NO_BUILD),
            executor=executor,
        )
    assert (sorted(found.not_solvable), found.left) == (["y", "z"], ("x",))
