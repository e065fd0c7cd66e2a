"""Values: what stands in the way of a target, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Cause", "Explanation", "Kind", "listed", "python_range"]

Kind = Literal["no-build", "python", "version", "broken", "conflict", "machine", "unknown-name", "solver"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One thing that stands in the way."""

    kind: Kind
    package: str
    """What would have to change."""
    text: str
    """The cause in words, without the chain."""
    chain: tuple[str, ...]
    """Package names from what was asked for to `package`."""
    spec: str = ""
    """What the last but one of the chain asks of `package`."""
    instead: bool = False
    """It stands in the way of an older build, which would do where the newer one can't be had."""
    other: tuple[str, ...] = ()
    """For a conflict: the chain to the package that brings the other pin; empty where the user does."""
    also: tuple[str, ...] = ()
    """For a conflict: further packages that pin `package` in the same way."""

    def __str__(self) -> str:
        way = " → ".join(self.chain)
        also = f" (so {'do' if len(self.also) > 1 else 'does'} {listed(self.also)})" if self.also else ""
        return f"{'or, older: ' if self.instead else ''}{way}: {self.text}{also}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why something can't be installed; the shortest chain comes first."""

    causes: tuple[Cause, ...]

    @property
    def text(self) -> str:
        """One line, all causes."""
        return "; ".join(map(str, self.causes))


def python_range(fit: list[tuple[int, int]], known: list[tuple[int, int]], wish: list[tuple[int, int]]) -> str:
    """`≤3.13`, `≥3.11`, `3.11 and 3.13`: of the `known` minor versions those that fit, seen from those in `wish`."""
    dots = [f"{major}.{minor}" for major, minor in fit]
    if [minor for minor in known if fit[0] <= minor <= fit[-1]] == fit:
        if fit[0] == known[0] or (wish and min(wish) > fit[-1]):
            return f"≤{dots[-1]}"
        if fit[-1] == known[-1] or (wish and max(wish) < fit[0]):
            return f"≥{dots[0]}"
    return listed(dots)


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    found = list(words)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"
