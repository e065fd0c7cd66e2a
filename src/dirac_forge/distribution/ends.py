"""Whether a channel knows what was uploaded by a day: a snapshot ends on one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.channel.solver import Channel


def past_end(channel: Channel, moment: datetime) -> SnapshotEnd | None:
    """Return the snapshot among the channels that ends before the day of a moment, or None if all reach it."""
    end = channel.end
    return end if end is not None and day_of(moment) > end.day else None


def day_of(moment: datetime) -> date:
    """Return the day that a moment asks for; the end of a day is the midnight after it."""
    return (moment - timedelta(microseconds=1)).astimezone(UTC).date()
