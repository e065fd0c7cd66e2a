"""States from evidence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dirac_forge.check.answer_reasons import MissingPackages, PlatformNotCovered
from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.facts import read_facts
from dirac_forge.feedstock.graph import build_graph
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.read_recipe import recipe_of
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.migration.evidence import (
    Applied,
    CarryingBuild,
    Evidence,
    Finding,
    MissingBuild,
    NotRead,
    carries,
    channel_evidence,
    recipe_evidence,
)
from dirac_forge.migration.exports import PinExports, exports_of, pinned_members
from dirac_forge.migration.known import labels_of_page
from dirac_forge.migration.plan import make_plan
from dirac_forge.migration.schema import read_migration
from dirac_forge.migration.solvability import HostEnvironment, NotSolvable, Unsure
from dirac_forge.migration.status import (
    Known,
    MergedRebuild,
    MissingPin,
    OpenRebuild,
    PageLabel,
    PreparedRebuild,
    Progress,
    Status,
    status_of,
)
from dirac_forge.store import Store

from .conftest import GraphOf, MigrationOf

SHARED = Path(__file__).parents[2] / "../shared/conda-forge/migrations"

CHAIN = {
    "lib": {"weak": ["lib"]},
    "a": {"host": ["lib"]},
    "b": {"host": ["lib", "a"]},
    "c": {"host": ["lib@1", "b"]},
    "d": {"host": ["lib"]},
}


@pytest.mark.parametrize(
    ("spec", "pin", "expected"),
    [
        (">=1.22.2,<1.23.0a0", "1.22", True),
        (">=1.21.3,<2.0a0", "1.22", False),
        ("1.22.*", "1.22", True),
        (">=1.220,<2", "1.22", False),
        ("3.14.* *_cp314", "3.14.* *_cp314", True),
        (">=3.14,<3.15.0a0", "3.14.* *_cp314", True),
        ("3.14.* *_cp314t", "3.14.* *_cp314", False),
        ("3.14.* *_cp314", "3.14.* *_cp314t", False),
        ("3.12.* *_cp312", "3.12.* *_cpython", True),
        ("==6.38.0", "6.38.0", True),
        ("", "1", False),
    ],
)
def test_what_carries_a_pin(spec: str, pin: str, expected: bool) -> None:
    assert carries(spec, pin) is expected


def states(status: Status) -> dict[str, str]:
    return {one.feedstock: one.state for one in status.feedstocks}


def proved(*platforms: str, **others: Finding) -> Evidence:
    """Evidence of builds on some platforms, and of findings on others (`osx_64=…`)."""
    findings: dict[str, Finding] = dict.fromkeys(platforms, CarryingBuild(output="x", version="1"))
    findings |= {name.replace("_", "-"): finding for name, finding in others.items()}
    done = {
        name: None
        if isinstance(each, NotRead)
        else isinstance(each, CarryingBuild) or (isinstance(each, Applied) and each.there)
        for name, each in findings.items()
    }
    return Evidence(done=done, findings=findings)


DONE = proved("linux-64", "osx-64")
NO_BUILD = MissingBuild(output="a", pins=(("lib", "2"),))
ENVIRONMENT = HostEnvironment(
    feedstock="d", output="d", section="host", platform="linux-64", on="linux-64", specs=("lib 2.*",)
)
UNSURE = Unsure(environment=ENVIRONMENT, reason=MissingPackages(names=("x",)))
NO_SOLUTION = NotSolvable(environment=ENVIRONMENT, reason=PlatformNotCovered(platform="osx-64"))


def test_states_follow_from_parents(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    failed = PageLabel(state="bot-error", detail="the recipe can't be rerendered")
    status = status_of(plan, {"a": DONE}, Known(labels={"d": failed}))
    assert states(status) == {"a": "done", "b": "awaiting-pr", "c": "awaiting-parents", "d": "error"}
    assert status.feedstocks[2].waits_for == ("b",)
    assert [(one.feedstock, one.blocks) for one in status.next] == [("b", 1)]
    assert status.platforms == {"linux-64": (1, 3), "osx-64": (1, 4)}
    known = Known(requests={"a": OpenRebuild(url="https://example.org/1")}, not_solvable={"d": NO_SOLUTION})
    status = status_of(plan, {}, known)
    assert states(status) == {"a": "in-pr", "b": "awaiting-parents", "c": "awaiting-parents", "d": "not-solvable"}
    assert [(one.feedstock, one.blocks) for one in status.blockers] == [("a", 2), ("b", 1)]


def test_other_migrations_are_waited_for(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    progress = Progress(migration="other3", done=1, total=2)
    known = Known(requests={"d": OpenRebuild(url="https://example.org/1")}, waits=(progress,))
    status = status_of(plan, {"a": DONE}, known)
    assert states(status) == {"a": "done", "b": "awaiting-parents", "c": "awaiting-parents", "d": "in-pr"}
    b = status.feedstocks[1]
    assert (b.waits_for, b.waits_for_migrations, b.reasons) == ((), ("other3",), (progress,))
    assert status.feedstocks[3].waits_for_migrations == ()


def test_what_a_solver_could_not_tell_can_go(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    status = status_of(plan, {}, Known(unsure={"a": UNSURE, "b": UNSURE}))
    assert (states(status)["a"], states(status)["b"]) == ("awaiting-pr", "awaiting-parents")
    assert status.feedstocks[0].reasons == (UNSURE,)


def test_a_label_done_does_not_beat_the_channel(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    label = PageLabel(state="done", detail="https://example.org/pull/1")
    status = status_of(plan, {"a": proved("linux-64", osx_64=NO_BUILD)}, Known(labels={"a": label}))
    assert (status.feedstocks[0].state, status.feedstocks[0].reasons) == ("awaiting-pr", (label,))
    assert states(status)["b"] == "awaiting-parents"


def test_a_label_done_counts_where_the_channel_tells_nothing(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    label = PageLabel(state="done")
    unread = proved(linux_64=NotRead(reason="dead"), osx_64=NotRead(reason="dead"))
    old_copy = proved(linux_64=Applied(path="lib2.yaml", there=False), osx_64=Applied(path="lib2.yaml", there=False))
    for evidence in ({"a": unread}, {"a": old_copy}, {}):
        status = status_of(plan, evidence, Known(labels={"a": label}))
        assert (status.feedstocks[0].state, status.feedstocks[0].reasons) == ("done", (label,))


def test_a_label_not_solvable_does_not_beat_a_solution(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    labels = {"a": PageLabel(state="not-solvable", detail="no lib")}
    assert states(status_of(plan, {}, Known(labels=labels)))["a"] == "not-solvable"
    status = status_of(plan, {}, Known(labels=labels, solvable=frozenset({"a"})))
    assert (status.feedstocks[0].state, status.feedstocks[0].reasons) == ("awaiting-pr", (labels["a"],))


def test_a_prepared_change_is_no_open_request(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    prepared = PreparedRebuild(place="/workspace/outbox/a")
    status = status_of(plan, {}, Known(requests={"a": prepared}))
    assert (status.feedstocks[0].state, status.feedstocks[0].reasons) == ("awaiting-pr", (prepared,))


def test_a_rebuild_that_is_merged_and_not_built_is_not_offered_again(
    graph_of: GraphOf, migration_of: MigrationOf
) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    status = status_of(plan, {}, Known(merged=frozenset({"a"})))
    assert (status.feedstocks[0].state, status.feedstocks[0].reasons) == ("awaiting-pr", (MergedRebuild(),))
    assert [each.feedstock for each in status.next] == ["d"]


def test_nothing_goes_without_the_new_version(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    missing = MissingPin(package="lib", pin="2")
    status = status_of(plan, {}, Known(missing=dict.fromkeys("abcd", missing), unsure={"a": UNSURE}))
    assert states(status) == {
        "a": "not-solvable",
        "b": "awaiting-parents",
        "c": "awaiting-parents",
        "d": "not-solvable",
    }
    assert (status.next, status.missing) == ((), (missing,))


def test_evidence_of_one_platform_is_not_enough(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    status = status_of(plan, {"a": proved("linux-64", osx_64=NO_BUILD)})
    assert states(status)["a"] == "awaiting-pr"
    assert status.platforms["linux-64"] == (1, 3)
    status = status_of(plan, {"a": proved("linux-64", osx_64=NotRead(reason="dead"))})
    assert (states(status)["a"], status.unknown) == ("unknown", ("a",))


def test_a_member_without_evidence_is_unknown_and_neither_ready_nor_waiting(
    graph_of: GraphOf, migration_of: MigrationOf
) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    dark = proved(linux_64=NotRead(reason="dead"))
    none = proved(linux_64=NO_BUILD)
    evidence = {"a": dark, "b": dark, "c": DONE, "d": none}
    status = status_of(plan, evidence)
    assert states(status) == {"a": "unknown", "b": "unknown", "c": "done", "d": "awaiting-pr"}
    assert ([each.feedstock for each in status.next], status.blockers) == (["d"], ())
    assert [each.waits_for for each in status.of("unknown")] == [(), ("a",)]
    # What is known otherwise decides: a request, or a new version that no channel has.
    known = Known(
        requests={"a": OpenRebuild(url="https://example.org/1")}, missing={"b": MissingPin(package="lib", pin="2")}
    )
    assert states(status_of(plan, evidence, known)) == {**states(status), "a": "in-pr", "b": "awaiting-parents"}
    assert states(status_of(plan, evidence | {"b": none}))["b"] == "awaiting-parents"


def test_without_a_channel_the_recipe_tells(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of({**CHAIN, "a": {"host": ["lib"], "applied": ["lib2"]}})
    plan = make_plan(graph, migration_of())
    assert recipe_evidence(plan, "a").all_done
    assert not recipe_evidence(plan, "b").all_done


@dataclass
class Build:
    depends: tuple[str, ...]
    version: str = "1.0"
    build: str = "h0_0"
    build_number: int = 0


RECIPE = """\
package: {name: user, version: "1.0"}
build: {number: 0}
requirements:
  host:
    - python
    - lib
