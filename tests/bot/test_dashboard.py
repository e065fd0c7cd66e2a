"""The dashboard: what it shows, and what people ask for by its checkboxes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from dirac_forge.bot.budget import Held
from dirac_forge.bot.dashboard import TITLE, DashboardRequests, DashboardState, asked_for, dashboard
from dirac_forge.bot.dashboard_place import keep_dashboard, read_dashboard
from dirac_forge.proposals.hold_reasons import RunFull
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.report.bot_words import worded
from support.bots import Bots

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
DEMO = Identity(feedstock="demo", branch="main", kind="bump", key="2.0")
OTHER = Identity(feedstock="other", branch="v8.0.x", kind="migration", key="open--ssl/4")
BOARD = "bot/board"

STATE = DashboardState(
    now=NOW,
    run="20260301T123000Z-abcdef",
    outcome="1 opened",
    notes=("GitHub says 401. Make a new token.",),
    entries=(
        LedgerEntry(identity=DEMO, state="open", title="demo 2.0", url="https://github.com/o/demo/pull/1"),
        LedgerEntry(identity=OTHER, state="closed-by-person", decided="#2 was closed by octocat"),
    ),
    held=(Held(identity=OTHER, reason=RunFull(most=20)),),
    waiting=(("grid", "waits for demo"),),
    outcomes=(Outcome(identity=DEMO, state="failed", reason="refused <b>"),),
)


def test_the_dashboard_shows_what_is_open_waiting_blocked_failed_and_closed() -> None:
    assert dashboard(STATE) == (
        "Last run: **2026-03-01 12:30 UTC** (`20260301T123000Z-abcdef`): 1 opened.\n\n"
        "If this is much older than the schedule, the bot does not run. Tick a box to ask for something; the next run\n"
        "does it.\n\n"
        "> [!CAUTION]\n> GitHub says 401. Make a new token.\n\n"
        "## Open (1)\n\n"
        "- [demo 2.0](<https://redirect.github.com/o/demo/pull/1>)\n"
        "  - [ ] make again <!-- dirac-forge-again: demo/main/bump/2.0 -->\n\n"
        "## Waiting (1)\n\n"
        "- `other (v8.0.x): migration open--ssl/4`: this run has reached its limit (per-run = 20)\n"
        "  - [ ] open now <!-- dirac-forge-now: other/v8.0.x/migration/open%2D%2Dssl%2F4 -->\n"
        "  - [ ] ignore this version <!-- dirac-forge-ignore: other/v8.0.x/migration/open%2D%2Dssl%2F4 -->\n\n"
        "## Blocked (1)\n\n"
        "- `grid`: waits for demo\n\n"
        "## Failed (1)\n\n"
        "- `demo (main): bump 2.0`: refused &lt;b&gt;\n"
        "  - [ ] make again <!-- dirac-forge-again: demo/main/bump/2.0 -->\n"
        "  - [ ] ignore this version <!-- dirac-forge-ignore: demo/main/bump/2.0 -->\n\n"
        "## Closed by people (1)\n\n"
        "- other (v8.0.x): migration open--ssl/4: \\#\u200b2 was closed by octocat\n"
        "  - [ ] make again <!-- dirac-forge-again: other/v8.0.x/migration/open%2D%2Dssl%2F4 -->\n"
    )


def test_what_is_only_prepared_is_listed() -> None:
    entry = LedgerEntry(identity=DEMO, state="prepared", title="demo 2.0")
    state = DashboardState(now=NOW, run="r", outcome="1 prepared (in the outbox)", entries=(entry,))
    assert dashboard(state).endswith("## Prepared (1)\n\n- demo 2.0\n")


def test_ticked_boxes_are_read_back() -> None:
    body = dashboard(STATE)
    assert asked_for(body) == DashboardRequests()
    ticked = body.replace("- [ ] open now", "- [x] open now").replace("- [ ] ignore", "- [X] ignore", 1)
    assert asked_for(ticked.replace("\n", "\r\n")) == DashboardRequests(
        ignore=frozenset({OTHER}), now=frozenset({OTHER})
    )


@pytest.mark.parametrize(
    "body",
    [
        "- [x] make again <!-- dirac-forge-again: a/b/c -->",
        "- [x] make again <!-- dirac-forge-delete: a/b/bump/c -->",
        "- [x] make again dirac-forge-again: a/b/bump/c",
        "- [x]" * 100_000,
    ],
)
def test_what_is_not_ours_asks_for_nothing(body: str) -> None:
    assert asked_for(body) == DashboardRequests()


git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def kept(bot: Bots) -> str:
    """A run that keeps the dashboard; its body."""
    with bot.connections() as connections:
        asked = read_dashboard(connections, BOARD)
        result = bot.run_with(connections, asked=asked)
        url = keep_dashboard(connections, BOARD, bot.folder / "outbox", result, done=asked)
        assert url.startswith(bot.github.url)
    (issue,) = bot.github.get(BOARD).tickets.values()
    assert issue.title == TITLE
    return issue.body


@git
def test_one_issue_is_kept_current_and_boxes_are_done_once(bot: Bots) -> None:
    bot.github.repository(BOARD, {"README.md": "x"})
    demo = bot.feedstock("demo", wanted="2.0")
    bot.limits(per_run=0)
    body = kept(bot)
    assert "## Waiting (1)" in body
    (issue,) = bot.github.get(BOARD).tickets.values()
    issue.body = body.replace("- [ ] ignore", "- [x] ignore")
    bot.limits(per_run=20)
    assert "ignored on the dashboard" in kept(bot)
    assert bot.github.pulls(demo) == []
    (issue,) = bot.github.get(BOARD).tickets.values()
    issue.body = issue.body.replace("- [ ] make again", "- [x] make again")
    assert "## Open (1)" in kept(bot)
    assert "[x]" not in issue.body
    assert len(bot.github.pulls(demo)) == 1


@git
def test_a_box_of_what_is_still_paused_stays_ticked(bot: Bots) -> None:
    bot.github.repository(BOARD, {"README.md": "x"})
    demo = bot.feedstock("demo", wanted="2.0")
    bot.limits(paused=("demo",))
    body = kept(bot)
    (issue,) = bot.github.get(BOARD).tickets.values()
    issue.body = body.replace("- [ ] open now", "- [x] open now")
    assert "- [x] open now" in kept(bot)
    bot.limits()
    assert "## Open (1)" in kept(bot)
    assert len(bot.github.pulls(demo)) == 1


@git
def test_what_people_tick_during_a_run_stays_for_the_next(bot: Bots) -> None:
    bot.github.repository(BOARD, {"README.md": "x"})
    demo = bot.feedstock("demo", wanted="2.0")
    bot.limits(per_run=0)
    kept(bot)
    (issue,) = bot.github.get(BOARD).tickets.values()
    with bot.connections() as connections:
        asked = read_dashboard(connections, BOARD)
        result = bot.run_with(connections, asked=asked)
        issue.body = issue.body.replace("- [ ] open now", "- [x] open now")
        keep_dashboard(connections, BOARD, bot.folder / "outbox", result, done=asked)
    assert "- [x] open now" in issue.body
    bot.limits(per_run=20)
    kept(bot)
    assert "[x]" not in issue.body
    assert len(bot.github.pulls(demo)) == 1


@git
def test_a_feedstock_that_can_not_be_read_is_on_it(bot: Bots) -> None:
    bot.github.repository(BOARD, {"README.md": "x"})
    bot.github.delete(bot.feedstock("demo", wanted="2.0"))
    assert "## Blocked (1)\n\n- `demo`: " in kept(bot)


@git
def test_without_a_repository_it_is_a_file(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    with bot.connections() as connections:
        result = bot.run_with(connections)
        place = keep_dashboard(connections, "", bot.folder / "outbox", result)
    assert place == str(bot.folder / "outbox/dashboard.md")
    assert "## Open (1)" in (bot.folder / "outbox/dashboard.md").read_text(encoding="utf-8")


@git
def test_a_dashboard_that_can_not_be_reached_stops_no_run(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    with bot.connections() as connections:
        result = bot.run_with(connections, asked=read_dashboard(connections, "bot/none"))
        place = keep_dashboard(connections, "bot/none", bot.folder / "outbox", result)
    assert [outcome.state for outcome in result.outcomes] == ["opened"]
    assert place.endswith("dashboard.md")


@git
def test_conda_forges_bot_goes_first_for_the_time_that_the_settings_give(bot: Bots) -> None:
    bot.feedstock("demo", wanted="2.0")
    bot.limits(version_delay=timedelta(hours=12))
    result = bot.run()
    assert result.outcomes == ()
    (held,) = result.held
    assert worded(held.reason).startswith("waits until ")
    bot.clock.sleep(11 * 3600)
    assert bot.run().outcomes == ()
    bot.clock.sleep(2 * 3600)
    assert [outcome.state for outcome in bot.run().outcomes] == ["opened"]
