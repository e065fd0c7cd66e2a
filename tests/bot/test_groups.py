"""Feedstocks that move together."""

from __future__ import annotations

from dirac_forge.report.bot_words import worded
from support.bots import Bots

GROUPS = (("boto3", "botocore"),)


def open_titles(bot: Bots) -> list[str]:
    return [pull.title for repo in bot.github.repositories.values() for pull in repo.pulls if pull.state == "open"]


def test_a_group_is_opened_together_and_linked_in_merge_order(bot: Bots) -> None:
    boto3 = bot.feedstock("boto3", wanted="2.0")
    botocore = bot.feedstock("botocore", wanted="2.0")
    bot.decider.after["boto3"] = ("botocore",)
    bot.limits(groups=GROUPS)
    bot.run()
    assert sorted(open_titles(bot)) == ["boto3 2.0", "botocore 2.0"]
    bot.run()
    (pull,) = bot.github.pulls(boto3)
    assert (
        "> [!IMPORTANT]\n> These move together. Merge them in this order:\n"
        f"> 1. [botocore 2.0](<{bot.github.url}/{botocore}/pull/1>)\n"
        f"> 2. [boto3 2.0](<{bot.github.url}/{boto3}/pull/1>)\n"
    ) in pull.body
    bot.github.forget()
    assert [one.state for one in bot.run().outcomes] == ["unchanged", "unchanged"]
    assert [line for line in bot.github.lines() if not line.startswith("GET")] == []


def test_a_group_waits_for_a_member_that_is_blocked(bot: Bots) -> None:
    bot.feedstock("boto3", wanted="2.0")
    bot.feedstock("botocore", wanted="2.0")
    bot.decider.waiting["botocore"] = "it needs urllib3 3"
    bot.limits(groups=GROUPS)
    assert [(one.identity.feedstock, worded(one.reason)) for one in bot.run().held] == [
        ("boto3", "moves together with botocore, which can't move yet: it needs urllib3 3")
    ]
    assert open_titles(bot) == []
    bot.decider.waiting.clear()
    bot.run()
    assert sorted(open_titles(bot)) == ["boto3 2.0", "botocore 2.0"]


def test_a_group_is_never_half_open_for_a_limit(bot: Bots) -> None:
    for name in ("alone", "boto3", "botocore"):
        bot.feedstock(name, wanted="2.0")
    bot.decider.blocks = {"boto3": 5}
    bot.limits(groups=GROUPS, per_run=1)
    result = bot.run()
    assert open_titles(bot) == ["alone 2.0"]
    assert {one.identity.feedstock: worded(one.reason) for one in result.held} == {
        "boto3": "this run has reached its limit (per-run = 1)",
        "botocore": "this run has reached its limit (per-run = 1)",
    }


def test_a_feedstock_of_a_group_moves_alone_where_the_others_have_nothing_new(bot: Bots) -> None:
    bot.feedstock("boto3", wanted="2.0")
    bot.feedstock("botocore", "2.0")
    bot.limits(groups=GROUPS)
    assert [one.state for one in bot.run().outcomes] == ["opened"]


def test_a_group_waits_for_a_member_that_the_run_does_not_know(bot: Bots) -> None:
    bot.feedstock("boto3", wanted="2.0")
    bot.limits(groups=GROUPS)
    assert [(one.identity.feedstock, worded(one.reason)) for one in bot.run().held] == [
        ("boto3", "moves together with botocore, which is not part of this run")
    ]
    assert open_titles(bot) == []


def test_a_group_waits_for_a_member_that_is_archived(bot: Bots) -> None:
    bot.feedstock("boto3", wanted="2.0")
    botocore = bot.feedstock("botocore", wanted="2.0")
    bot.limits(groups=GROUPS)
    bot.github.archive(botocore)
    assert {one.identity.feedstock: worded(one.reason) for one in bot.run().held} == dict.fromkeys(
        GROUPS[0], "moves together with botocore, whose repository is archived"
    )
    assert open_titles(bot) == []


def test_a_group_waits_for_a_member_whose_request_people_closed_until_they_want_it_again(bot: Bots) -> None:
    botocore = bot.feedstock("botocore", wanted="2.0")
    bot.run()
    bot.github.close(botocore, 1)
    bot.run()
    bot.feedstock("boto3", wanted="2.0")
    bot.limits(groups=GROUPS)
    assert {one.identity.feedstock: worded(one.reason) for one in bot.run().held} == dict.fromkeys(
        GROUPS[0], "moves together with botocore, whose request was closed, and is not opened again"
    )
    assert open_titles(bot) == []
