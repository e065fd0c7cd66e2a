"""New platforms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dirac_forge.check.answer_reasons import Unanswered
from dirac_forge.check.cells import Cell, Status
from dirac_forge.feedstock.read_recipe import recipe_of
from dirac_forge.migration.addition import PlatformFacts, add_platform, facts_for_platform, for_platform, proved
from dirac_forge.migration.order import Cycle

from .conftest import GraphOf

CHANNEL = {"app": ("tool", "pure", "__glibc"), "pure": ("deep",), "python": ()}
"""What has a build on the platform, and what it depends on."""
RECIPES = {
    "tool": PlatformFacts(host=("lib", "python"), run=("lib", "python"), skipped=None),
    "lib": PlatformFacts(host=("headers",), run=(), skipped="lib/recipe/meta.yaml:7"),
    "headers": PlatformFacts(host=(), run=(), skipped=None),
    "deep": PlatformFacts(host=("deeper",), run=(), skipped=None),
    "deeper": PlatformFacts(host=("deep",), run=(), skipped=None),
}


def test_what_is_missing_in_which_order(graph_of: GraphOf) -> None:
    graph = graph_of({"app": {}, "pure": {}, **{name: {} for name in RECIPES}})
    found = add_platform(
        graph, "riscv64", target="app", packages=["app"], depends=CHANNEL.get, facts=RECIPES.__getitem__
    )
    assert [(one.feedstock, one.wave, one.waits_for, one.skipped, one.runs) for one in found.feedstocks] == [
        ("deep", 0, (), None, True),
        ("headers", 0, (), None, False),
        ("deeper", 1, ("deep",), None, False),
        ("lib", 1, ("headers",), "lib/recipe/meta.yaml:7", True),
        ("tool", 2, ("lib",), None, True),
    ]
    assert found.smallest == ("tool", "lib", "deep")
    assert found.cycles == (Cycle(members=("deep", "deeper"), broken=(("deeper", "deep"),)),)
    assert found.unknown == ()
    lib = next(one for one in found.feedstocks if one.feedstock == "lib")
    assert lib.path == ("app", "tool", "lib")


def test_packages_without_a_feedstock_here_are_unknown(graph_of: GraphOf) -> None:
    found = add_platform(
        graph_of({}),
        "riscv64",
        target="app",
        packages=["app"],
        depends={"app": ("gone",)}.get,
        facts=RECIPES.__getitem__,
    )
    assert (found.feedstocks, found.unknown, found.smallest) == ((), ("gone",), ("gone",))


def test_a_recipe_is_asked_what_it_would_need_where_it_is_skipped() -> None:
    text = """\
package: {name: a, version: 1}
build:
  number: 0
  skip: true  # [win]
requirements:
  build:
    - {{ compiler('c') }}
  host:
    - lib  # [not win]
    - winlib  # [win]
  run:
    - python
"""
    recipe = recipe_of({"recipe/meta.yaml": text}, root=Path("a"))
    assert facts_for_platform(recipe, None, "win-64", path="a/recipe/meta.yaml") == PlatformFacts(
        host=("winlib",), run=("python",), skipped="a/recipe/meta.yaml:4"
    )
    assert facts_for_platform(recipe, None, "linux-riscv64", path="a/recipe/meta.yaml") == PlatformFacts(
        host=("lib",), run=("python",), skipped=None
    )


def test_supposed_builds_lead_further(graph_of: GraphOf) -> None:
    supposed = {"gone": ("deepest",), "deepest": ()}
    found = add_platform(
        graph_of({}),
        "riscv64",
        target="app",
        packages=["app"],
        depends={"app": ("gone",)}.get,
        facts=RECIPES.__getitem__,
        supposed=supposed.get,
    )
    assert (found.unknown, found.smallest) == (("gone", "deepest"), ("gone", "deepest"))


def test_a_build_from_elsewhere_is_fitted_to_the_platform(graph_of: GraphOf) -> None:
    graph = graph_of({"tool": {"host": ["linuxlib@0", "lib"]}})
    own = PlatformFacts(host=("lib",), run=("winlib", "lib"), skipped=None)
    depends = ("lib >=2", "linuxlib >=1", "exported >=3")
    assert for_platform(depends, ["tool"], graph, own) == ("lib >=2", "exported >=3", "winlib")


def test_the_solver_has_the_last_word(graph_of: GraphOf) -> None:
    graph = graph_of({"app": {}, "pure": {}, **{name: {} for name in RECIPES}})
    found = add_platform(
        graph, "riscv64", target="app", packages=["app"], depends=CHANNEL.get, facts=RECIPES.__getitem__
    )
    asked: list[tuple[str, ...]] = []

    def good(names: tuple[str, ...]) -> bool:
        asked.append(names)
        return {"tool", "deep"} <= set(names)

    def explained(names: tuple[str, ...], status: Status = "not-installable") -> Cell:
        reason = Unanswered(message=f"not with {', '.join(names)}")
        cell = Cell(target="app", platform="riscv64", python="", specs=("app",), wanted=True, reason=reason)
        return replace(cell, status=status)

    best = proved(found, buildable=["tool", "lib", "deep"], good=good, explain=explained)
    assert best.smallest == ("tool", "deep")
    assert best.proof is not None
    assert (best.proof.status, best.proof.nowhere) == ("installable", ())
    assert asked[0] == ("tool", "lib", "deep")
    worse = proved(found, buildable=["tool", "lib"], good=good, explain=explained)
    assert worse.smallest == found.smallest
    assert worse.proof is not None
    assert (worse.proof.status, worse.proof.reason) == (
        "not-installable",
        Unanswered(message="not with tool, lib"),
    )
    assert worse.proof.nowhere == ("deep",)
    unknown = proved(found, buildable=["tool"], good=good, explain=lambda names: explained(names, "unknown"))
    assert unknown.proof is not None
    assert (unknown.proof.status, unknown.open) == ("unknown", True)
