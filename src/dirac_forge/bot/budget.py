"""The budget of a run: the most blocking changes first, within the limits, and canaries before the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dirac_forge.pullrequest.records import Identity

__all__ = [
    "Canaries",
    "Chosen",
    "Held",
    "QueuedChange",
    "RunLimits",
    "canaries_held",
    "choose",
    "group_of",
    "ordered",
    "paused_by",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedChange:
    """A change that is wanted and has no open request."""

    identity: Identity
    blocks: int = 0
    """How many feedstocks wait for it."""
    replaces: int = 0
    """How many open requests of the feedstock are closed for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A change that is not opened in this run, and why."""

    identity: Identity
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLimits:
    """How much may be opened; the settings' `[tool.dirac-forge.bot]`."""

    open_per_feedstock: int
    per_run: int
    open_in_all: int = 1_000_000
    """Open requests on all feedstocks."""
    paused: tuple[str, ...] = ()
    """Feedstocks, migrations, or `all`."""


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


def paused_by(identity: Identity, paused: Iterable[str]) -> str:
    """Which entry of `paused` holds a change; "" for none."""
    names = set(paused)
    if "all" in names:
        return "all"
    if identity.feedstock in names:
        return identity.feedstock
    return identity.key if identity.kind == "migration" and identity.key in names else ""


def ordered(candidates: Iterable[QueuedChange]) -> list[QueuedChange]:
    """Most-blocking first, then by feedstock."""
    return sorted(
        candidates, key=lambda one: (-one.blocks, one.identity.feedstock, one.identity.kind, one.identity.key)
    )


def group_of(identity: Identity) -> str:
    """What goes through canaries together: a migration, or all bumps; "" for what goes alone."""
    if identity.kind == "migration":
        return f"the migration {identity.key}"
    return "bumps" if identity.kind == "bump" else ""


def canaries_held(
    candidates: Sequence[QueuedChange], canary: int, groups: Mapping[str, Canaries]
) -> tuple[list[QueuedChange], list[Held]]:
    """Those that may go, and those that wait for canaries. `candidates` are in order; `canary` 0: all may go.

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
        waits = ", ".join(known.under_way) or "those that this run opens"
        reason = f"{group}: {canary} canaries go first, and are to be merged and built ({waits})"
        held.append(Held(identity=one.identity, reason=reason))
    return go, held


def choose(
    candidates: Sequence[QueuedChange], limits: RunLimits, *, opened: int, open_now: Mapping[str, int]
) -> Chosen:
    """What may be opened next.

    Args:
        candidates: in order.
        limits: the limits.
        opened: how many this run opened already.
        open_now: feedstock to the number of its open requests.
    """
    free = max(limits.per_run - opened, 0)
    count = Counter(dict(open_now))
    in_all = sum(count.values())
    now: list[QueuedChange] = []
    held: list[Held] = []
    for one in candidates:
        identity = one.identity
        paused = paused_by(identity, limits.paused)
        if paused:
            reason = f"{paused} is paused" if paused != "all" else "everything is paused"
        elif count[identity.feedstock] - one.replaces >= limits.open_per_feedstock:
            reason = f"{count[identity.feedstock]} requests are open on it, of {limits.open_per_feedstock} at most"
        elif in_all - one.replaces >= limits.open_in_all:
            reason = f"{in_all} requests are open on all feedstocks, of at most {limits.open_in_all}"
        elif free <= 0:
            reason = f"this run has opened {limits.per_run}, as many as it may"
        else:
            free -= 1
            count[identity.feedstock] += 1 - one.replaces
            in_all += 1 - one.replaces
            now.append(one)
            continue
        held.append(Held(identity=identity, reason=reason))
    return Chosen(now=tuple(now), held=tuple(held))
