"""The budget of a run: the most blocking changes first, within the limits, and canaries before the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from dirac_forge.proposals.hold_reasons import (
    FeedstockFull,
    ForgeFull,
    GroupHeld,
    HoldReason,
    Paused,
    RunFull,
    WaitsForCanaries,
)
from dirac_forge.pullrequest.records import Identity
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedChange:
    """A change that is wanted and has no open request."""

    identity: Identity
    blocks: int = 0
    """How many feedstocks wait for it."""
    replaces: int = 0
    """How many open requests of the feedstock are closed for it."""
    group: str = ""
    """What it moves together with: all of it or nothing; "" for nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A change that is not opened in this run, and why."""

    identity: Identity
    reason: HoldReason


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLimits:
    """How much may be opened; the settings' `[tool.dirac-forge.bot]`."""

    open_per_feedstock: int
    per_run: int
    open_in_all: int = 1_000_000
    """Open requests on all feedstocks."""
    paused: tuple[str, ...] = ()
    """Feedstocks, release lines (`NAME@BRANCH`), migrations, or `all`."""
    paused_migrations: frozenset[str] = frozenset()
    """Migrations whose own files pause them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What may be opened now, in order, and what may not."""

    now: tuple[QueuedChange, ...]
    held: tuple[Held, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Canaries:
    """The requests of one group (a migration, or all bumps) that went before the others."""

    passed: int = 0
    """Merged, and the channel has what they build."""
    under_way: tuple[str, ...] = ()
    """The URLs of those that are open, or merged and not built yet."""


def paused_by(identity: Identity, paused: Iterable[str], migrations: Collection[str] = ()) -> str:
    """Return which entry of `paused`, or which of the paused `migrations`, holds a change; "" for none."""
    names = set(paused)
    if identity.kind == "migration" and identity.key in migrations:
        return identity.key
    if "all" in names:
        return "all"
    for name in (identity.feedstock, f"{identity.feedstock}@{identity.branch}"):
        if name in names:
            return name
    return identity.key if identity.kind == "migration" and identity.key in names else ""


def ordered(candidates: Iterable[QueuedChange]) -> list[QueuedChange]:
    """Return the most-blocking first, then by feedstock."""
    return sorted(
        candidates, key=lambda one: (-one.blocks, one.identity.feedstock, one.identity.kind, one.identity.key)
    )


def group_of(identity: Identity) -> str:
    """Return what goes through canaries together: a migration, or all bumps; "" for what goes alone."""
    if identity.kind == "migration":
        return f"the migration {identity.key}"
    return "bumps" if identity.kind == "bump" else ""


def canaries_held(
    candidates: Sequence[QueuedChange], canary: int, groups: Mapping[str, Canaries]
) -> tuple[list[QueuedChange], list[Held]]:
    """Return those that may go, and those that wait for canaries. `candidates` are in order; `canary` 0: all may go.

    A group (see `Canaries`; `groups` by its name) is a big wave where more than `canary` of it are wanted. Of a big
    wave as many go first, and the others once that many are merged and built.
    """
    sizes = Counter(group_of(one.identity) for one in candidates)
    free: dict[str, int] = {}
    go: list[QueuedChange] = []
    held: list[Held] = []
    for one in candidates:
        group = group_of(one.identity)
        known = groups.get(group, Canaries())
        if not canary or not group or sizes[group] <= canary or known.passed >= canary:
            go.append(one)
            continue
        left = free.setdefault(group, canary - known.passed - len(known.under_way))
        if left > 0:
            free[group] = left - 1
            go.append(one)
            continue
        migration = one.identity.key if one.identity.kind == "migration" else ""
        reason = WaitsForCanaries(migration=migration, canaries=canary, urls=known.under_way)
        held.append(Held(identity=one.identity, reason=reason))
    return go, held


def kept_whole(
    go: Sequence[QueuedChange], held: Sequence[Held], candidates: Sequence[QueuedChange]
) -> tuple[list[QueuedChange], list[Held]]:
    """Return those that may go and those that may not, such that each group of `candidates` goes as a whole."""
    broken = _broken(go, candidates)
    reasons = {each.identity: each.reason for each in held}
    more = [
        Held(identity=each.identity, reason=_together(each, candidates, reasons)) for each in go if each.group in broken
    ]
    return [each for each in go if each.group not in broken], [*held, *more]


def _broken(go: Iterable[QueuedChange], candidates: Iterable[QueuedChange]) -> set[str]:
    """Return the groups of which some may go and others may not."""
    going = {each.identity for each in go}
    return {each.group for each in candidates if each.identity not in going} - {""}


def _together(
    one: QueuedChange, candidates: Iterable[QueuedChange], reasons: Mapping[Identity, HoldReason]
) -> HoldReason:
    """Return why a change waits for another of its group."""
    for each in candidates:
        if each.group == one.group and each.identity in reasons:
            return GroupHeld(feedstock=each.identity.feedstock, reason=reasons[each.identity])
    return GroupHeld()


def choose(
    candidates: Sequence[QueuedChange], limits: RunLimits, *, opened: int, open_now: Mapping[str, int]
) -> Chosen:
    """Return what may be opened next; a group goes as a whole or not at all.

    Args:
        candidates: in order.
        limits: the limits.
        opened: how many this run opened already.
        open_now: feedstock to the number of its open requests.
    """
    left, dropped = list(candidates), list[Held]()
    while True:
        chosen = _fitting(left, limits, opened=opened, open_now=open_now)
        now, held = kept_whole(chosen.now, chosen.held, left)
        if len(now) == len(chosen.now):
            return Chosen(now=tuple(now), held=(*dropped, *held))
        # What these would have taken is free for others.
        broken = _broken(now, chosen.now)
        gone = {each.identity for each in left if each.group in broken}
        dropped += [each for each in held if each.identity in gone]
        left = [each for each in left if each.group not in broken]


def _fitting(
    candidates: Sequence[QueuedChange], limits: RunLimits, *, opened: int, open_now: Mapping[str, int]
) -> Chosen:
    """Choose without regard to groups."""
    count = Counter(dict(open_now))
    now: list[QueuedChange] = []
    held: list[Held] = []
    for one in candidates:
        reason = _over_limit(one, limits, count, opened + len(now))
        if reason is not None:
            held.append(Held(identity=one.identity, reason=reason))
        else:
            count[one.identity.feedstock] += 1 - one.replaces
            now.append(one)
    return Chosen(now=tuple(now), held=tuple(held))


def _over_limit(one: QueuedChange, limits: RunLimits, count: Counter[str], opened: int) -> HoldReason | None:
    """Return why a change may not be opened now, or None if it may."""
    here, in_all = count[one.identity.feedstock], count.total()
    if paused := paused_by(one.identity, limits.paused, limits.paused_migrations):
        return Paused(name=paused)
    if here - one.replaces >= limits.open_per_feedstock:
        return FeedstockFull(open=here, most=limits.open_per_feedstock)
    if in_all - one.replaces >= limits.open_in_all:
        return ForgeFull(open=in_all, most=limits.open_in_all)
    return RunFull(most=limits.per_run) if opened >= limits.per_run else None
