"""How often GitHub may be asked: what it says about that, and waiting as it wants.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dirac_forge.progress import Observer
from dirac_forge.pullrequest.refusals import LimitError
from dirac_forge.untrusted import parse_http_date, parse_whole_number

_UNTOLD = 60.0
"""Seconds to wait where a secondary limit does not say: "at least one minute", and twice as long each time."""
_MARGIN = 1.0
"""Resets are given in whole seconds: a request that is refused was too early by less than that."""
_WORTH_SAYING = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """The time, and how it passes; tests bring their own."""

    wall: Callable[[], float] = time.time
    """Seconds since 1970; may jump."""
    steady: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimit:
    """The primary limit as an answer gives it."""

    limit: int
    """Requests in an hour."""
    remaining: int
    reset: float
    """When it is reset, in seconds since 1970 by the server's clock."""

    @classmethod
    def parse(cls, headers: Mapping[str, str]) -> RateLimit | None:
        """Return the limit from lower-case headers, or None if they have none (GHES may have limits switched off)."""
        limit, remaining, reset = (
            parse_whole_number(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset")
        )
        if limit is None or remaining is None or reset is None:
            return None
        return cls(limit=limit, remaining=remaining, reset=float(reset))


def server_time(headers: Mapping[str, str], otherwise: float) -> float:
    """Return the server's clock when it answered; `otherwise` if it does not tell."""
    told = parse_http_date(headers.get("date", ""))
    return otherwise if told is None else told


def asked_to_wait(
    status: int, headers: Mapping[str, str], said: str, *, now: float, times: int = 0
) -> tuple[float, str] | None:
    """Return the seconds to wait, and why, for an answer that refuses because of a limit; None for another.

    `said` is the message of the answer, `now` the server's time, `times` how often it was so already.
    """
    if status not in (403, 429):
        return None
    limit = RateLimit.parse(headers)
    told = retry_after(headers, now)
    if told is not None:
        return told, "is limiting requests"
    if limit is not None and limit.remaining == 0:
        return max(0.0, limit.reset - now) + _MARGIN, f"allows {limit.limit:,} requests an hour, and they are used up"
    words = said.lower()
    if status == 429 or "secondary rate limit" in words or "abuse detection" in words:
        return _UNTOLD * 2**times, "is limiting requests"
    return None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds until an answer's Retry-After (RFC 9110, 10.2.3) by the server's time, or None."""
    told = headers.get("retry-after", "")
    seconds = parse_whole_number(told.strip())
    if seconds is not None:
        return float(seconds)
    date = parse_http_date(told)
    return None if date is None else max(0.0, date - now)


_LONGEST = 10 * 365 * 86_400.0
"""Seconds; dates end with the year 9999."""


@dataclass(kw_only=True)
class Pace:
    """Holds all threads to GitHub's limits: waits where that is short, else raises LimitError."""

    clock: Clock
    observer: Observer
    patience: float = 900.0
    """The longest wait, in seconds."""
    spacing: float = 1.0
    """Seconds between two requests that change something."""
    limit: RateLimit | None = None
    """As the last answer gave it."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _closed_until: float = field(default=0.0, repr=False)
    _why: str = field(default="", repr=False)
    _next_write: float = field(default=0.0, repr=False)
    _seen: tuple[float, float] | None = field(default=None, repr=False)
    """The server's time in its last answer, and the steady clock's then."""

    def now(self) -> float:
        """Return the time by the server's clock, whatever ours says; before the first answer, ours."""
        if self._seen is None:
            return self.clock.wall()
        told, then = self._seen
        return told + self.clock.steady() - then

    def before(self, *, writes: bool) -> None:
        """Wait until the next request may be sent."""
        while (left := self._closed_until - self.clock.steady()) > 0:
            self._wait(left, self._why)
        if not writes:
            return
        with self._lock:
            now = self.clock.steady()
            turn = max(now, self._next_write)
            self._next_write = turn + self.spacing
        if turn > now:
            self.clock.sleep(turn - now)

    def after(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer says about the primary limit."""
        now = server_time(headers, self.now())
        limit = RateLimit.parse(headers)
        with self._lock:
            self._seen = now, self.clock.steady()
        if limit is None:
            return
        with self._lock:
            self.limit = limit
        if limit.remaining == 0 and limit.reset > now:
            why = f"allows {limit.limit:,} requests an hour, and they are used up"
            self.close(limit.reset - now, why)

    def close(self, seconds: float, why: str, *, for_good: bool = False) -> None:
        """Pause all requests for so many seconds. `for_good`: enough pauses were made, raise LimitError."""
        if for_good:
            raise LimitError(f"GitHub {why}, repeatedly", hint="Run it again later; completed work is kept.")
        with self._lock:
            until = self.clock.steady() + seconds
            if until > self._closed_until:
                self._closed_until, self._why = until, why

    def _wait(self, seconds: float, why: str) -> None:
        until = datetime.fromtimestamp(self.now() + min(seconds, _LONGEST), UTC)
        if seconds > self.patience:
            raise LimitError(
                f"GitHub {why}: it can be asked again at {until:%Y-%m-%d %H:%M} UTC",
                hint=f"A run waits {self.patience / 60:g} min at most. Run it again then; completed work is kept.",
            )
        if seconds >= _WORTH_SAYING:
            self.observer.warned(f"GitHub {why}: waiting until {until:%H:%M} UTC")
        task = f"waiting for GitHub until {until:%H:%M:%S} UTC"
        self.observer.started(task)
        try:
            self.clock.sleep(seconds)
        finally:
            self.observer.finished(task)
