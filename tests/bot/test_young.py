"""Releases that wait until they are older, beside the older ones that are proposed meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dirac_forge.bot.dashboard import DashboardRequests
from dirac_forge.bot.proposed import YoungRelease
from dirac_forge.bump.objections import TooYoung
from dirac_forge.pullrequest.records import Identity
from dirac_forge.report.bot_words import worded
from support.bots import Bots

NEWER = Identity(feedstock="demo", branch="main", kind="bump", key="3.0")


@pytest.mark.parametrize("released", [True, False])
def test_an_older_release_is_opened_and_the_newer_one_is_said_to_wait(bot: Bots, released: bool) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.limits(cooldown=timedelta(days=3))
    with bot.opened() as ledger:
        now = ledger.now()
    bot.decider.released["demo"] = now - timedelta(days=4)
    reason = TooYoung(since=now, released=released, cooldown=timedelta(days=3))
    bot.decider.young["demo"] = YoungRelease(version="3.0", reason=reason)
    for state in ("opened", "unchanged"):
        result = bot.run()
        assert [(one.identity.key, one.state) for one in result.outcomes] == [("2.0", state)]
        assert [(one.identity, one.reason) for one in result.held] == [(NEWER, reason)]
        assert worded(reason).startswith("released on" if released else "seen first on")
    cooldown = bot.decider.cooldown
    assert cooldown is not None
    assert cooldown.exempt == {("demo", "main", "2.0")}
    # Of a release with a date, nothing has to be remembered.
    assert (("demo", "main", "3.0") in cooldown.seen) is not released


def test_people_can_ignore_a_release_that_waits_and_ask_for_it_at_once(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.limits(cooldown=timedelta(days=3))
    with bot.opened() as ledger:
        now = ledger.now()
    bot.decider.released["demo"] = now - timedelta(days=4)
    reason = TooYoung(since=now, released=True, cooldown=timedelta(days=3))
    bot.decider.young["demo"] = YoungRelease(version="3.0", reason=reason)
    bot.run(asked=DashboardRequests(now=frozenset({NEWER})))
    cooldown = bot.decider.cooldown
    assert cooldown is not None
    assert cooldown.exempt == {("demo", "main", "3.0")}
    assert bot.run(asked=DashboardRequests(ignore=frozenset({NEWER}))).held == ()
    assert bot.run().held == ()
    assert {entry.identity.key: entry.state for entry in bot.entries("demo")} == {"2.0": "open", "3.0": "retracted"}
