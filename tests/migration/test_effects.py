"""What a migration does to a target."""

from __future__ import annotations

from collections.abc import Collection

from dirac_forge.migration.effects import Answer, closure_of, effect_on
from dirac_forge.migration.plan import make_plan

from .conftest import GraphOf, MigrationOf

CHAIN = {
    "lib": {},
    "a": {"host": ["lib"]},
    "b": {"host": ["lib", "a"]},
    "c": {"host": ["lib", "b"]},
    "side": {"host": ["lib@1"]},
    "other": {"host": ["lib", "c"]},
}


def test_the_closure_of_a_target(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    closure = closure_of(plan, ["c", "side", "not-a-member"], "linux-64", outside=["z", "y"])
    assert closure.members == ("a", "b", "c")
    assert closure.critical_path == ("a", "b", "c")
    assert closure.outside == ("y", "z")
    assert closure_of(plan, ["c", "side"], "osx-64").members == ("a", "side", "b", "c")


def test_waves_that_change_nothing_are_not_solved_again(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    asked: list[tuple[str, str]] = []

    def installable(platform: str, rebuilt: Collection[str], pin: str) -> Answer:
        asked.append((pin, ",".join(rebuilt)))
        done = set(rebuilt) >= {"a", "b"}
        return Answer(status="installable" if done == (pin == "new") else "not-installable")

    effect = effect_on(
        plan, "app", platforms=["linux-64"], solution=lambda platform: (["b"], []), installable=installable
    )
    assert [(one.wave, one.new.status, one.old.status) for one in effect.waves] == [
        (0, "not-installable", "installable"),
        (1, "not-installable", "installable"),
        (2, "installable", "not-installable"),
        (3, "installable", "not-installable"),
        (4, "installable", "not-installable"),
    ]
    assert asked == [(pin, rebuilt) for rebuilt in ("", "a", "a,b") for pin in ("new", "old")]
