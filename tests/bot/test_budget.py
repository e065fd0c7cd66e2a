"""How much a run may open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dirac_forge.bot.budget import Canaries, QueuedChange, RunLimits, canaries_held, choose, ordered, paused_by
from dirac_forge.bot.canaries import canaries_of
from dirac_forge.pullrequest.records import Identity, LedgerEntry, State
from dirac_forge.report.bot_words import worded

LIMITS = RunLimits(open_per_feedstock=3, per_run=20)
NOW = datetime(2026, 1, 20, tzinfo=UTC)


def bump(feedstock: str, key: str = "2.0", blocks: int = 0, replaces: int = 0) -> QueuedChange:
    identity = Identity(feedstock=feedstock, branch="main", kind="bump", key=key)
    return QueuedChange(identity=identity, blocks=blocks, replaces=replaces)


def rebuild(feedstock: str, migration: str = "openssl4", blocks: int = 0) -> QueuedChange:
    identity = Identity(feedstock=feedstock, branch="main", kind="migration", key=migration)
    return QueuedChange(identity=identity, blocks=blocks)


def names(candidates: object) -> list[str]:
    assert isinstance(candidates, (list, tuple))
    return [one.identity.feedstock for one in candidates]


def test_what_blocks_most_goes_first_then_names_decide() -> None:
    found = ordered([bump("b"), rebuild("c", blocks=7), bump("a"), bump("d", blocks=1)])
    assert names(found) == ["c", "d", "a", "b"]


def test_a_run_opens_so_many_and_says_what_it_held_back() -> None:
    chosen = choose([bump("a"), bump("b"), bump("c")], replace(LIMITS, per_run=3), opened=1, open_now={})
    assert names(chosen.now) == ["a", "b"]
    assert [(one.identity.feedstock, worded(one.reason)) for one in chosen.held] == [
        ("c", "this run has reached its limit (per-run = 3)")
    ]
    assert choose([bump("a")], replace(LIMITS, per_run=0), opened=0, open_now={}).now == ()


def test_a_feedstock_has_so_many_open_at_most_and_one_that_closes_another_makes_room() -> None:
    candidates = [rebuild("a"), rebuild("a", "boost"), bump("a", "3.0", replaces=1), rebuild("b")]
    chosen = choose(candidates, LIMITS, opened=0, open_now={"a": 2})
    assert [one.identity.key for one in chosen.now] == ["openssl4", "3.0", "openssl4"]
    assert worded(chosen.held[0].reason) == "open requests on it: 3 (limit 3)"


def test_what_is_paused_waits_whatever_the_budget() -> None:
    limits = replace(LIMITS, paused=("openssl4", "m2crypto"))
    chosen = choose(
        [rebuild("a"), rebuild("b", "boost"), bump("m2crypto"), bump("openssl4x")], limits, opened=0, open_now={}
    )
    assert names(chosen.now) == ["b", "openssl4x"]
    assert [worded(one.reason) for one in chosen.held] == ["openssl4 is paused", "m2crypto is paused"]
    everything = choose([bump("a")], replace(LIMITS, paused=("all",)), opened=0, open_now={})
    assert [worded(one.reason) for one in everything.held] == ["everything is paused"]
    # A version that is called like a pause is none.
    assert paused_by(bump("a", "openssl4").identity, ["openssl4"]) == ""


def test_of_a_big_wave_the_canaries_go_first() -> None:
    wave = [rebuild(name) for name in "abcde"]
    go, held = canaries_held(wave, 2, {})
    assert (names(go), names(held)) == (["a", "b"], ["c", "d", "e"])
    assert worded(held[0].reason) == (
        "the migration openssl4: 2 canaries go first, and must be merged and built (those that this run opens)"
    )
    group = "the migration openssl4"
    go, held = canaries_held(wave, 2, {group: Canaries(under_way=("https://x/1", "https://x/2"))})
    assert (go, len(held)) == ([], 5)
    assert worded(held[0].reason).endswith("must be merged and built (https://x/1, https://x/2)")
    go, held = canaries_held(wave, 2, {group: Canaries(passed=1, under_way=("https://x/2",))})
    assert (go, len(held)) == ([], 5)
    # One that people closed is neither: another one takes its place.
    assert len(canaries_held(wave, 2, {group: Canaries(passed=1)})[0]) == 1
    assert canaries_held(wave, 2, {group: Canaries(passed=2)}) == (wave, [])


def test_small_waves_new_recipes_and_other_groups_wait_for_no_canary() -> None:
    recipe = QueuedChange(identity=Identity(feedstock="new", branch="main", kind="recipe", key="1.0"))
    few = [rebuild("a"), rebuild("b"), bump("c"), recipe, rebuild("d", "boost")]
    assert canaries_held(few, 2, {"the migration openssl4": Canaries(under_way=("u",))}) == (few, [])
    assert canaries_held([bump(name) for name in "abcd"], 0, {}) == ([bump(name) for name in "abcd"], [])
    many = [*(bump(name) for name in "abc"), *(rebuild(name) for name in "xyz")]
    assert names(canaries_held(many, 1, {})[0]) == ["a", "x"]


def entry(candidate: QueuedChange, state: State, days: int = 1) -> LedgerEntry:
    url = f"https://x/{candidate.identity.feedstock}"
    return LedgerEntry(identity=candidate.identity, state=state, url=url, updated=NOW - timedelta(days=days))


def test_canaries_are_counted_from_what_the_ledger_remembers() -> None:
    entries = [
        entry(rebuild("a"), "done", days=400),
        entry(rebuild("b"), "merged"),
        entry(rebuild("c"), "open"),
        entry(rebuild("d"), "closed-by-person"),
        entry(rebuild("e"), "failed"),
        entry(bump("f"), "done", days=13),
        entry(bump("g"), "done", days=15),  # too long ago to tell anything of today's
        entry(bump("h"), "pushed"),
    ]
    assert canaries_of(entries, now=NOW) == {
        "the migration openssl4": Canaries(passed=1, under_way=("https://x/b", "https://x/c")),
        "bumps": Canaries(passed=1, under_way=("https://x/h",)),
    }
