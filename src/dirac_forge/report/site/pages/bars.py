"""Bars of several segments."""

from __future__ import annotations

from collections.abc import Mapping

from dirac_forge.report.numbers import percent
from dirac_forge.report.site.words import STATE_ORDER, state_words
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class BarSegment:
    """A part of a bar; `start` and `width` are of 100."""

    state: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """Counts by state, drawn to scale."""

    name: str
    total: int
    done: int
    segments: tuple[BarSegment, ...]

    @property
    def percent(self) -> str:
        """The share that is done."""
        return percent(self.done, self.total)

    @property
    def words(self) -> str:
        """What it shows, for those who do not see it."""
        parts = ", ".join(f"{each.count} {state_words(each.state)}" for each in self.segments)
        return f"{self.name}: {self.done} of {self.total} done ({self.percent})" + (f"; {parts}" if parts else "")


def bar_of(name: str, counts: Mapping[str, int]) -> Bar:
    """Return the bar of these counts by state."""
    total = sum(counts.values())
    segments: list[BarSegment] = []
    start = 0.0
    for state in (*STATE_ORDER, *(each for each in counts if each not in STATE_ORDER)):
        count = counts.get(state, 0)
        if count:
            width = 100 * count / total
            segments.append(BarSegment(state=state, count=count, start=round(start, 3), width=round(width, 3)))
            start += width
    return Bar(name=name, total=total, done=counts.get("done", 0), segments=tuple(segments))
