"""New changes that wait for a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dirac_forge.bot.holding import waits_for_time
from dirac_forge.bot.proposed import Proposal
from dirac_forge.feedstock.change import Change
from dirac_forge.report.bot_words import worded
from dirac_forge.settings import BotSettings
from dirac_forge.settings.schedule import window_of

MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BUMP = Change(feedstock="demo", kind="bump", key="2.0", title="demo 2.0")


def reason(
    settings: BotSettings, *, released: datetime | None = None, unblocks: bool = False, now: datetime = MONDAY
) -> str:
    proposal = Proposal(change=BUMP, released=released, unblocks=unblocks)
    found = waits_for_time(proposal, settings, seen=MONDAY - timedelta(hours=1), now=now)
    return "" if found is None else worded(found)


def test_a_release_that_is_too_young_waits_unless_it_unblocks_a_target() -> None:
    settings = BotSettings(cooldown=timedelta(days=3))
    young = MONDAY - timedelta(days=1)
    assert reason(settings, released=young) == (
        "released on 2026-11-22: waits until 2026-11-25 12:00 UTC, because `cooldown` requires releases to be 3 days "
        "old"
    )
    assert reason(settings, released=young, unblocks=True) == ""
    assert reason(settings, released=MONDAY - timedelta(days=3)) == ""
    assert reason(settings).startswith("seen first on 2026-11-23: waits until 2026-11-26 11:00 UTC")


@pytest.mark.parametrize(
    ("window", "moment", "open_now"),
    [
        ("mon-fri 08:00-18:00", MONDAY, True),
        ("mon-fri 08:00-18:00", MONDAY.replace(hour=18), False),
        ("sat,sun 00:00-24:00", MONDAY, False),
        ("sun 22:00-06:00", MONDAY.replace(hour=5), True),
        ("sun 22:00-06:00", MONDAY.replace(hour=22), False),
        ("fri-mon 09:00-17:00", MONDAY, True),
        ("11:30-12:30", MONDAY, True),
    ],
)
def test_the_schedule_opens_requests_in_its_hours_only(window: str, moment: datetime, open_now: bool) -> None:
    settings = BotSettings(schedule=(window_of(window),))
    wanted = "" if open_now else f"new requests are opened only during `schedule`: {window} (UTC)"
    assert reason(settings, now=moment) == wanted


def test_a_window_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="mon-fri 08:00-18:00"):
        window_of("weekdays 9 to 5")
