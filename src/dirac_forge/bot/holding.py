"""New changes that wait for a time: for the schedule, for conda-forge's bot, or until a release is old enough."""

from __future__ import annotations

from datetime import datetime, timedelta

from dirac_forge.bot.proposed import Proposal
from dirac_forge.settings import BotSettings

__all__ = ["needs_first_sight", "waits_for_time"]


def needs_first_sight(change: Proposal, settings: BotSettings) -> bool:
    """Return whether it matters when a change was seen first."""
    return bool(_delay(change, settings)) or (_cooldown(change, settings) > timedelta() and change.released is None)


def waits_for_time(change: Proposal, settings: BotSettings, *, seen: datetime | None, now: datetime) -> str:
    """Return why a new change is not opened yet; "" where its time has come.

    `seen` is when it was seen first, where that is known.
    """
    return _behind_others(change, settings, seen, now) or _young(change, settings, seen, now) or _closed(settings, now)


def _behind_others(change: Proposal, settings: BotSettings, seen: datetime | None, now: datetime) -> str:
    delay = _delay(change, settings)
    if not delay or seen is None or now >= seen + delay:
        return ""
    return f"waits until {_moment(seen + delay)}, so that conda-forge's bot can go first"


def _young(change: Proposal, settings: BotSettings, seen: datetime | None, now: datetime) -> str:
    cooldown, released = _cooldown(change, settings), change.released or seen
    if not cooldown or released is None or now >= released + cooldown:
        return ""
    what = "released" if change.released is not None else "seen first"
    return (
        f"{what} on {released:%Y-%m-%d}: waits until {_moment(released + cooldown)}, because `cooldown` wants a "
        f"release to be {_span(cooldown)} old"
    )


def _closed(settings: BotSettings, now: datetime) -> str:
    if not settings.schedule or any(window.contains(now) for window in settings.schedule):
        return ""
    windows = "; ".join(window.text for window in settings.schedule)
    return f"new requests are opened in the hours of `schedule` only: {windows} (UTC)"


def _delay(change: Proposal, settings: BotSettings) -> timedelta:
    delays = {"bump": settings.version_delay, "migration": settings.migration_delay}
    return delays.get(change.change.kind, timedelta())


def _cooldown(change: Proposal, settings: BotSettings) -> timedelta:
    return settings.cooldown if change.change.kind == "bump" and not change.unblocks else timedelta()


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{span.days} day{'s' if span.days > 1 else ''}" if hours % 24 == 0 and span.days else f"{hours:g} h"