outputs:
  - name: user
    requirements:
      host:
        - python
        - lib
  - name: user-static
    build:
      ignore_run_exports: [lib]
    requirements:
      host:
        - lib
"""
PINNING = Pinning(path="pinning.yaml", text="python:\n- 3.12.* *_cpython\n- 3.13.* *_cp313\nlib:\n- '1'\n")


@pytest.fixture
def built(tmp_path: Path, migration_of: MigrationOf) -> Callable[..., Evidence]:
    """The plan of a feedstock on disk, and what the channel would have to have."""
    recipe = recipe_of(
        {"recipe/meta.yaml": RECIPE, "conda-forge.yml": "provider: {win_64: null, osx_64: null}\n"}, root=tmp_path
    )
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe/meta.yaml").write_text(RECIPE, encoding="utf-8")
    (tmp_path / "conda-forge.yml").write_text("provider: {win_64: null, osx_64: null}\n", encoding="utf-8")
    folder = FeedstockFolder("user", tmp_path)
    plan = make_plan(build_graph(read_facts([folder], PINNING, Store(None))), migration_of())

    def evidence(*builds: Build) -> Evidence:
        return channel_evidence(
            plan,
            "user",
            recipe,
            builds=lambda platform, package: builds if package == "user" else (),
            exports=PinExports({"lib": ("lib",)}),
            pinning=PINNING,
        )

    return evidence


def test_done_is_a_build_with_the_pin_for_each_python(built: Callable[..., Evidence]) -> None:
    one = Build(("python_abi 3.12.* *_cp312", "lib >=2.1,<3.0a0"))
    other = Build(("python_abi 3.13.* *_cp313", "lib >=2.1,<3.0a0"))
    old = Build(("python_abi 3.13.* *_cp313", "lib >=1.4,<2.0a0"))
    assert built(one, other).all_done
    assert built(one, old).findings == {"linux-64": MissingBuild(output="user", pins=(("lib", "2"),), python="3.13")}
    assert built().done == {"linux-64": False}


def test_a_dead_channel_is_unknown(tmp_path: Path, graph_of: GraphOf, migration_of: MigrationOf) -> None:
    recipe = recipe_of({"recipe/meta.yaml": RECIPE}, root=tmp_path)
    plan = make_plan(graph_of({"user": {"host": ["lib"]}}), migration_of())

    def dead(platform: str, package: str) -> tuple[Build, ...]:
        raise UnknownError("the channel can't be reached")

    found = channel_evidence(plan, "user", recipe, builds=dead, exports=PinExports(), pinning=PINNING)
    assert found.unknown
    assert found.findings == dict.fromkeys(("linux-64", "osx-64"), NotRead(reason="the channel can't be reached"))
    assert status_of(plan, {"user": found}).unknown == ("user",)


def test_run_exports_tell_who_gets_a_pin(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    graph = graph_of(
        {
            "lib": {"weak": ["lib"]},
            "silent": {},
            "a": {"host": ["lib"]},
            "b": {"host": ["lib"], "ignored": ["lib"]},
            "c": {"host": ["silent"]},
        }
    )
    plan = make_plan(graph, migration_of(keys=["lib", "silent"]))
    found = pinned_members(plan, exports_of(graph, plan.membership.packages))
    assert [(one.feedstock, one.effect, one.text) for one in found] == [
        ("a", "pinned", "the run_exports of lib pin lib"),
        ("b", "ignored", "the run_exports of lib pin lib, which the recipe ignores"),
        ("c", "builds-only", "silent exports nothing: packages are rebuilt, their pins stay"),
    ]
    alone = graph_of({"a": {"host": ["lib"]}})
    plan = make_plan(alone, migration_of())
    assert pinned_members(plan, exports_of(alone, plan.membership.packages))[0].effect == "unknown"
    known = exports_of(alone, plan.membership.packages, known=lambda package: ("lib2",))
    assert pinned_members(plan, known)[0].text == "the run_exports of lib pin lib2"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize("folder", sorted(SHARED.glob("*/")) if SHARED.is_dir() else [], ids=lambda path: path.name)
def test_what_conda_forge_did(folder: Path) -> None:
    """Members, edges and waves as the bot had them, and its awaiting-parents from the done ones alone."""
    folders = [
        FeedstockFolder(path.name, path) for kind in ("feedstocks", "others") for path in (folder / kind).iterdir()
    ]
    plan = make_plan(build_graph(read_facts(folders, None, Store(None))), read_migration(folder / "migration.yaml"))
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert list(plan.network.names) == sorted(expected["feedstocks"])
    edges = {(parent, child) for child, parents in plan.parents.items() for parent in parents}
    assert edges == {tuple(edge) for edge in expected["edges"]}
    assert [set(wave) for wave in plan.waves] == [set(wave) for wave in expected["generations"]]
    assert not plan.cycles
    labels = labels_of_page(folder / "status.json")
    only_done = {name: label for name, label in labels.items() if label.state == "done"}
    alone = status_of(plan, {}, Known(labels=only_done))
    want = {name for name, state in expected["state"].items() if state == "awaiting-parents"}
    assert {name for name, state in states(alone).items() if state == "awaiting-parents"} == want
    mine = states(status_of(plan, {}, Known(labels=labels)))
    assert mine == {name: state.replace("bot-error", "error") for name, state in expected["state"].items()}
