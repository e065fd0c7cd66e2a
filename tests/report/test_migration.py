"""Plans and status in words."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Literal

from msgspec import structs
from rich.console import Console, RenderableType

from dirac_forge.check.answer_reasons import Refused
from dirac_forge.check.causes import Cause, NoBuild
from dirac_forge.feedstock.facts import FeedstockFacts, Need
from dirac_forge.feedstock.graph import build_graph
from dirac_forge.migration.effects import TargetAnswer, TargetClosure, TargetEffect, WaveEffect
from dirac_forge.migration.evidence import CarryingBuild, Evidence, Finding, NoChannelPlatform, unread
from dirac_forge.migration.older import GuessedMaker, guessed_makers
from dirac_forge.migration.plan import Plan, make_plan
from dirac_forge.migration.schema import parse_migration
from dirac_forge.migration.solvability import HostEnvironment, NotSolvable
from dirac_forge.migration.status import Known, OpenRebuild, status_of
from dirac_forge.report.migration import plan_json, plan_text
from dirac_forge.report.migration_effect import effect_text
from dirac_forge.report.migration_status import next_text, status_text
from dirac_forge.report.migration_why import why_json

MIGRATION = parse_migration("__migrator:\n  kind: version\nlib:\n- '2'\nmigrator_ts: 1\n", path="lib2.yaml")
PLATFORMS = ("linux-64", "osx-64", "win-64")


def plan_of(needs: dict[str, dict[str, int]]) -> Plan:
    """A plan of feedstocks that need others in host, on the platforms of a mask."""
    facts = {
        name: FeedstockFacts(
            recipe="recipe/meta.yaml",
            platforms=PLATFORMS,
            outputs=(name,),
            needs=tuple(Need("host", need, name, need, 1, mask, None) for need, mask in own.items()),
        )
        for name, own in {"lib": dict[str, int](), **needs}.items()
    }
    return make_plan(build_graph(facts), MIGRATION)


def shown(renderable: RenderableType, width: int = 100) -> str:
    text = io.StringIO()
    Console(file=text, width=width).print(renderable, crop=False)
    return text.getvalue()


def test_platforms_are_said_in_the_shorter_way() -> None:
    text = shown(plan_text(plan_of({"a": {"lib": 7}, "b": {"lib": 3}, "c": {"lib": 4}})))
    assert "a, b (not win-64), c (only win-64)" in text


def test_a_recipe_before_the_new_version_is_said() -> None:
    plan = plan_of({"a": {"lib": 7}})
    facts = {**plan.graph.facts, "lib": structs.replace(plan.graph.facts["lib"], version="1.10")}
    said = "If the channel does not have lib 2 yet, that must be built first: the recipe of lib here is at 1.10."
    assert said in shown(plan_text(make_plan(build_graph(facts), MIGRATION)))
    facts["lib"] = structs.replace(facts["lib"], version="2.0")
    assert "comes first" not in shown(plan_text(make_plan(build_graph(facts), MIGRATION)))


def test_of_a_large_cycle_the_first_names_are_said() -> None:
    ring = {f"r{number:03}": {"lib": 7, f"r{(number + 1) % 300:03}": 7} for number in range(300)}
    text = shown(plan_text(plan_of(ring)))
    assert "A cycle of 300: r000, r001," in text
    assert "r019 and 280 more; the order leaves out" in text


def test_what_stands_in_the_way_where_nothing_can_go() -> None:
    plan = plan_of({"a": {"lib": 7}, "b": {"lib": 7, "a": 7}})
    status = status_of(plan, {}, Known(requests={"a": OpenRebuild(url="https://example.org/1")}))
    assert shown(next_text(plan, status)) == "No member is ready: 1 in-pr, 1 awaiting-parents.\n"
    assert "Blocking most: a (1)" in shown(status_text(plan, status))


def test_unknown_and_merged_members_are_counted_where_nothing_can_go() -> None:
    plan = plan_of({"a": {"lib": 7}, "b": {"lib": 7, "a": 7}, "d": {"lib": 7}})
    dark = unread(("linux-64",), "dead")
    status = status_of(plan, {"a": dark, "b": dark}, Known(merged=frozenset({"d"})))
    assert shown(next_text(plan, status)) == "No member is ready: 2 unknown, 1 merged and not built yet.\n"
    assert shown(status_text(plan, status)) == (
        "lib2: 1 awaiting-pr, 2 unknown\n"
        "  linux-64: 0 of 3 done (0 %), 2 unknown\n"
        "  osx-64: 0 of 3 done (0 %)\n"
        "  win-64: 0 of 3 done (0 %)\n"
        "\nawaiting-pr (1)\n"
        "  d  the recipe has the migration already; its builds are not in the channel yet\n"
        "\nunknown (2)\n"
        "  a  linux-64: unknown: dead\n"
        "  b  linux-64: unknown: dead\n"
    )


def test_recipes_that_can_not_be_read_are_not_called_no_members() -> None:
    facts = {
        "a": FeedstockFacts(recipe="recipe/meta.yaml", error="broken"),
        "lib": FeedstockFacts(recipe="recipe.yaml"),
    }
    plan = make_plan(build_graph(facts), MIGRATION)
    assert shown(status_text(plan, status_of(plan, {})), 200) == (
        "lib2: the only feedstock of this workspace that could be read does not have to be rebuilt; "
        "1 could not be read, and others are unknown.\n"
    )
    del facts["lib"]
    plan = make_plan(build_graph(facts), MIGRATION)
    assert "lib2: no feedstock of this workspace could be read, so nothing is known.\n" in shown(plan_text(plan))


def test_a_status_without_members_has_no_table() -> None:
    plan = plan_of({})
    assert shown(status_text(plan, status_of(plan, {}))) == (
        "lib2: the only feedstock of this workspace does not have to be rebuilt; others are unknown.\n"
    )


def test_a_long_reason_is_whole_and_platforms_from_elsewhere_are_named() -> None:
    plan = plan_of({"a": {"lib": 7}})
    where = HostEnvironment(feedstock="a", output="a", section="host", platform="win-64", on="win-64", specs=())
    cause = Cause(obstacle=NoBuild(platform="win-64", elsewhere=("linux-64",)), package="pcre2", chain=("pcre2",))
    reason = NotSolvable(environment=where, reason=Refused(causes=(cause,)))
    status = status_of(plan, {}, Known(not_solvable={"a": reason}))
    text = shown(status_text(plan, status, platforms=("linux-64",)), 40)
    assert "\n  a  win-64: pcre2: no build for win-64\n     (there is one for linux-64)\n" in text
    assert "Some states depend on win-64, which the\nsettings do not list:" in text
    text = shown(status_text(plan, status, platforms=("linux-64", "win-64")), 100)
    assert text.endswith("\n  a  win-64: pcre2: no build for win-64 (there is one for linux-64)\n")
    long = "a-feedstock-with-a-long-name"
    plan = plan_of({long: {"lib": 7}})
    there = replace(where, feedstock=long, output=long)
    status = status_of(plan, {}, Known(not_solvable={long: replace(reason, environment=there)}))
    assert shown(status_text(plan, status), 40).endswith(
        f"\n  {long}\n    win-64: pcre2: no build for win-64\n    (there is one for linux-64)\n"
    )


def test_waves_of_many_platforms_are_a_list_on_a_narrow_terminal() -> None:
    def step(wave: int, platform: str, status: Literal["installable", "not-installable"]) -> WaveEffect:
        return WaveEffect(
            wave=wave, platform=platform, new=TargetAnswer(status=status), old=TargetAnswer(status="installable")
        )

    platforms = ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64")
    waves = [step(0, each, "not-installable") for each in platforms] + [
        step(1, each, "installable") for each in platforms
    ]
    closures = {each: TargetClosure(members=("a",), critical_path=("a",)) for each in platforms}
    effect = TargetEffect(target="app", waves=tuple(waves), closures=closures)
    assert shown(effect_text(effect), 60).splitlines()[:5] == [
        "is app installable? with the new pin / with the old one",
        "  - after no wave: linux-64 no / yes, linux-aarch64 no /",
        "    yes, linux-ppc64le no / yes, osx-64 no / yes, osx-arm64",
        "    no / yes",
        "  - after wave 1: linux-64 yes / yes, linux-aarch64 yes /",
    ]
    assert shown(effect_text(effect), 100).splitlines()[1] == (
        "  after wave  linux-64   linux-aarch64  linux-ppc64le  osx-64     osx-arm64"
    )


def test_who_may_make_a_package_from_elsewhere_is_called_a_guess() -> None:
    plan = plan_of({"far": {"lib": 7}, "near": {"lib": 7}})
    facts = {**plan.graph.facts, "far": structs.replace(plan.graph.facts["far"], version="1.0")}
    facts["near"] = structs.replace(facts["near"], version="3.0")
    guessed = tuple(
        guessed_makers(make_plan(build_graph(facts), MIGRATION), {"libfar": "1.1", "libnear": "3.0", "farther": "9"})
    )
    assert guessed == (GuessedMaker(package="libfar", built="1.1", feedstock="far", version="1.0"),)
    closure = TargetClosure(members=("near",), critical_path=("near",), outside=("libfar",))
    effect = TargetEffect(target="app", waves=(), closures={"linux-64": closure}, guessed=guessed)
    assert shown(effect_text(effect), 200).splitlines()[-2:] == [
        "  No feedstock of this workspace makes it, so what it waits for is unknown.",
        (
            "libfar 1.1 may come (judging by its name) from far, whose recipe here is older (1.0): "
            "`dirac-forge sync far` fetches the newest."
        ),
    ]


def test_waves_follow_that_the_pinning_has_the_values_already() -> None:
    plan = plan_of({"a": {"lib": 7}, "b": {"lib": 7}})
    facts = {**plan.graph.facts, "lib": structs.replace(plan.graph.facts["lib"], version="1.10")}
    plan = replace(make_plan(build_graph(facts), MIGRATION), already=((("lib", "2"),),))
    text = shown(plan_text(plan))
    assert text.startswith(
        f"{MIGRATION.name}: the pinning has lib 2 already, or newer: builds with today's pinning have the migration.\n"
    )
    assert "built first" not in text
    assert "`dirac-forge migrate status" in text
    assert [line.split() for line in text.splitlines() if line.startswith("│")] == [
        ["│", "1", "│", "2", "│", "a,", "b", "│"]
    ]
    assert plan_json(plan)["already_pinned"] == "lib 2"
    zipped = ((("lib", "2"), ("std", "20")), (("lib", "3"), ("std", "20")), (("lib", "3"), ("std", "23")))
    assert plan_json(replace(plan, already=zipped))["already_pinned"] == (
        "lib 2 with std 20, lib 3 with std 20 and lib 3 with std 23"
    )


def test_where_nobody_needed_anything_is_said() -> None:
    found = why_json(plan_of({"skipping": {}}), "skipping")
    assert found["because"] == [
        "it has no host or build requirements on linux-64, osx-64, win-64, for which it is built"
    ]


def test_a_recipe_that_skips_all_its_platforms_says_so() -> None:
    plan = plan_of({"a": {"lib": 7}, "skipping": {}})
    facts = {**plan.graph.facts}
    facts["skipping"] = structs.replace(facts["skipping"], platforms=(), skipped=(("linux-64", 6), ("osx-64", 0)))
    recipe = facts["skipping"].recipe
    assert why_json(make_plan(build_graph(facts), MIGRATION), "skipping")["because"] == [
        f"its recipe skips all platforms that conda-forge.yml asks for: linux-64 ({recipe}:6), osx-64"
    ]


def test_all_platforms_are_those_of_the_channel_where_it_lacks_some() -> None:
    plan = plan_of({"a": {"lib": 7}})
    built = CarryingBuild(output="a", version="1.0")
    names = ("linux-64", "osx-64", "osx-arm64")
    everywhere: dict[str, Finding] = dict.fromkeys(names, built)
    lacking: dict[str, Finding] = {"win-64": NoChannelPlatform()}
    for more, said in (({}, "all platforms"), (lacking, "all platforms of the channel")):
        findings = {**everywhere, **more}
        done = {name: True if found is built else None for name, found in findings.items()}
        status = status_of(plan, {"a": Evidence(done=done, findings=findings)}, Known())
        assert f"  a  a 1.0 is built ({said})\n" in shown(status_text(plan, status))
