"""A clock that stands still until somebody sleeps."""

from __future__ import annotations

import threading

from dirac_forge.pullrequest.github import Clock

__all__ = ["StandingClock"]


class StandingClock:
    """Sleeping moves it on at once; `slept` has each sleep. The wall clock may jump, as real ones do."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.wrong = 0.0
        """By how much the wall clock is ahead of the truth."""
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def time(self) -> float:
        """The truth, for servers."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Pass the time."""
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds

    def clock(self) -> Clock:
        """For a client."""
        return Clock(wall=lambda: self.now + self.wrong, steady=lambda: self.now - 1_700_000_000.0, sleep=self.sleep)
