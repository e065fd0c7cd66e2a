"""What a migration does to a target: installable with the new pin, with the old one, wave by wave."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import networkx as nx

from dirac_forge.check.answer_reasons import CellReason
from dirac_forge.check.remedies import Unblock
from dirac_forge.migration.older import GuessedMaker
from dirac_forge.migration.order import graph_of
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.status import MissingPin
from dirac_forge.values import dataclass

Installable = Callable[[str, tuple[str, ...], tuple[str, ...], str], "TargetAnswer"]
"""Platform, members that are rebuilt, packages from elsewhere that are rebuilt, and `new` or `old`: whether the target
is installable with that pin."""

Readiness = Literal["untouched", "not-today", "unknown", "ready", "after-members", "after-others", "not-enough"]
"""When a target is installable with the new pin on a platform.

`untouched`: the migration does not change it; `not-today`: it is not installable as things are, whatever the migration
does; `ready`: nothing more has to be rebuilt for it; `after-members`: once members are done, and maybe packages from
elsewhere; `after-others`: once packages from elsewhere are; `not-enough`: not even after all waves.
"""

_MOST_TRIES = 80
"""Solves, on one platform, to find out which members a target does not need."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Today:
    """What a target installs on one platform as things are."""

    feedstocks: Collection[str]
    """That make it."""
    outside: Collection[str] = ()
    """Packages of it with the old pin that no feedstock here makes."""
    done: Collection[str] = ()
    """Members whose newest builds there have the new pin."""
    installable: bool | None = True
    """None if that could not be found out."""
    reason: CellReason | None = None
    """Why it is not installable, or not known to be."""
    touched: bool | None = True
    """Something that it installs is, or depends on, a migrated package, or None if that could not be found out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetAnswer:
    """What a solver says."""

    status: Literal["installable", "not-installable", "unknown"]
    """installable, not-installable or unknown."""
    reason: CellReason | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WaveEffect:
    """After a wave is done: what a target is on one platform."""

    wave: int
    """0 for before the first one."""
    platform: str
    new: TargetAnswer
    old: TargetAnswer


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetClosure:
    """The members that must be done before a target is installable with the new pin."""

    members: tuple[str, ...]
    """By wave and name: as few as the solver lets it be, and those that they wait for."""
    critical_path: tuple[str, ...]
    """The longest chain among them, first to last: it can't go faster than its length in waves."""
    outside: tuple[str, ...] = ()
    """Packages that must be rebuilt too and that no feedstock here makes, as few as the solver lets it be: nothing is
    known of what they wait for."""
    builds: Unblock | None = None
    """What `check` has built instead of `outside`, where that is something else: the newest builds may need another
    package than the ones that the target installs today."""
    proved: bool = True
    """The solver finds the target installable with `members` done (and `outside`); else these are all that there are,
    and they are not enough, or it could not be found out."""
    solved: bool = True
    """False if the solver could not tell whether these are enough."""
    reason: CellReason | None = None
    """Why they are not enough."""
    today: Today | None = None
    """Where the migration makes no difference, or that is unknown: the target as it is now."""
    last_wave: int = 0
    """Of the members, from 1; 0 without any."""

    @property
    def readiness(self) -> Readiness:
        """When the target is installable with the new pin."""
        if self.today is not None:
            return _readiness_today(self.today)
        if not self.proved:
            return "not-enough" if self.solved else "unknown"
        return "after-members" if self.members else "after-others" if self.outside else "ready"

    @property
    def unknown(self) -> bool:
        """Whether what has to be rebuilt for the target, and in which order, is not known, or only in part."""
        return self.readiness == "unknown" or bool(self.outside)


def _readiness_today(today: Today) -> Readiness:
    """Return the readiness of a target for which nothing was tried."""
    if today.installable is None:
        return "unknown"
    if not today.installable:
        return "not-today"
    return "unknown" if today.touched is None else "untouched"


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetEffect:
    """A migration and a target."""

    target: str
    waves: tuple[WaveEffect, ...]
    closures: Mapping[str, TargetClosure]
    """Platform to the closure there."""
    missing: tuple[MissingPin, ...] = ()
    """New versions that no channel has; if the migration adds them, nothing could be tried."""
    packages: tuple[str, ...] = ()
    """The migrated packages, by name, or the migration's keys if none is known."""
    guessed: tuple[GuessedMaker, ...] = ()
    """Who may make the packages from elsewhere, with an older recipe here."""

    @property
    def tried(self) -> bool:
        """Whether there was something to try: not where an added version is missing."""
        return bool(self.closures)

    @property
    def unknown(self) -> bool:
        """Whether what the migration does to the target is not known on some platform, or could not be tried."""
        return not self.tried or any(each.unknown for each in self.closures.values())

    @property
    def incomplete(self) -> bool:
        """Whether feedstocks that are not in the workspace would tell more."""
        todays = (each.today for each in self.closures.values() if each.today is not None)
        return any(each.outside for each in self.closures.values()) or any(
            each.installable and each.touched is None for each in todays
        )


