"""The deliveries of one run: what is open is updated, and what is not is opened within the budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from dirac_forge.bot.budget import (
    Held,
    QueuedChange,
    RunLimits,
    canaries_held,
    choose,
    kept_whole,
    ordered,
    paused_by,
)
from dirac_forge.bot.canaries import canaries_of
from dirac_forge.bot.connections import Connections
from dirac_forge.bot.dashboard import DashboardRequests
from dirac_forge.bot.groups import group_name
from dirac_forge.bot.held import HeldChanges
from dirac_forge.bot.holding import needs_first_sight, waits_for_time
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.open_requests import OPEN_STATES
from dirac_forge.bot.proposed import ProposedChange
from dirac_forge.bot.send import send
from dirac_forge.proposals.hold_reasons import HoldReason, Paused
from dirac_forge.proposals.outcome_reasons import NotTried, OpenRequest
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.outcome import Outcome, OutcomeState
from dirac_forge.pullrequest.records import Identity, LedgerEntry, fingerprint
from dirac_forge.report.bot_words import worded
from dirac_forge.settings import BotSettings

_TASK = "changes"
_NO_LIMIT = 1_000_000


@dataclass(kw_only=True)
class RunDeliveries:
    """The changes of one run on their way; `outcomes` and `held` say what became of them."""

    connections: Connections
    settings: BotSettings
    asked: DashboardRequests
    log: RunLog
    lease: Lease
    held: HeldChanges
    canary: int = 0
    sealed: bool = False
    """Whether the outbox is prepared to be sent at once: then the limits hold for it."""
    paused_migrations: frozenset[str] = frozenset()
    """Those whose own files pause them."""
    outcomes: list[Outcome] = field(default_factory=list)

    def deliver(self, wanted: Sequence[ProposedChange]) -> None:
        """Update what is open, and open what is not, within the budget."""
        connections = self.connections
        by_identity = {each.identity: each for each in self._unsent(wanted)}
        here = [entry for entry in connections.ledger.entries() if connections.belongs_here(entry)]
        open_already = {entry.identity for entry in here if entry.state in connections.open_states}
        connections.observer.started(_TASK, len(by_identity))

        def deliver(identity: Identity) -> Outcome:
            outcome = self._sent(by_identity[identity])
            connections.observer.advanced(_TASK, detail=identity.feedstock)
            return outcome

        updates = [each for each in by_identity if each in open_already and not self._paused(each)]
        self.outcomes += connections.executor.map(deliver, updates)
        self._open(self._free(self._new(by_identity.values(), open_already), here), deliver)
        connections.observer.finished(_TASK)

    def paused_by(self, identity: Identity) -> str:
        """Return what pauses a change: an entry of the settings or its migration; "" for nothing."""
        return paused_by(identity, self.settings.paused, self.paused_migrations)

    def _in_time(self, wanted: Sequence[ProposedChange]) -> tuple[list[ProposedChange], list[Held]]:
        """Return the changes whose time has come, and the others."""
        ready, held = [], []
        for each in wanted:
            reason = None if each.identity in self.asked.now | self.asked.again else self._early(each)
            if reason is not None:
                held.append(Held(identity=each.identity, reason=reason))
            else:
                ready.append(each)
        return ready, held

    def _early(self, change: ProposedChange) -> HoldReason | None:
        """Return why a change is not opened yet, or None if its time has come."""
        ledger, seen = self.connections.ledger, None
        if needs_first_sight(change, self.settings):
            known = ledger.entry(change.identity)
            if known is None:
                known = self.log.journal.note(change.identity, "seen", "", state="wanted", title=change.change.title)
            seen = known.updated if known.state == "wanted" else None
        return waits_for_time(change, self.settings, seen=seen, now=ledger.now())

    def _new(
        self, wanted: Iterable[ProposedChange], open_already: Collection[Identity]
    ) -> list[tuple[QueuedChange, ProposedChange]]:
        """Return the changes that are not open, in the order in which they are opened: first what people asked for."""
        new = {each.identity: each for each in wanted if each.identity not in open_already}
        queue = ordered(_queued(each, open_already, self.settings.groups) for each in new.values())
        queue.sort(key=lambda each: each.identity not in self.asked.now | self.asked.again)
        return [(each, new[each.identity]) for each in queue]

    def _sent(self, change: ProposedChange) -> Outcome:
        return send(
            self.connections,
            change.change,
            change.remake,
            log=self.log,
            lease=self.lease,
            force=change.identity in self.asked.again,
            anew=change.identity in self.asked.again,
            remake_conflicts=change.remake_conflicts,
        )

    def _free(
        self, new: Sequence[tuple[QueuedChange, ProposedChange]], here: Sequence[LedgerEntry]
    ) -> list[QueuedChange]:
        """Return the new changes that wait neither for a time nor for canaries, in order; a group goes as a whole."""
        queue = [queued for queued, _ in new]
        ready, early = self._in_time([change for _, change in new])
        in_time = {each.identity for each in ready}
        candidates = [each for each in queue if each.identity in in_time]
        free, held = canaries_held(candidates, self.canary, canaries_of(here, now=self.connections.ledger.now()))
        free, held = kept_whole(free, [*early, *held], queue)
        self.held.hold(held)
        return free

    def _open(self, candidates: list[QueuedChange], deliver: Callable[[Identity], Outcome]) -> None:
        """Open as many as the budget allows; one that turns out to need no request makes room for the next."""
        opened = 0
        while candidates:
            chosen = choose(candidates, self._limits(), opened=opened, open_now=_open_now(self.connections))
            if not chosen.now:
                self.held.hold(chosen.held)
                return
            outcomes = list(self.connections.executor.map(deliver, [each.identity for each in chosen.now]))
            self.outcomes += outcomes
            opened += sum(outcome.state in {"opened", "prepared"} for outcome in outcomes)
            candidates = [each for each in candidates if each not in chosen.now]
            if _hopeless(outcomes):
                self._give_up(candidates, outcomes[-1])
                return

    def _unsent(self, wanted: Sequence[ProposedChange]) -> list[ProposedChange]:
        """Return the changes to deliver: an outbox has no place for what is on the forge already."""
        if not self.connections.destination.prepares:
            return list(wanted)
        sent = {each.identity: outcome for each in wanted if (outcome := self._sent_already(each)) is not None}
        self.outcomes += sent.values()
        return [each for each in wanted if each.identity not in sent]

    def _sent_already(self, change: ProposedChange) -> Outcome | None:
        """Return the outcome of a change that is on the forge as it is wanted: it has no place in the outbox."""
        known = self.connections.ledger.entry(change.identity)
        if known is None or not known.on_forge or known.fingerprint != fingerprint(change.change):
            return None
        states: dict[str, OutcomeState] = {"open": "unchanged", "pushed": "unchanged", "theirs": "theirs"}
        state = states.get(known.state)
        if state is None:
            return None
        reason = OpenRequest(url=known.url, decided=known.decided)
        return Outcome(identity=change.identity, state=state, reason=reason, url=known.url, number=known.number)

    def _limits(self) -> RunLimits:
        settings = self.settings
        limits = RunLimits(
            open_per_feedstock=settings.open_per_feedstock,
            per_run=settings.per_run,
            open_in_all=settings.open_in_all,
            paused=settings.paused,
            paused_migrations=self.paused_migrations,
        )
        if self.connections.destination.prepares and not self.sealed:
            # Nobody has to review what is only prepared.
            return replace(limits, open_per_feedstock=_NO_LIMIT, per_run=_NO_LIMIT, open_in_all=_NO_LIMIT)
        return limits

    def _paused(self, identity: Identity) -> bool:
        paused = self.paused_by(identity)
        if paused:
            self.held.hold([Held(identity=identity, reason=Paused(name=paused, there=True))])
        return bool(paused)

    def _give_up(self, left: Iterable[QueuedChange], last: Outcome) -> None:
        for each in left:
            reason = NotTried(reason=last.reason)
            self.log.note("unknown", worded(reason), about=each.identity)
            self.outcomes.append(Outcome(identity=each.identity, state="unknown", reason=reason))


def _hopeless(outcomes: Sequence[Outcome]) -> bool:
    """Whether the rest of the run would fail the same way: nothing got an answer, or the environment is at fault."""
    if any(outcome.fault is not None and outcome.fault.stops for outcome in outcomes):
        return True
    return len(outcomes) > 1 and {outcome.state for outcome in outcomes} == {"unknown"}


def _open_now(connections: Connections) -> dict[str, int]:
    """Return the number of open requests by feedstock: on the forge, also where changes are only prepared."""
    count: dict[str, int] = {}
    for entry in connections.ledger.entries(states=OPEN_STATES):
        if entry.on_forge or not entry.url:
            count[entry.identity.feedstock] = count.get(entry.identity.feedstock, 0) + 1
    return count


def _queued(change: ProposedChange, open_already: Iterable[Identity], groups: Iterable[Sequence[str]]) -> QueuedChange:
    """Return a change in the queue: it replaces the open requests for other versions of its release line."""
    identity = change.identity
    line = (identity.feedstock, identity.branch, "bump")
    others = (each for each in open_already if (each.feedstock, each.branch, each.kind) == line and each != identity)
    return QueuedChange(
        identity=identity,
        blocks=change.blocks,
        replaces=len(list(others)) if identity.kind == "bump" else 0,
        group=group_name(identity, groups),
    )
