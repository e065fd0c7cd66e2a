"""What a migration does to a target."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from dirac_forge.check.answer_reasons import Unanswered
from dirac_forge.migration.effects import TargetAnswer, TargetClosure, TargetEffect, Today, closure_of, effect_on
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

    def installable(platform: str, rebuilt: Collection[str], outside: Collection[str], pin: str) -> TargetAnswer:
        asked.append((pin, ",".join(rebuilt)))
        done = set(rebuilt) >= {"a", "b"}
        return TargetAnswer(status="installable" if done == (pin == "new") else "not-installable")

    effect = effect_on(
        plan, "app", platforms=["linux-64"], solution=lambda platform: Today(feedstocks=["b"]), installable=installable
    )
    assert [(one.wave, one.new.status, one.old.status) for one in effect.waves] == [
        (0, "not-installable", "installable"),
        (1, "not-installable", "installable"),
        (2, "installable", "not-installable"),
        (3, "installable", "not-installable"),
        (4, "installable", "not-installable"),
    ]
    waves = [(pin, rebuilt) for rebuilt in ("", "a", "a,b") for pin in ("new", "old")]
    assert asked == [*waves, ("new", "b"), ("new", "a")]


def test_the_shortest_list_is_proved(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    """Of all that a target installs only some must be new; these wait for others, unless they are done."""
    graph = graph_of({**CHAIN, "more": {"host": ["lib"]}, "most": {"host": ["lib", "more"]}})
    plan = make_plan(graph, migration_of())

    def installable(platform: str, rebuilt: Collection[str], outside: Collection[str], pin: str) -> TargetAnswer:
        good = pin == "new" and {"b", "most"} <= {*rebuilt} and "far" in outside
        return TargetAnswer(status="installable" if good else "not-installable", reason=Unanswered(message="because"))

    def effect(*done: str) -> TargetClosure:
        today = Today(feedstocks=["b", "most", "c", "app"], outside=["other", "far"], done=done)
        found = effect_on(plan, "app", platforms=["linux-64"], solution=lambda _: today, installable=installable)
        return found.closures["linux-64"]

    assert effect().members == ("a", "more", "b", "most")
    assert effect().critical_path == ("a", "b")
    assert (effect().proved, effect().outside) == (True, ("far",))
    assert effect("more").members == ("a", "b", "most")
    assert (effect().readiness, effect().last_wave) == ("after-members", 2)


def effect_where(answer: TargetAnswer, today: Today, graph_of: GraphOf, migration_of: MigrationOf) -> TargetEffect:
    plan = make_plan(graph_of(CHAIN), migration_of())
    return effect_on(plan, "app", platforms=["linux-64"], solution=lambda _: today, installable=lambda *_: answer)


YES, NO = TargetAnswer(status="installable"), TargetAnswer(status="not-installable")
OPEN = TargetAnswer(status="unknown", reason=Unanswered(message="no answer"))


@pytest.mark.parametrize(
    ("answer", "today", "readiness", "unknown", "incomplete"),
    [
        (YES, Today(feedstocks=["b"]), "ready", False, False),
        (NO, Today(feedstocks=["b"]), "not-enough", False, False),
        (OPEN, Today(feedstocks=["b"]), "unknown", True, False),
        (YES, Today(feedstocks=["b"], outside=["far"]), "ready", False, False),
        (NO, Today(feedstocks=["b"], outside=["far"]), "not-enough", True, True),
        (YES, Today(feedstocks=[], touched=False), "untouched", False, False),
        (YES, Today(feedstocks=[], touched=None), "unknown", True, True),
        (YES, Today(feedstocks=[], installable=False), "not-today", False, False),
        (YES, Today(feedstocks=[], installable=None), "unknown", True, False),
    ],
)
def test_when_what_happens_to_a_target_is_unknown(
    answer: TargetAnswer,
    today: Today,
    readiness: str,
    unknown: bool,
    incomplete: bool,
    graph_of: GraphOf,
    migration_of: MigrationOf,
) -> None:
    effect = effect_where(answer, today, graph_of, migration_of)
    assert (effect.closures["linux-64"].readiness, effect.unknown, effect.incomplete) == (
        readiness,
        unknown,
        incomplete,
    )


def test_packages_from_elsewhere_that_the_target_can_do_without_are_left_out(
    graph_of: GraphOf, migration_of: MigrationOf
) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    today = Today(feedstocks=[], outside=["far", "near"])
    found = effect_on(
        plan,
        "app",
        platforms=["linux-64", "osx-64"],
        solution=lambda _: today,
        installable=lambda platform, _, outside, pin: YES if pin == "old" or platform < "m" or "far" in outside else NO,
    )
    assert {platform: closure.outside for platform, closure in found.closures.items()} == {
        "linux-64": (),
        "osx-64": ("far",),
    }
    assert {platform: closure.readiness for platform, closure in found.closures.items()} == {
        "linux-64": "ready",
        "osx-64": "after-others",
    }


def test_all_that_there_is_may_not_be_enough(graph_of: GraphOf, migration_of: MigrationOf) -> None:
    plan = make_plan(graph_of(CHAIN), migration_of())
    found = effect_on(
        plan,
        "app",
        platforms=["linux-64"],
        solution=lambda _: Today(feedstocks=["b"]),
        installable=lambda *_: TargetAnswer(status="not-installable", reason=Unanswered(message="raw")),
        explain=lambda platform, rebuilt: TargetAnswer(
            status="not-installable", reason=Unanswered(message=f"on {platform} {' and '.join(rebuilt)} do not help")
        ),
    )
    closure = found.closures["linux-64"]
    assert (closure.members, closure.proved) == (("a", "b"), False)
    assert closure.reason == Unanswered(message="on linux-64 a and b do not help")
