"""New changes that wait for a time: for the schedule, for conda-forge's bot, or until a release is old enough."""

from __future__ import annotations

from datetime import datetime, timedelta

from dirac_forge.bot.proposed import Proposal
from dirac_forge.bump.objections import TooYoung
from dirac_forge.proposals.hold_reasons import BehindOthers, HoldReason, OutsideSchedule
from dirac_forge.settings import BotSettings


def needs_first_sight(change: Proposal, settings: BotSettings) -> bool:
    """Return whether it matters when a change was seen first."""
    return bool(_delay(change, settings)) or (_cooldown(change, settings) > timedelta() and change.released is None)


def waits_for_time(
    change: Proposal, settings: BotSettings, *, seen: datetime | None, now: datetime
) -> HoldReason | None:
    """Return why a new change is not opened yet, or None if its time has come.

    `seen` is when it was seen first, where that is known.
    """
    return _behind_others(change, settings, seen, now) or _young(change, settings, seen, now) or _closed(settings, now)


def _behind_others(change: Proposal, settings: BotSettings, seen: datetime | None, now: datetime) -> HoldReason | None:
    delay = _delay(change, settings)
    if not delay or seen is None or now >= seen + delay:
        return None
    return BehindOthers(until=seen + delay)


def _young(change: Proposal, settings: BotSettings, seen: datetime | None, now: datetime) -> HoldReason | None:
    cooldown, since = _cooldown(change, settings), change.released or seen
    if not cooldown or since is None or now >= since + cooldown:
        return None
    return TooYoung(since=since, released=change.released is not None, cooldown=cooldown)


def _closed(settings: BotSettings, now: datetime) -> HoldReason | None:
    if not settings.schedule or any(window.contains(now) for window in settings.schedule):
        return None
    return OutsideSchedule(windows=tuple(window.text for window in settings.schedule))


def _delay(change: Proposal, settings: BotSettings) -> timedelta:
    delays = {"bump": settings.version_delay, "migration": settings.migration_delay}
    return delays.get(change.change.kind, timedelta())


def _cooldown(change: Proposal, settings: BotSettings) -> timedelta:
    return settings.cooldown if change.change.kind == "bump" and not change.unblocks else timedelta()
