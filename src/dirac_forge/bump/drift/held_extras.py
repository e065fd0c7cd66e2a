"""Which of upstream's extras an output stands for: told by its name, or by the lines that it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Protocol, TypeVar

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines
from dirac_forge.bump.drift.needs import UpstreamNeed
from dirac_forge.values import dataclass

_MANY = 4
"""Packages that tell an extra even where one of them is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requiring:
    """What of upstream asks for a requirement: the release itself, or one of its extras."""

    extra: str = ""

    def __str__(self) -> str:
        return f"upstream's extra {self.extra}" if self.extra else "upstream"


class ReleaseNeeds(Protocol):
    """What the release, or one of its extras, requires in both versions."""

    requiring: Requiring
    old: dict[str, UpstreamNeed]
    new: dict[str, UpstreamNeed]


_A = TypeVar("_A", bound=ReleaseNeeds)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fit:
    """How well the lines of an output fit an extra."""

    has: frozenset[str]
    missing: int

    def worse_than(self, other: _Fit) -> bool:
        """Whether another extra explains all of these lines, and more of them or without a gap."""
        if not self.has <= other.has or other.missing > self.missing:
            return False
        return self.has < other.has or other.missing < self.missing


def held_extras(draft: DriftDraft, output: OutputLines, base: _A, extras: Sequence[_A]) -> list[_A]:
    """Return the extras that an output holds: the one that it is named after, else those that explain its lines best.

    What extras that fit equally well disagree about is taken out of them, and told.
    """
    # What something else asks for from now on is no sign that the recipe holds an extra, nor is what it needs anyway.
    fresh = {key for one in (base, *extras) for key in one.new.keys() - one.old.keys()} | base.old.keys()
    told = [(one, [need for key, need in one.old.items() if key not in fresh]) for one in extras]
    fits = [(one, fit) for one, needs in told if (fit := _fit(output, needs)) is not None]
    if named := [one for one, _ in fits if _named_after(output, one.requiring.extra)]:
        return named
    best = [(one, fit) for one, fit in fits if not any(fit.worse_than(other) for _, other in fits)]
    for (one, fit), (other, other_fit) in combinations(best, 2):
        if fit == other_fit:
            _leave_open(draft, output, one, other)
    return [one for one, _ in best]


def _fit(output: OutputLines, needs: Sequence[UpstreamNeed]) -> _Fit | None:
    """Return how well run fits an extra; None if it does not have everything that the extra adds.

    That has to be several packages, of many of which one may be missing.
    """
    keys = {line.key for line in output.of("run")}
    has = frozenset(canonicalize_name(need.package) for need in needs if not need.keys.isdisjoint(keys))
    missing = len(needs) - len(has)
    return _Fit(has=has, missing=missing) if len(needs) > 1 and missing <= (len(needs) >= _MANY) else None


def _named_after(output: OutputLines, extra: str) -> bool:
    return canonicalize_name(output.output.name).endswith((f"-with-{extra}", f"-{extra}"))


def _leave_open(draft: DriftDraft, output: OutputLines, one: ReleaseNeeds, other: ReleaseNeeds) -> None:
    """Take out of two extras what they disagree about, and tell it where it changed."""
    for key, asked in sorted(_disagreeing(one, other)):
        for asking in (one, other):
            asking.old.pop(key, None)
            asking.new.pop(key, None)
        if asked:
            extras = [one.requiring.extra, other.requiring.extra]
            name = output.output.name
            draft.note("todo", "extra-open", name, tells=("run", key), extras=extras, package=key, evidence=asked)


def _disagreeing(one: ReleaseNeeds, other: ReleaseNeeds) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the packages that two extras ask for differently now, with what changed."""
    for key in {*one.old, *one.new, *other.old, *other.new}:
        now = [asking.new.get(key) for asking in (one, other)]
        lines = [need.lines if need is not None else None for need in now]
        if lines[0] == lines[1]:
            continue
        changed = [asking for asking in (one, other) if _lines(asking.old, key) != _lines(asking.new, key)]
        said = (need.evidence if (need := asking.new.get(key)) is not None else "nothing" for asking in changed)
        yield key, tuple(dict.fromkeys(said))


def _lines(needs: dict[str, UpstreamNeed], key: str) -> object:
    need = needs.get(key)
    return need.lines if need is not None else None
