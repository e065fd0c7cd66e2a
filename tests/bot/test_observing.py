"""What became of open requests, read without deciding anything."""

from __future__ import annotations

import pytest

from dirac_forge.bot.observing import observe_requests
from dirac_forge.pullrequest.lease import BusyError, Lease
from support.bots import Bots
from support.github import Fault

DEMO = "conda-forge/demo-feedstock"


def observed(bot: Bots) -> list[tuple[str, str]]:
    with bot.connections() as connections:
        return [(one.identity.feedstock, one.state) for one in observe_requests(connections)]


def test_merged_and_closed_requests_are_noted_and_nothing_is_opened(bot: Bots) -> None:
    for name in ("a", "b", "c"):
        bot.feedstock(name, wanted="2.0")
    bot.run()
    bot.github.merge("conda-forge/a-feedstock", 1)
    bot.github.close("conda-forge/b-feedstock", 1, by="someone")
    bot.decider.versions["c"] = "3.0"
    assert observed(bot) == [("a", "merged"), ("b", "closed")]
    assert {entry.identity.feedstock: entry.state for entry in bot.entries()} == {
        "a": "merged",
        "b": "closed-by-person",
        "c": "open",
    }
    assert len(bot.github.pulls("conda-forge/c-feedstock")) == 1
    assert observed(bot) == []


def test_a_forge_that_does_not_answer_is_unknown_and_changes_nothing(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.run()
    before = bot.entries()
    bot.github.faults.append(Fault(path=f"/repos/{DEMO}.*", times=99, status=502))
    assert observed(bot) == [("demo", "unknown")]
    assert [entry.state for entry in bot.entries()] == [entry.state for entry in before]


def test_it_waits_for_a_bot_that_runs(bot: Bots) -> None:
    with bot.opened() as ledger, Lease(ledger), pytest.raises(BusyError):
        observed(bot)
