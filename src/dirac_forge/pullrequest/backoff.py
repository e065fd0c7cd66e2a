"""When something that failed is tried again: after 2 hours, then twice as long each time, 5 days at most."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST = timedelta(hours=2)
LONGEST = timedelta(days=5)


def delay(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts that failed; none after none."""
    if attempts < 1:
        return timedelta()
    # 2 h * 2**6 is more than 5 days; a larger power would overflow in the end.
    return min(FIRST * (1 << min(attempts - 1, 6)), LONGEST)


def due(next_try: datetime | None, now: datetime) -> bool:
    """Whether the time has come. One further away than the longest wait was noted by a clock that was wrong: now."""
    return next_try is None or next_try <= now or next_try - now > LONGEST
