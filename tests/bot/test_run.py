"""Runs of the bot against a local GitHub, with real git."""

from __future__ import annotations

import json

import pytest

from dirac_forge.proposals.outcome_reasons import Unneeded
from dirac_forge.proposals.review_reasons import LeftForPerson
from dirac_forge.report.bot_words import worded
from support.bots import Bots
from support.gits import commit, file_at


def states(bot: Bots, *, outbox: bool = False) -> dict[str, str]:
    return {outcome.identity.feedstock: outcome.state for outcome in bot.run(outbox=outbox).outcomes}


def test_what_is_wanted_is_opened_once_and_a_second_run_does_nothing(bot: Bots) -> None:
    demo = bot.feedstock("demo", wanted="2.0")
    bot.feedstock("still")
    result = bot.run()
    (outcome,) = result.outcomes
    assert (outcome.state, outcome.url) == ("opened", f"{bot.github.url}/{demo}/pull/1")
    (pull,) = bot.github.pulls(demo)
    assert (pull.title, pull.author, pull.state) == ("demo 2.0", "bot", "open")
    assert pull.pull is not None
    assert "version: 2.0" in file_at(bot.github.path("bot/demo-feedstock"), pull.pull.head_sha, "recipe/recipe.yaml")
    bot.github.forget()
    again = bot.run()
    assert [one.state for one in again.outcomes] == ["unchanged"]
    assert [line for line in bot.github.lines() if not line.startswith("GET")] == []
    assert len(bot.github.pulls(demo)) == 1
    assert bot.github.pulls("conda-forge/still-feedstock") == []
    steps = [json.loads(line)["step"] for line in bot.log]
    assert (steps[0], steps[-1]) == ("start", "end")
    assert "opened" in steps


def test_without_a_token_all_goes_into_the_outbox_and_nobody_is_asked(bot: Bots) -> None:
    demo = bot.feedstock("demo", wanted="2.0")
    assert states(bot, outbox=True) == {"demo": "prepared"}
    assert bot.github.requests == []
    folder = bot.folder / "outbox/demo/bump/main/2.0"
    assert sorted(path.name for path in folder.iterdir()) == ["body.md", "change.patch", "request.json"]
    assert "+  version: 2.0" in (folder / "change.patch").read_text(encoding="utf-8")
    assert states(bot, outbox=True) == {"demo": "unchanged"}
    # With a token then, the same is opened.
    assert states(bot) == {"demo": "opened"}
    assert len(bot.github.pulls(demo)) == 1
    assert states(bot) == {"demo": "unchanged"}


def test_a_newer_version_takes_the_place_of_the_older_request(bot: Bots) -> None:
    demo = bot.feedstock("demo", wanted="2.0")
    bot.limits(open_per_feedstock=1)
    bot.run()
    bot.decider.versions["demo"] = "2.1"
    (outcome,) = bot.run().outcomes
    first, second = bot.github.pulls(demo)
    assert (outcome.state, outcome.superseded) == ("opened", (f"{bot.github.url}/{demo}/pull/1",))
    assert (first.state, second.state, second.title) == ("closed", "open", "demo 2.1")
    assert first.comments[-1].body.startswith("Superseded by #2: demo 2.1")
    assert [(one.identity.key, one.state) for one in bot.entries()] == [("2.0", "superseded"), ("2.1", "open")]


def test_a_merged_one_is_done_when_the_channel_has_it(bot: Bots) -> None:
    demo = bot.feedstock("demo", wanted="2.0")
    bot.run()
    bot.github.merge(demo, 1)
    assert [(one.state, one.text) for one in bot.run().outcomes] == [("merged", "#1 is merged")]
    (entry,) = bot.entries()
    assert entry.state == "merged"
    bot.decider.built.add(entry.identity)
    assert bot.run().outcomes == ()
    assert [one.state for one in bot.entries()] == ["done"]


def test_what_a_person_closed_stays_closed_until_something_changes(bot: Bots) -> None:
    demo = bot.feedstock("demo", wanted="2.0")
    bot.run()
    bot.github.close(demo, 1, by="octocat")
    bot.clock.sleep(1)
    assert {one.state for one in bot.run().outcomes} == {"closed"}
    assert [one.decided for one in bot.entries()] == ["#1 was closed on 2027-01-15 by octocat"]
    assert len(bot.github.pulls(demo)) == 1
    bot.decider.versions["demo"] = "2.1"
    assert states(bot) == {"demo": "opened"}


def test_the_budget_holds_what_is_left_back_and_later_runs_go_on(bot: Bots) -> None:
    for name in ("a", "b", "c"):
        bot.feedstock(name, wanted="2.0")
    bot.decider.blocks = {"c": 5}
    bot.limits(per_run=2)
    result = bot.run()
    assert [one.identity.feedstock for one in result.outcomes] == ["c", "a"]
    assert [(one.identity.feedstock, worded(one.reason)) for one in result.held] == [
        ("b", "this run has reached its limit (per-run = 2)")
    ]
    result = bot.run()
    assert sorted((one.identity.feedstock, one.state) for one in result.outcomes) == [
        ("a", "unchanged"),
        ("b", "opened"),
        ("c", "unchanged"),
    ]
    with bot.opened() as ledger:
        (event,) = [event for event in ledger.events(feedstock="b") if event.step == "held"]
    assert event.text == "this run has reached its limit (per-run = 2)"


