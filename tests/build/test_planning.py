"""The order of builds, and which variants are built."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.build.environments import pinned
from dirac_forge.build.model import Unit
from dirac_forge.build.planning import RecipeToBuild, groups_of, units_of, with_missing
from dirac_forge.feedstock.facts import FeedstockFacts, Need


def unit(name: str, *, host: tuple[str, ...] = (), run: tuple[str, ...] = ()) -> Unit:
    return Unit(
        feedstock=name,
        recipe=Path("recipe.yaml"),
        home=Path(),
        digest="",
        output=name,
        version="1.0",
        build="0",
        subdir="noarch",
        host_specs=host,
        run_names=run,
    )


def order(*units: Unit, channel: dict[str, tuple[str, ...]] | None = None) -> list[list[str]]:
    """The names of each group, in a topological order."""
    graph, groups = groups_of(units, lambda name: (channel or {}).get(name, ()))
    done: list[list[str]] = []
    left = set(graph)
    while left:
        ready = sorted(number for number in left if not set(graph.predecessors(number)) & left)
        done += sorted([one.output for one in groups[number]] for number in ready)
        left -= set(ready)
    return done


def test_what_is_needed_in_host_or_run_comes_first() -> None:
    assert order(unit("c", run=("b",)), unit("b", host=("a >=1",)), unit("a")) == [["a"], ["b"], ["c"]]


def test_units_that_need_each_other_are_one_group_in_the_order_of_their_builds() -> None:
    assert order(unit("x", host=("y",)), unit("y", run=("x",)), unit("z", run=("x",))) == [["y", "x"], ["z"]]


def test_package_of_the_channel_between_two_units_orders_them() -> None:
    channel = {"cffi": ("pycparser", "python"), "python": ()}
    assert order(unit("user", run=("cffi",)), unit("pycparser"), channel=channel) == [["pycparser"], ["user"]]


def test_pin_of_a_sibling_is_its_version() -> None:
    recipe = RecipeToBuild(feedstock="both", recipe=Path("recipe.yaml"), home=Path(), digest="", variants=({},))
    plain = {"noarch": "python", "variant": {}, "tests": [], "licence_files": [], "build": "0", "version": "2.0"}
    needs = {"build": [], "host": ["python"], "run": [{"pin_subpackage": {"name": "lib", "exact": True}}]}
    lib = {**plain, "name": "lib", "requirements": {"build": [], "host": [], "run": []}}
    app = {**plain, "name": "app", "requirements": {**needs, "host": ["python", {"pin_subpackage": {"name": "lib"}}]}}
    found = {one.output: one for one in units_of(recipe, [lib, app], "linux-64")}
    assert found["app"].host_specs == ("python", "lib ==2.0")
    assert found["app"].run_names == ("lib",)


def test_bare_names_in_host_take_the_pin_of_the_variant() -> None:
    variant = {"python": "3.11.* *_cpython", "openssl": "3.5", "zlib_ng": "2"}
    specs = ("python", "openssl", "zlib-ng", "pip", "python >=3.9")
    assert pinned(specs, variant) == ("python 3.11.* *_cpython", "openssl 3.5.*", "zlib-ng 2.*", "pip", "python >=3.9")


def need(name: str, text: str = "") -> Need:
    return Need("run", name, "output", text or name, 1, 1, None)


def test_missing_dependencies_are_found_through_others_and_what_the_channel_has_is_left_alone() -> None:
    facts = {
        "app": FeedstockFacts(recipe="", outputs=("app",), needs=(need("lib"), need("there"))),
        "lib": FeedstockFacts(recipe="", outputs=("lib", "lib-extra"), needs=(need("deep", "deep >=2"),)),
        "deep": FeedstockFacts(recipe="", outputs=("deep",)),
        "there": FeedstockFacts(recipe="", outputs=("there",)),
    }
    lacking = {("lib", "lib"), ("deep", "deep >=2")}
    found = with_missing(["app"], facts, lambda name, text: (name, text) in lacking)
    assert found == {"app": (), "lib": ("app",), "deep": ("lib",)}
