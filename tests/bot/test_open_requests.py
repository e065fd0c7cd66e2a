"""Open requests: withdrawn releases, failing checks, conflicts, and branches that are not needed any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dirac_forge.proposals.outcome_reasons import Unneeded
from support.bots import Bots, recipe
from support.github import bare
from support.github.state import CheckRun, Status

DEMO = "conda-forge/demo-feedstock"
FORK = "bot/demo-feedstock"
YANKED = Unneeded(why="withdrawn", version="2.0", objection="yanked (broken)")


def head(bot: Bots) -> str:
    (pull,) = [each for each in bot.github.pulls(DEMO) if each.state == "open"]
    assert pull.pull is not None
    return bare.branches(bot.github.path(FORK))[pull.pull.head_ref]


def opened(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.run()


def test_the_request_for_a_yanked_release_is_closed_and_opened_again_when_it_comes_back(bot: Bots) -> None:
    opened(bot)
    (entry,) = bot.entries()
    del bot.decider.versions["demo"]
    bot.decider.over[entry.identity] = YANKED
    assert [(one.state, one.text) for one in bot.run().outcomes] == [
        ("closed", "2.0 can't be used any more: yanked (broken)")
    ]
    (pull,) = bot.github.pulls(DEMO)
    assert pull.state == "closed"
    assert pull.comments[-1].body.startswith(
        "2.0 can't be used any more: yanked (broken). If it comes back, a new request is opened."
    )
    assert bare.branches(bot.github.path(FORK)).keys() == {"main"}
    bot.decider.over.clear()
    bot.decider.versions["demo"] = "2.0"
    assert [one.state for one in bot.run().outcomes] == ["opened"]


def test_open_requests_are_known_to_a_new_ledger(bot: Bots) -> None:
    opened(bot)
    (entry,) = bot.entries()
    bot.ledger, bot.many = bot.folder / "new.sqlite", True
    del bot.decider.versions["demo"]
    bot.decider.over[entry.identity] = YANKED
    assert [one.state for one in bot.run().outcomes] == ["closed"]


def test_the_request_for_a_deleted_release_is_marked_where_the_settings_say_so(bot: Bots) -> None:
    opened(bot)
    (entry,) = bot.entries()
    del bot.decider.versions["demo"]
    bot.decider.over[entry.identity] = Unneeded(why="withdrawn", version="2.0")
    bot.limits(withdrawn_releases="mark")
    for _ in range(2):
        assert [(one.state, one.text) for one in bot.run().outcomes] == [("unchanged", "upstream no longer offers 2.0")]
    (pull,) = bot.github.pulls(DEMO)
    assert (pull.state, pull.title) == ("open", "[withdrawn] demo 2.0")
    assert len([each for each in pull.comments if "no longer offers" in each.body]) == 1
    bot.decider.over.clear()
    bot.decider.versions["demo"] = "2.0"
    bot.run()
    assert [one.state for one in bot.run().outcomes] == ["unchanged"]


@pytest.mark.parametrize("many", [True, False])
def test_the_names_of_failed_checks_are_noted_and_a_request_is_made_again_once_when_the_feedstock_moved(
    bot: Bots, many: bool
) -> None:
    bot.many = many
    opened(bot)
    first = head(bot)
    bot.github.get(DEMO).check_runs[first] = [
        CheckRun(id=1, name="linux_64_", conclusion="failure"),
        CheckRun(id=2, name="osx_64_"),
    ]
    bot.github.get(DEMO).statuses[first] = [Status(context="conda-forge-linter", state="failure")]
    assert [one.state for one in bot.run().outcomes] == ["unchanged"]
    (entry,) = bot.entries()
    assert entry.failing == ("linux_64_", "conda-forge-linter")
    bare.commit(bot.github.path(DEMO), "main", {"README.md": "new\n"}, message="rerendered")
    assert [one.state for one in bot.run().outcomes] == ["updated"]
    second = head(bot)
    assert second != first
    (pull,) = bot.github.pulls(DEMO)
    assert len([each for each in pull.comments if "please rerender" in each.body]) == 2
    (entry,) = bot.entries()
    assert entry.failing == ()
    bot.github.get(DEMO).check_runs[second] = [CheckRun(id=3, name="linux_64_", conclusion="failure")]
    bare.commit(bot.github.path(DEMO), "main", {"README.md": "newer\n"}, message="again")
    assert [one.state for one in bot.run().outcomes] == ["unchanged"]
    assert head(bot) == second


def test_conflicts_are_left_to_maintainers_who_want_to_resolve_them(bot: Bots) -> None:
    opened(bot)
    before = head(bot)
    files = {
        "conda-forge.yml": "bot:\n  remake_prs_with_conflicts: false\n",
        "recipe/recipe.yaml": recipe("demo", extra="  script: make\n"),
    }
    bare.commit(bot.github.path(DEMO), "main", files, message="moved")
    for _ in range(2):
        (outcome,) = bot.run().outcomes
        assert (outcome.state, outcome.text) == (
            "left",
            "#1 has conflicts, and remake_prs_with_conflicts of conda-forge.yml is false",
        )
    assert head(bot) == before
    (pull,) = bot.github.pulls(DEMO)
    assert len([each for each in pull.comments if "resolve the conflicts" in each.body]) == 1


def test_branches_of_merged_and_closed_requests_are_deleted_also_after_a_kill(bot: Bots) -> None:
    opened(bot)
    bot.github.close(DEMO, 1, by="someone")
    with bot.opened() as ledger:
        (entry,) = ledger.entries()
        ledger.put(replace(entry, state="closed-by-person", step="observed"))  # and then it was killed
    assert len(bare.branches(bot.github.path(FORK))) == 2
    bot.run()
    assert bare.branches(bot.github.path(FORK)).keys() == {"main"}
    bot.github.forget()
    bot.run()
    assert [line for line in bot.github.lines() if not line.startswith("GET")] == []


def test_another_account_opens_nothing_beside_what_the_ledger_knows(bot: Bots) -> None:
    opened(bot)
    bot.github.user("newbot", token="ghp_" + "9" * 36)
    bot.token = "ghp_" + "9" * 36
    for rule in ("wait", "ignore"):
        bot.limits(other_requests=rule)
        (outcome,) = bot.run().outcomes
        assert (outcome.state, outcome.text) == ("theirs", "#1 by bot makes the same change: demo 2.0")
    bot.github.close(DEMO, 1, by="someone")
    with bot.opened() as ledger:
        (entry,) = ledger.entries()
        ledger.put(replace(entry, state="open"))
    assert [one.state for one in bot.run().outcomes] == ["closed"]
    assert len(bot.github.pulls(DEMO)) == 1


def test_new_requests_get_labels_and_reviewers_once_and_are_drafts_where_the_settings_say_so(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.github.user("chaen")
    bot.github.get(DEMO).permissions |= {"bot": "triage", "chaen": "write"}
    bot.limits(draft=True, labels=("bot",), reviewers=("chaen",))
    bot.run()
    (pull,) = bot.github.pulls(DEMO)
    assert pull.pull is not None
    assert (pull.pull.draft, pull.labels, pull.pull.reviewers) == (True, ["bot"], ["chaen"])
    pull.labels.clear()
    bot.run()
    assert pull.labels == []


def test_labels_and_reviewers_that_are_refused_stop_nothing(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.limits(labels=("bot",), reviewers=("nobody",))
    assert [one.state for one in bot.run().outcomes] == ["opened"]
    with bot.opened() as ledger:
        said = [event.text for event in ledger.events() if event.step == "labels"]
    assert said[0] == "not set (bot): the token is not allowed to on this feedstock"
    assert "Reviews may only be requested from collaborators" in said[1]


def test_conflicts_that_the_forge_sees_are_told(bot: Bots) -> None:
    opened(bot)
    files = {
        "conda-forge.yml": "bot:\n  remake_prs_with_conflicts: false\n",
        "recipe/recipe.yaml": recipe("demo", "1.5"),
    }
    bare.commit(bot.github.path(DEMO), "main", files, message="moved")
    bot.run()
    (entry,) = bot.entries("demo")
    assert (entry.conflicts, entry.failing) == (True, ())
    assert entry.trouble == "it conflicts with the release line"
    bare.commit(bot.github.path(DEMO), "main", {"recipe/recipe.yaml": recipe("demo", "1.0")}, message="and back")
    bot.run()
    (entry,) = bot.entries("demo")
    assert not entry.conflicts


def test_what_is_prepared_and_over_leaves_the_outbox_and_is_never_open(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    for _ in range(2):
        bot.run(outbox=True)
        (entry,) = bot.entries("demo")
        assert entry.state == "prepared"
    folder = bot.folder / "outbox"
    assert len(list(folder.rglob("request.json"))) == 1
    bot.decider.versions.clear()
    bot.decider.over[entry.identity] = YANKED
    bot.run(outbox=True)
    assert list(folder.rglob("request.json")) == []
    bot.decider.versions["demo"] = "2.0"
    bot.decider.over.clear()
    assert [outcome.state for outcome in bot.run(outbox=True).outcomes] == ["prepared"]