def closure_of(
    plan: Plan,
    feedstocks: Collection[str],
    platform: str,
    *,
    outside: Collection[str] = (),
    done: Collection[str] = (),
    proved: bool = True,
) -> TargetClosure:
    """Return the members among `feedstocks` on a platform, what they wait for, and the longest chain."""
    wanted = [name for name in feedstocks if name in plan.wave_of]
    found: set[str] = set()
    waiting = [name for name in wanted if platform in plan.membership.members[name].platforms]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in done:
            found.add(name)
            waiting.extend(plan.waited_for(name))
    ordered = sorted(found, key=lambda name: (plan.wave_of[name], name))
    chain = nx.dag_longest_path(graph_of({name: found.intersection(plan.waited_for(name)) for name in ordered}))
    return TargetClosure(
        members=tuple(ordered),
        critical_path=tuple(chain),
        outside=tuple(sorted(outside)),
        proved=proved,
        last_wave=max((plan.wave_of[name] + 1 for name in found), default=0),
    )


def effect_on(
    plan: Plan,
    target: str,
    *,
    platforms: Sequence[str],
    solution: Callable[[str], Today],
    installable: Installable,
    explain: Callable[[str, tuple[str, ...]], TargetAnswer] | None = None,
    builds: Callable[[str, tuple[str, ...]], Unblock | None] | None = None,
) -> TargetEffect:
    """Return the effect on a target, before the first wave and after each that changes what the target needs.

    A wave without any of the target's members changes nothing and is not solved again.

    Args:
        plan: of the migration.
        target: its name.
        platforms: those to try.
        solution: returns what the target installs today, by platform.
        installable: asks the solver.
        explain: says why the target is not installable with the new pin on a platform with some members rebuilt, or
            that it is unknown whether it is.
        builds: which builds of other packages would make it so, as `check` suggests them.
    """
    closures: dict[str, TargetClosure] = {}
    found: list[WaveEffect] = []
    for platform in platforms:
        today = solution(platform)
        if not today.touched or not today.installable:
            closures[platform] = TargetClosure(members=(), critical_path=(), proved=False, today=today)
            continue
        effects, closure = _tried(plan, platform, today, installable, explain)
        closures[platform] = _with_builds(closure, platform, builds) if builds is not None else closure
        found += effects
    return TargetEffect(target=target, waves=tuple(found), closures=closures)


def _with_builds(
    closure: TargetClosure, platform: str, builds: Callable[[str, tuple[str, ...]], Unblock | None]
) -> TargetClosure:
    """Return the closure with the builds that are suggested instead of those of packages from elsewhere."""
    found = builds(platform, closure.members) if closure.proved and closure.outside else None
    if found is None or {one.package for one in found.remedies} == set(closure.outside):
        return closure
    return replace(closure, builds=found)


def _tried(
    plan: Plan,
    platform: str,
    today: Today,
    installable: Installable,
    explain: Callable[[str, tuple[str, ...]], TargetAnswer] | None,
) -> tuple[list[WaveEffect], TargetClosure]:
    """Return what the target is after each wave on a platform, and as little as has to be rebuilt for it."""
    outside = tuple(today.outside)
    whole = closure_of(plan, today.feedstocks, platform, outside=outside, done=today.done)
    effects, rebuilt, enough = _waves(plan, platform, whole, today, installable)
    if enough is None:
        last = effects[-1].new
        if last.status == "not-installable" and explain is not None:
            last = explain(platform, tuple(rebuilt))
        return effects, replace(whole, proved=False, solved=last.status != "unknown", reason=last.reason)
    every = tuple(enough)
    far, _ = fewest(outside, lambda names: _good(installable(platform, every, names, "new")))
    needed, _ = fewest(every, lambda names: _good(installable(platform, names, tuple(far), "new")))
    return effects, closure_of(plan, needed, platform, outside=far, done=today.done)


def _waves(
    plan: Plan, platform: str, whole: TargetClosure, today: Today, installable: Installable
) -> tuple[list[WaveEffect], list[str], list[str] | None]:
    """Return the target after each wave, everything rebuilt then, and what was rebuilt when it became installable."""
    found: list[WaveEffect] = []
    rebuilt: list[str] = []
    outside = tuple(today.outside)
    enough: list[str] | None = None
    today_done = set(today.done)
    own = today_done.union(whole.members)
    last: tuple[TargetAnswer, TargetAnswer] | None = None
    for number in range(len(plan.waves) + 1):
        added = [name for name in (plan.waves[number - 1] if number else ()) if name in own]
        rebuilt += added
        if last is None or not today_done.issuperset(added):
            names = tuple(rebuilt)
            last = (installable(platform, names, outside, "new"), installable(platform, names, outside, "old"))
        if enough is None and _good(last[0]):
            enough = sorted(own.difference(today_done).intersection(rebuilt), key=rebuilt.index)
        found.append(WaveEffect(wave=number, platform=platform, new=last[0], old=last[1]))
    return found, rebuilt, enough


def _good(answer: TargetAnswer) -> bool:
    return answer.status == "installable"


def fewest(names: Sequence[str], good: Callable[[tuple[str, ...]], bool]) -> tuple[list[str], bool]:
    """Return few of `names` that are still `good`; halves are left out first, then single names.

    Also returns whether leaving out any single one of the rest was tried and fails: with many names the tries run out.
    """
    kept = list(names)
    size = max(len(kept) // 2, 1)
    tries = 0
    while kept:
        start = 0
        while start < len(kept):
            if tries == _MOST_TRIES:
                return kept, False
            rest = (*kept[:start], *kept[start + size :])
            tries += 1
            if good(rest):
                kept = list(rest)
            else:
                start += size
        if size == 1:
            break
        size //= 2
    return kept, True
