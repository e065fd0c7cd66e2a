"""What a migration does to a target: installable with the new pin, with the old one, wave by wave."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from dirac_forge.migration.plan import Plan

__all__ = ["Answer", "Installable", "TargetClosure", "TargetEffect", "WaveEffect", "closure_of", "effect_on"]

Installable = Callable[[str, Collection[str], str], "Answer"]
"""Platform, members that are rebuilt, and `new` or `old`: whether the target is installable with that pin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a solver says."""

    status: str
    """installable, not-installable or unknown."""
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WaveEffect:
    """After a wave is done: what a target is on one platform."""

    wave: int
    """0 for before the first one."""
    platform: str
    new: Answer
    old: Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetClosure:
    """The members that must be done before a target is installable with the new pin."""

    members: tuple[str, ...]
    """By wave and name."""
    critical_path: tuple[str, ...]
    """The longest chain among them, first to last: it can't go faster than its length in waves."""
    outside: tuple[str, ...] = ()
    """Packages that the target installs, that have the old pin, and that no feedstock here makes: with the new pin the
    target waits for them too, and nothing is known of their order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetEffect:
    """A migration and a target."""

    target: str
    waves: tuple[WaveEffect, ...]
    closures: Mapping[str, TargetClosure]
    """Platform to the closure there."""


def closure_of(
    plan: Plan, feedstocks: Collection[str], platform: str, *, outside: Collection[str] = ()
) -> TargetClosure:
    """The members among `feedstocks` (those of a solution) on a platform, all they wait for, and the longest chain."""
    wanted = [name for name in feedstocks if name in plan.wave_of]
    found: set[str] = set()
    waiting = [name for name in wanted if platform in plan.membership.members[name].platforms]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(plan.waited_for(name))
    ordered = sorted(found, key=lambda name: (plan.wave_of[name], name))
    longest: dict[str, tuple[str, ...]] = {}
    for name in ordered:
        before = max((longest[parent] for parent in plan.waited_for(name) if parent in longest), key=len, default=())
        longest[name] = (*before, name)
    return TargetClosure(
        members=tuple(ordered), critical_path=max(longest.values(), key=len, default=()), outside=tuple(sorted(outside))
    )


def effect_on(
    plan: Plan,
    target: str,
    *,
    platforms: Sequence[str],
    solution: Callable[[str], tuple[Collection[str], Collection[str]]],
    installable: Installable,
) -> TargetEffect:
    """The effect on a target, before the first wave and after each that changes what the target needs.

    `solution` gives, for a platform, the feedstocks whose packages a target installs, and the packages with the old pin
    that no feedstock here makes. A wave without any of the target's
    members changes nothing and is not solved again.
    """
    closures: dict[str, TargetClosure] = {}
    for platform in platforms:
        feedstocks, outside = solution(platform)
        closures[platform] = closure_of(plan, feedstocks, platform, outside=outside)
    found: list[WaveEffect] = []
    for platform in platforms:
        rebuilt: list[str] = []
        own = set(closures[platform].members)
        last: tuple[Answer, Answer] | None = None
        for number in range(len(plan.waves) + 1):
            added = [name for name in plan.waves[number - 1] if name in own] if number else []
            rebuilt += added
            if last is None or added:
                last = (installable(platform, rebuilt, "new"), installable(platform, rebuilt, "old"))
            found.append(WaveEffect(wave=number, platform=platform, new=last[0], old=last[1]))
    return TargetEffect(target=target, waves=tuple(found), closures=closures)
