"""The order of bumps: what each newly needs, and who brings it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from dirac_forge.bump.merge_order import Move, OrderPlace, admits, arranged, in_order
from dirac_forge.bump.new_needs import NewNeed
from dirac_forge.bump.part_reasons import LacksOther, PartReason
from dirac_forge.channel.listing import Availability
from dirac_forge.report.bump_reasons import worded


def need(text: str, *, output: str = "app", **more: PartReason | bool) -> NewNeed:
    package, _, spec = text.partition(" ")
    return NewNeed(package=package, spec=spec, output=output, section="run", **more)  # type: ignore[arg-type]


def move(key: str, version: str, *needs: str | NewNeed, had: str = "1") -> Move:
    return Move(
        key=key,
        needs=tuple(need(one, output=key) if isinstance(one, str) else one for one in needs),
        provides={key: version},
        had={key: had},
    )


def channel(newest: Mapping[str, str]) -> Callable[[str, str], Availability]:
    def stands(package: str, spec: str) -> Availability:
        version = newest.get(package)
        if version is None:
            return Availability(status="missing")
        return Availability(status="available" if admits(spec, version) else "outdated", newest=version)

    return stands


def places(moves: list[Move], **newest: str) -> dict[str, OrderPlace]:
    return {place.key: place for place in arranged(moves, channel(newest))}


def test_what_a_bump_waits_for_goes_first_and_is_said() -> None:
    found = places([move("dirac-grid", "9.1.22", "rucio >=41"), move("rucio", "41.5")], rucio="40")
    assert list(found) == ["rucio", "dirac-grid"]
    waiting = found["dirac-grid"]
    assert (waiting.waits_for, waiting.behind, waiting.lacks) == (("rucio",), ("rucio",), ())
    assert tuple(map(worded, waiting.because)) == (
        "rucio >=41 (run of dirac-grid): the channel has rucio 40, the bump of rucio brings 41.5",
    )
    assert found["rucio"] == OrderPlace(key="rucio")


def test_what_the_channel_has_is_no_reason_to_wait() -> None:
    found = places([move("dirac-grid", "9.1.22", "rucio >=40"), move("rucio", "41.5")], rucio="40")
    assert list(found) == ["dirac-grid", "rucio"]
    assert not found["dirac-grid"].waits_for


def test_all_that_is_behind_is_there_in_order() -> None:
    found = places([move("a", "2", "b >=2"), move("b", "2", "c >=2"), move("c", "2")], b="1", c="1")
    assert list(found) == ["c", "b", "a"]
    assert found["a"].waits_for == ("b",)
    assert found["a"].behind == ("c", "b")


def test_those_that_wait_for_each_other_are_one_step() -> None:
    moves = [move("app", "2", "core >=2"), move("core", "2", "cli >=2"), move("cli", "2", "core >=2"), move("zz", "2")]
    found = places(moves, core="1", cli="1", zz="1")
    assert list(found) == ["cli", "core", "app", "zz"]
    assert (found["cli"].together, found["core"].together) == (("core",), ("cli",))
    assert not found["cli"].waits_for
    assert not found["core"].waits_for
    assert (found["app"].waits_for, found["app"].behind) == (("core",), ("cli", "core"))


def test_a_version_that_nobody_proposes_is_lacking() -> None:
    found = places([move("app", "2", "lib >=3"), move("lib", "2")], lib="1")
    (lack,) = found["app"].lacks
    assert not found["app"].waits_for
    assert lack.certain
    assert worded(lack) == "lib >=3 (run of app): the channel has lib up to 1, and the bump of lib brings 2"
    (lack,) = places([move("app", "2", "nowhere")])["app"].lacks
    assert worded(lack) == "nowhere (run of app): the channel has no nowhere"


def test_the_stuck_stand_last_where_there_is_a_choice() -> None:
    assert list(places([move("a", "2", "nowhere"), move("b", "2"), move("c", "2", "a >=2")], a="1")) == ["b", "a", "c"]


def test_what_upstream_can_do_without_is_no_reason_to_wait() -> None:
    (lack,) = places([move("app", "2", need("extra", optional=True))])["app"].lacks
    assert not lack.certain


def test_what_a_part_of_a_channel_lacks_is_unknown_unless_another_output_is_sure() -> None:
    partial = need("lib", partial=LacksOther("base"))
    (lack,) = places([move("app", "2", partial)])["app"].lacks
    assert not lack.certain
    assert (
        worded(lack)
        == "lib (run of app): whether lib exists is unknown: the channel lacks base too, which the recipe needed before"
    )
    (lack,) = places([move("app", "2", partial, need("lib", output="sure"))])["app"].lacks
    assert lack.certain
    # Its own feedstock made it before, so it is where the others are.
    assert places([move("app", "2", partial), move("lib", "3", had="2")])["app"] == OrderPlace(key="app")
    newer = need("lib >=3", partial=LacksOther("base"))
    assert places([move("app", "2", newer), move("lib", "3", had="2")])["app"].waits_for == ("lib",)


def test_a_recipe_that_is_there_already_is_waited_for() -> None:
    merged = Move(key="lib", provides={"lib": "2"}, merged=True)
    found = places([move("app", "2", "lib >=2"), merged], lib="1")
    assert tuple(map(worded, found["app"].because)) == (
        "lib >=2 (run of app): the channel has lib 1, the recipe of lib makes 2",
    )


def test_what_it_makes_itself_is_no_need() -> None:
    family = Move(key="app", needs=(need("app-core ==2"),), provides={"app": "2", "app-core": "2"})
    assert places([family])["app"] == OrderPlace(key="app")


def test_an_unknown_channel_makes_nobody_wait_but_for_the_run_itself() -> None:
    (found,) = arranged([move("app", "2", "lib")], lambda _package, _spec: Availability(status="unknown"))
    assert [lack.certain for lack in found.lacks] == [False]
    assert worded(found.lacks[0]) == "lib (run of app): whether lib exists is unknown"


def test_in_order() -> None:
    assert in_order({"a": ["c"], "b": [], "c": []}) == ["b", "c", "a"]
    assert in_order({"a": [], "b": ["a"], "c": []}, last={"a"}) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("spec", "version", "answer"),
    [
        ("", "1", True),
        ("", "", False),
        (">=1,<2", "1.5", True),
        (">= 1, <2", "2.0", False),
        ("1.*", "1.2", True),
        ("no spec!", "1", False),
        (">=1", "not-a-version!", False),
    ],
)
def test_admits(spec: str, version: str, answer: bool) -> None:
    assert admits(spec, version) is answer
