"""The answer to `bot why`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from dirac_forge.bot.history import history_json, history_lines, history_of
from dirac_forge.pullrequest.records import Event, Identity, LedgerEntry, LedgerLine, Run, State

NOW = datetime(2026, 1, 5, 14, 3, tzinfo=UTC)
BUMP = Identity(feedstock="m2crypto", branch="main", kind="bump", key="0.46.2")
REBUILD = Identity(feedstock="m2crypto", branch="main", kind="migration", key="openssl4")
RUN = Run(id="20260105T140300Z-abc123", start=NOW)


def test_all_that_is_known_is_said() -> None:
    found = history_of(
        "m2crypto",
        now=NOW,
        lines=[
            LedgerLine(
                feedstock="m2crypto",
                looked=NOW,
                found="0.46.2 upstream, 0.45.1 in the recipe",
                decided="bump to 0.46.2",
                reason="0.46.2 is the newest that fits",
            )
        ],
        entries=[
            LedgerEntry(
                identity=BUMP,
                state="failed",
                step="pushed",
                attempts=2,
                error="403: the token may not push",
                next_try=NOW + timedelta(hours=4),
                updated=NOW - timedelta(hours=1),
            ),
            LedgerEntry(
                identity=REBUILD,
                state="closed-by-person",
                url="https://github.com/conda-forge/m2crypto-feedstock/pull/7",
                decided="closed #7 on 2026-01-02 (octocat)",
                updated=NOW,
            ),
        ],
        events=[
            Event(
                time=NOW, run=RUN.id, feedstock="m2crypto", kind="bump", key="0.46.2", step="pushed", text="to a fork"
            )
        ],
        runs=[RUN],
        paused=["all"],
    )
    assert history_lines(found) == [
        "m2crypto is paused: everything is, by `paused` of [tool.dirac-forge.bot].",
        "m2crypto (main)",
        "  looked:  2026-01-05 14:03 UTC",
        "  found:   0.46.2 upstream, 0.45.1 in the recipe",
        "  decided: bump to 0.46.2: 0.46.2 is the newest that fits",
        "migration openssl4 (main): closed by a person; stays closed unless somebody asks for it",
        "  paused:  everything is, by `paused` of [tool.dirac-forge.bot]",
        "  request: https://github.com/conda-forge/m2crypto-feedstock/pull/7",
        "  tried:   2026-01-05 14:03 UTC",
        "  people:  closed #7 on 2026-01-02 (octocat)",
        "bump 0.46.2 (main): failed",
        "  paused:  everything is, by `paused` of [tool.dirac-forge.bot]",
        "  tried:   2026-01-05 13:03 UTC (pushed), 2 attempts failed",
        "  failed:  403: the token may not push",
        "  next:    2026-01-05 18:03 UTC",
        "What happened:",
        "  2026-01-05 14:03 UTC  pushed bump 0.46.2: to a fork",
    ]
    document = history_json(found)
    assert document["changes"][1]["next_try"] == "2026-01-05T18:03:00+00:00"
    assert (document["paused"], document["last_run"]["run"]) == ("all", RUN.id)


def test_what_the_bot_never_saw_is_said_with_what_it_did_see() -> None:
    def lines(runs: list[Run], paused: list[str]) -> list[str]:
        found = history_of("x", now=NOW, lines=[], entries=[], events=[], runs=runs, paused=paused)
        return history_lines(found)

    assert lines([], []) == ["The bot has never run here, so nothing is known about x."]
    assert lines([RUN], []) == [
        "The bot has never looked at x; its last run started at 2026-01-05 14:03 UTC.",
        "Is it in the workspace?",
    ]
    lost = history_of(
        "x", now=NOW, lines=[], entries=[], events=[], runs=[RUN], paused=[], lost=["ledger.sqlite.corrupt-1"]
    )
    (told,) = history_lines(lost)
    kept = "The bot's ledger could no longer be read (it is kept as ledger.sqlite.corrupt-1)"
    assert told == f"{kept}, so it is not known what the bot did before with x."
    assert history_json(lost)["lost_ledgers"] == ["ledger.sqlite.corrupt-1"]
    assert lines([RUN], ["x"]) == ["The bot has never looked at x: x is, by `paused` of [tool.dirac-forge.bot]."]


@pytest.mark.parametrize("state", get_args(State))
def test_every_state_of_a_change_is_said(state: State) -> None:
    entry = LedgerEntry(identity=BUMP, state=state)
    found = history_of("m2crypto", now=NOW, lines=[], entries=[entry], events=[], runs=[], paused=[])
    (said,) = history_lines(found)
    assert said.startswith("bump 0.46.2 (main): ")
    assert history_json(found)["changes"][0]["state"] == state


def test_a_prepared_change_is_in_the_outbox() -> None:
    entry = LedgerEntry(identity=BUMP, state="prepared", url="/w/outbox/m2crypto/bump/main/0.46.2")
    found = history_of("m2crypto", now=NOW, lines=[], entries=[entry], events=[], runs=[], paused=[])
    assert history_lines(found) == [
        "bump 0.46.2 (main): prepared in the outbox, not sent yet",
        "  outbox:  /w/outbox/m2crypto/bump/main/0.46.2",
    ]


def test_a_try_that_is_due_comes_with_the_next_run_and_old_events_are_for_v() -> None:
    entry = LedgerEntry(
        identity=BUMP, state="waiting", error="the fork is not ready", next_try=NOW - timedelta(minutes=1)
    )
    events = [Event(time=NOW, run="r", feedstock="m2crypto", step=str(number)) for number in range(12)]
    found = history_of("m2crypto", now=NOW, lines=[], entries=[entry], events=events, runs=[], paused=[])
    said = history_lines(found)
    assert said[:3] == [
        "bump 0.46.2 (main): waits",
        "  waits:   the fork is not ready",
        "  next:    with the next run",
    ]
    assert (said[3], said[4], len(said)) == ("What happened last (-v for more):", "  2026-01-05 14:03 UTC  2", 14)
    assert len(history_lines(found, all_events=True)) == 16
