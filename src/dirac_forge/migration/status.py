"""The state of each member of a migration: from evidence first, then from what others know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Literal

from dirac_forge.migration.evidence import Evidence
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.solvability import NotSolvable, Unsure
from dirac_forge.values import dataclass

__all__ = [
    "STATES",
    "FeedstockStatus",
    "Known",
    "MergedRebuild",
    "MissingPin",
    "OpenRebuild",
    "PageLabel",
    "PreparedRebuild",
    "Progress",
    "State",
    "StateReason",
    "Status",
    "Unsure",
    "status_of",
]

State = Literal["done", "in-pr", "awaiting-pr", "awaiting-parents", "not-solvable", "error", "unknown"]
STATES: tuple[State, ...] = ("done", "in-pr", "awaiting-pr", "awaiting-parents", "not-solvable", "error", "unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class PageLabel:
    """The state that a status page of conda-forge's bot shows for a feedstock."""

    state: Literal["done", "in-pr", "not-solvable", "bot-error"]
    detail: str = ""
    """The request's URL, or what went wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRebuild:
    """An open pull request."""

    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedRebuild:
    """A change that lies in an outbox, sent to no forge."""

    place: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """A migration of `wait_for_migrators` that is not complete."""

    migration: str
    done: int
    total: int
    unknown: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingPin:
    """A new version of a migrated package that no channel has a build of."""

    package: str
    pin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedRebuild:
    """The recipe has the migration already: what is missing are its builds."""


StateReason = MergedRebuild | PageLabel | OpenRebuild | PreparedRebuild | Progress | MissingPin | NotSolvable | Unsure


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What others know of members: the ledger of requests, a status page, a solver."""

    labels: Mapping[str, PageLabel] = field(default_factory=dict)
    requests: Mapping[str, OpenRebuild | PreparedRebuild] = field(default_factory=dict)
    """Of the ledger."""
    waits: tuple[Progress, ...] = ()
    """Migrations of `wait_for_migrators` that are not complete."""
    missing: Mapping[str, MissingPin] = field(default_factory=dict)
    """Member to a migrated package that it is built with and whose new version is in no channel."""
    not_solvable: Mapping[str, NotSolvable] = field(default_factory=dict)
    solvable: frozenset[str] = frozenset()
    """Members whose environments a solver found."""
    merged: frozenset[str] = frozenset()
    """Members whose recipe has the migration, as it is now."""
    unsure: Mapping[str, Unsure] = field(default_factory=dict)
    """Members of which a solver could not tell whether they can be built."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockStatus:
    """The state of one member."""

    feedstock: str
    state: State
    evidence: Evidence | None = None
    reasons: tuple[StateReason, ...] = ()
    """What decides the state, in addition to the evidence, or is worth a look; the deciding one first."""
    waits_for: tuple[str, ...] = ()
    """Parents that are not done."""
    waits_for_migrations: tuple[str, ...] = ()
    """Other migrations that have to be complete first."""
    blocks: int = 0
    """Members that wait for it, directly or not, and are not done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """The state of a migration."""

    feedstocks: tuple[FeedstockStatus, ...]
    """By name."""
    platforms: Mapping[str, tuple[int, int]]
    """Platform to the numbers of members done there and of members there."""
    blockers: tuple[FeedstockStatus, ...]
    """Those that are known not to be done and that others wait for, most-blocking first."""
    unknown: tuple[str, ...] = ()
    """Members about which the evidence could not be had."""
    absent: tuple[str, ...] = ()
    """Release lines whose recipe is not in the workspace: nothing is known of them."""
    not_in_channel: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Platforms that the channel does not have, with the members that are built for them: nothing is known of these
    there, and their state is that on the other platforms."""
    missing: tuple[MissingPin, ...] = ()
    """New versions of migrated packages that no channel has: nothing that needs one is ready."""
    paused: bool = False

    def of(self, state: State) -> tuple[FeedstockStatus, ...]:
        """Return the members in a state, by name."""
        return tuple(each for each in self.feedstocks if each.state == state)

    @property
    def next(self) -> tuple[FeedstockStatus, ...]:
        """Return what is ready, most-blocking first; a member whose rebuild is merged only has to be built."""
        return _most_blocking(each for each in self.of("awaiting-pr") if MergedRebuild() not in each.reasons)

    @property
    def merged(self) -> tuple[FeedstockStatus, ...]:
        """Return the members whose rebuild is merged and not in the channel yet, by name."""
        return tuple(each for each in self.of("awaiting-pr") if MergedRebuild() in each.reasons)


def _most_blocking(members: Iterable[FeedstockStatus]) -> tuple[FeedstockStatus, ...]:
    return tuple(sorted(members, key=lambda each: (-each.blocks, each.feedstock)))


def status_of(plan: Plan, evidence: Mapping[str, Evidence], known: Known | None = None) -> Status:
    """Return the states of all members, from evidence about each and what others know.

    The channel decides what is done; a status page's label counts only where the channel has no evidence. A request and
    an error are facts. Without one, a member is unknown if the evidence is. Of the others those wait for parents of
    which one that is waited for is not done, or for a migration of `wait_for_migrators` that is not complete; the rest
    is not solvable, or ready.
    """
    known = known or Known()
    names = plan.network.names
    done = _done(names, evidence, known)
    blocked = _blocked(plan, done)
    feedstocks = tuple(_Member(plan, name, evidence.get(name), known, done).status(blocked[name]) for name in names)
    return Status(
        feedstocks=feedstocks,
        platforms=_by_platform(plan, done, evidence),
        blockers=_most_blocking(each for each in feedstocks if each.blocks and each.state not in {"done", "unknown"}),
        unknown=tuple(name for name in names if name not in done and _is_unknown(evidence.get(name))),
        absent=plan.membership.absent,
        not_in_channel=_not_in_channel(plan, evidence),
        missing=tuple(dict.fromkeys(known.missing.values())),
        paused=plan.migration.settings.paused,
    )


def _done(names: Iterable[str], evidence: Mapping[str, Evidence], known: Known) -> frozenset[str]:
    return frozenset(name for name in names if _is_done(evidence.get(name), known.labels.get(name)))


def _is_unknown(evidence: Evidence | None) -> bool:
    return evidence is not None and evidence.unknown


def _is_done(evidence: Evidence | None, label: PageLabel | None) -> bool:
    """Return whether a member is done; a label counts if no build, or its lack, says anything."""
    if evidence is not None and (evidence.all_done or evidence.disproved):
        return evidence.all_done
    return label is not None and label.state == "done"


_OF_LABELS: Mapping[str, State] = {"in-pr": "in-pr", "bot-error": "error"}
"""Labels of the status page that are facts about a member."""


@dataclass(frozen=True, slots=True)
class _Member:
    plan: Plan
    name: str
    evidence: Evidence | None
    known: Known
    done: frozenset[str]

    def status(self, blocks: int) -> FeedstockStatus:
        """Return its state, with the reasons."""
        state, reasons = self._decided()
        migrations = tuple(each.migration for each in self.known.waits) if state == "awaiting-parents" else ()
        label = self.known.labels.get(self.name)
        request = self.known.requests.get(self.name)
        also = [each for each in (label, request) if each is not None and each not in reasons]
        return FeedstockStatus(
            feedstock=self.name,
            state=state,
            evidence=self.evidence,
            reasons=(*reasons, *(also if state != "done" or self.evidence is None else ())),
            waits_for=() if state == "done" else self._waits(),
            waits_for_migrations=migrations,
            blocks=blocks,
        )

    def _waits(self) -> tuple[str, ...]:
        return tuple(parent for parent in self.plan.waited_for(self.name) if parent not in self.done)

    def _decided(self) -> tuple[State, tuple[StateReason, ...]]:
        known, name = self.known, self.name
        request, label = known.requests.get(name), known.labels.get(name)
        if name in self.done:
            return "done", (label,) if label is not None and not self._proved() else ()
        if isinstance(request, OpenRebuild):
            return "in-pr", (request,)
        if label is not None and label.state in _OF_LABELS:
            return _OF_LABELS[label.state], (label,)
        if _is_unknown(self.evidence) and name not in known.missing:
            return "unknown", (MergedRebuild(),) if name in known.merged else ()
        if self._waits() or known.waits:
            return "awaiting-parents", known.waits
        return self._ready(label)

    def _ready(self, label: PageLabel | None) -> tuple[State, tuple[StateReason, ...]]:
        """Return the state of a member that waits for no other."""
        known, name = self.known, self.name
        if name in known.merged:
            return "awaiting-pr", (MergedRebuild(),)
        blocker = known.missing.get(name) or known.not_solvable.get(name)
        if blocker is not None:
            return "not-solvable", (blocker,)
        if label is not None and label.state == "not-solvable" and name not in known.solvable:
            return "not-solvable", (label,)
        return "awaiting-pr", (known.unsure[name],) if name in known.unsure else ()

    def _proved(self) -> bool:
        return self.evidence is not None and self.evidence.all_done


def _blocked(plan: Plan, done: frozenset[str]) -> dict[str, int]:
    """Return for each member the number of those not done that wait for it: one set operation an edge."""
    number = {name: place for place, name in enumerate(plan.network.names)}
    behind = dict.fromkeys(plan.network.names, 0)
    for wave in reversed(plan.waves):
        for name in wave:
            own = behind[name] | (0 if name in done else 1 << number[name])
            for parent in plan.waited_for(name):
                behind[parent] |= own
    return {name: (bits & ~(1 << number[name])).bit_count() for name, bits in behind.items()}


def _not_in_channel(plan: Plan, evidence: Mapping[str, Evidence]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in plan.network.names:
        for platform in evidence[name].not_in_channel if name in evidence else ():
            found.setdefault(platform, []).append(name)
    return {platform: tuple(found[platform]) for platform in sorted(found)}


def _by_platform(plan: Plan, done: frozenset[str], evidence: Mapping[str, Evidence]) -> dict[str, tuple[int, int]]:
    counts: dict[str, list[int]] = {}
    for member in plan.members:
        found = evidence.get(member.feedstock)
        for platform in member.platforms:
            if found is not None and platform in found.not_in_channel:
                continue
            count = counts.setdefault(platform, [0, 0])
            count[0] += member.feedstock in done or (found is not None and found.done.get(platform) is True)
            count[1] += 1
    return {platform: (counts[platform][0], counts[platform][1]) for platform in sorted(counts)}