def test_pausing_leaves_open_requests_as_they_are(bot: Bots) -> None:
    demo = bot.feedstock("demo", wanted="2.0")
    bot.limits(paused=("demo",))
    assert bot.run().outcomes == ()
    assert bot.github.pulls(demo) == []
    bot.limits()
    bot.run()
    bot.limits(paused=("all",))
    bot.github.forget()
    result = bot.run()
    assert [worded(one.reason) for one in result.held] == ["everything is paused; its request is left open"]
    del bot.decider.versions["demo"]
    bot.decider.over[bot.entries()[0].identity] = Unneeded(why="reached", version="2.0")
    assert bot.run().outcomes == ()
    assert [line for line in bot.github.lines() if not line.startswith("GET")] == []


def test_canaries_go_first_and_the_rest_when_they_are_built(bot: Bots) -> None:
    bot.decider.migration = "openssl4"
    names = ["a", "b", "c", "d"]
    for name in names:
        bot.feedstock(name, wanted="yes")
    bot.canary = 2
    result = bot.run()
    assert [one.identity.feedstock for one in result.outcomes if one.state == "opened"] == ["a", "b"]
    assert [one.identity.feedstock for one in result.held] == ["c", "d"]
    for name in ("a", "b"):
        bot.github.merge(f"conda-forge/{name}-feedstock", 1)
    bot.decider.versions = {"c": "yes", "d": "yes"}
    bot.canary = 1  # two of it are merged, and none is built
    assert [one.identity.feedstock for one in bot.run().held] == ["c", "d"]
    bot.decider.built = {one.identity for one in bot.entries()}
    assert [one.identity.feedstock for one in bot.run().outcomes if one.state == "opened"] == ["c", "d"]
    assert {entry.identity.feedstock: entry.state for entry in bot.entries()} == {
        "a": "done",
        "b": "done",
        "c": "open",
        "d": "open",
    }


def test_a_request_that_nobody_needs_any_more_is_closed_with_the_reason(bot: Bots) -> None:
    demo = bot.feedstock("demo", wanted="2.0")
    bot.run()
    del bot.decider.versions["demo"]
    assert bot.run().outcomes == ()  # not wanted now: that alone is no reason
    (entry,) = bot.entries()
    bot.decider.over[entry.identity] = Unneeded(why="reached", version="2.0")
    assert [(one.state, one.text) for one in bot.run().outcomes] == [("closed", "the feedstock is at 2.0 already")]
    (pull,) = bot.github.pulls(demo)
    assert pull.state == "closed"
    assert pull.comments[-1].body.startswith("Closed because the feedstock is at 2.0 already.")


def test_the_label_is_set_when_all_checks_are_green_and_not_before(bot: Bots) -> None:
    demo = bot.feedstock("demo", wanted="2.0", automerge="version")
    other = bot.feedstock("other", wanted="2.0", automerge="true")
    bot.github.get(demo).permissions["bot"] = "triage"
    bot.run()
    pull, theirs = bot.github.pulls(demo)[0], bot.github.pulls(other)[0]
    assert pull.pull is not None
    assert theirs.pull is not None
    for full_name, one in ((demo, pull), (other, theirs)):
        assert one.pull is not None
        bot.github.check_run(full_name, one.pull.head_sha, "build", conclusion=None)
    bot.run()
    assert pull.labels == []
    for full_name, one in ((demo, pull), (other, theirs)):
        assert one.pull is not None
        bot.github.check_run(full_name, one.pull.head_sha, "build")
    bot.decider.review = LeftForPerson(note="a line")
    bot.run()
    assert pull.labels == []
    bot.decider.review = None
    bot.run()
    assert (pull.labels, theirs.labels) == (["automerge"], [])  # there we may not
    bot.github.forget()
    bot.run()
    assert [line for line in bot.github.lines() if not line.startswith("GET")] == []


@pytest.mark.parametrize(("who", "labels"), [("conda-forge-webservices[bot]", ["automerge"]), ("A Person", [])])
def test_a_rerender_by_the_service_is_no_persons_commit(bot: Bots, who: str, labels: list[str]) -> None:
    demo = bot.feedstock("demo", wanted="2.0", automerge="true")
    bot.github.get(demo).permissions["bot"] = "triage"
    bot.run()
    (pull,) = bot.github.pulls(demo)
    assert pull.pull is not None
    names = {"GIT_COMMITTER_NAME": who, "GIT_AUTHOR_NAME": who}
    files = {".ci_support/linux_64_.yaml": "a: 1\n"}
    fork = bot.github.path("bot/demo-feedstock")
    made = commit(fork, files, branch=pull.pull.head_ref, message="MNT: Re-rendered", environment=names)
    bot.github.check_run(demo, made, "build")
    bot.run()
    assert pull.labels == labels
    assert pull.pull.head_sha == made


def test_feedstocks_that_fail_stop_none_of_the_others(bot: Bots) -> None:
    for name in ("a", "gone", "odd", "z"):
        bot.feedstock(name, wanted="2.0")
    bot.github.delete("conda-forge/gone-feedstock")
    bot.github.repository("conda-forge/bare-feedstock", {"README.md": "no recipe\n"})
    bot.lines.append(type(bot.lines[0])(name="bare"))
    bot.github.archive("conda-forge/odd-feedstock")
    result = bot.run()
    assert {one.identity.feedstock: one.state for one in result.outcomes} == {
        "a": "opened",
        "odd": "skipped",
        "z": "opened",
    }
    looked = {one.line.name: (one.state, one.text) for one in result.looked if one.state != "read"}
    assert looked["bare"] == (
        "failed",
        "conda-forge/bare-feedstock: it has no recipe that is a UTF-8 file",
    )
    assert looked["gone"][0] == "missing"
    with bot.opened() as ledger:
        assert [line.reason for line in ledger.lines(feedstock="bare")] == [
            "conda-forge/bare-feedstock: it has no recipe that is a UTF-8 file"
        ]
