"""Hours of the week in which the bot opens requests."""

from __future__ import annotations

import re
from datetime import datetime, time

from dirac_forge.settings.validation import unexpected
from dirac_forge.values import dataclass

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = f"(?:{'|'.join(_DAYS)})"
_WINDOW = re.compile(
    rf"(?:(?P<days>{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*)\s+)?"
    r"(?P<start>(?:[01]\d|2[0-3]):[0-5]\d)-(?P<end>(?:[01]\d|2[0-3]):[0-5]\d|24:00)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleWindow:
    """Hours of some days of the week, in UTC, in which the bot opens requests."""

    days: frozenset[int]
    """0 is Monday."""
    start: time
    end: time
    """Not after `start`: the window ends on the next day."""
    text: str
    """As the settings have it."""

    def contains(self, moment: datetime) -> bool:
        """Return whether a moment (in UTC) is in the window."""
        now = moment.time().replace(tzinfo=None)
        if self.start < self.end:
            return moment.weekday() in self.days and self.start <= now < self.end
        yesterday = (moment.weekday() - 1) % 7
        return (moment.weekday() in self.days and now >= self.start) or (yesterday in self.days and now < self.end)


def window_of(value: object) -> ScheduleWindow:
    """Return the window that a text such as `mon-fri 08:00-18:00` means; without days it is every day."""
    match = _WINDOW.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if match is None:
        raise unexpected("hours in UTC such as 'mon-fri 08:00-18:00' or 'sat,sun 22:00-06:00'")
    days: set[int] = set()
    for part in filter(None, (match["days"] or "mon-sun").split(",")):
        first, _, last = part.partition("-")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days |= {day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1)}
    end_time = time(0) if match["end"] == "24:00" else time.fromisoformat(match["end"])
    start = time.fromisoformat(match["start"])
    return ScheduleWindow(days=frozenset(days), start=start, end=end_time, text=str(value).strip())
