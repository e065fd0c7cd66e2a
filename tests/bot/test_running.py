"""Runs of the bot against a local GitHub, with real git."""

from __future__ import annotations

import json

from support.bots import Bots
from support.gits import file_at


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
