"""One run of the bot: read feedstocks, decide, and send the changes that are not open yet, within the budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

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
from dirac_forge.bot.groups import group_name, grouped
from dirac_forge.bot.holding import needs_first_sight, waits_for_time
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.open_requests import OPEN_STATES, OpenRequests
from dirac_forge.bot.outcomes import outcome_of
from dirac_forge.bot.proposed import Decider, ProposedChange, RunDecision
from dirac_forge.bot.release_lines import CurrentLine
from dirac_forge.bot.send import send
from dirac_forge.bot.young import cooldown_of, young_held
from dirac_forge.errors import ForgeError
from dirac_forge.proposals.hold_reasons import HoldReason, Paused, UnaskedRecipe
from dirac_forge.proposals.outcome_reasons import IgnoredVersion, NotTried, OpenRequest
from dirac_forge.pullrequest.delivery import Outcome
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.outcome import OutcomeState
from dirac_forge.pullrequest.records import Identity, LedgerEntry, LedgerLine, Run, fingerprint
from dirac_forge.report.bot_words import clauses, reason_code, worded
from dirac_forge.settings import BotSettings

_TASK = "changes"
_NO_LIMIT = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The result of a run."""

    run: Run
    looked: tuple[CurrentLine, ...]
    decisions: tuple[RunDecision, ...]
    outcomes: tuple[Outcome, ...]
    held: tuple[Held, ...]
    requests: tuple[LedgerEntry, ...]
    """The open requests of this destination at the end."""

    @property
    def states(self) -> list[str]:
        """The states of lines, decisions and outcomes, for the exit code."""
        lines = [one.state for one in self.looked if one.state in {"unknown", "failed"}]
        decided = [one.state for one in self.decisions if one.state in {"unknown", "failed"}]
        return [*lines, *decided, *(one.state for one in self.outcomes)]


@dataclass(kw_only=True)
class BotRun:
    """One run of the bot; each run has its own."""

    connections: Connections
    settings: BotSettings
    look: Callable[[], Sequence[CurrentLine]]
    decider: Decider
    canary: int = 0
    recipes: bool = False
    """Whether new recipes that bumps need are sent too: people at staged-recipes review each."""
    asked: DashboardRequests = field(default_factory=DashboardRequests)
    """What people ticked on the dashboard."""
    sealed: bool = False
    """Whether the outbox is prepared to be sent at once: then the limits hold for it."""
    _outcomes: list[Outcome] = field(default_factory=list)
    _held: list[Held] = field(default_factory=list)
    _paused_migrations: frozenset[str] = frozenset()
    """Those whose own files pause them."""

    def run(self) -> Result:
        """Run once over all feedstocks.

        Raises BusyError if another bot runs, and the errors of a ledger that can't be read or written.
        """
        ledger = self.connections.ledger
        with Lease(ledger) as lease:
            run = ledger.start_run()
            log = RunLog(ledger, run.id, self.connections.write)
            log.say("start", f"run {run.id}")
            outcome, faults = "broken off", ""
            try:
                result = self._run(run, log, lease)
                faults = " ".join(sorted({each.fault.kind for each in result.outcomes if each.fault is not None}))
                outcome = outcome_of(result.states)
            except ForgeError as error:
                outcome = f"interrupted: {error.message}"
                raise
            finally:
                log.say("end", outcome, fault=faults)
                ledger.end_run(run, outcome)
            return result

    def _run(self, run: Run, log: RunLog, lease: Lease) -> Result:
        connections = self.connections
        requests = OpenRequests(
            connections=connections,
            log=log,
            decider=self.decider,
            mark_withdrawn=self.settings.withdrawn_releases == "mark",
        )
        observed = requests.observed()
        lease.renew()
        looked = tuple(self.look())
        lease.renew()
        if connections.ledger.rebuilt:
            observed += requests.relearnt(looked)
        ledger = connections.ledger
        cooldown = cooldown_of(self.settings, ledger.entries(kind="bump"), self.asked, now=ledger.now())
        decisions = tuple(self.decider.decide(looked, requests.there(), cooldown=cooldown))
        self._remember(looked, decisions, log)
        self._hold(young_held(decisions, log.journal, self.asked.ignore), log)
        requests.finish()
        wanted = [each.wanted for each in decisions if each.wanted is not None]
        self._paused_migrations = frozenset(each.identity.key for each in wanted if each.paused)
        wanted = self._sendable(wanted, log)
        wanted = self._not_ignored(wanted, requests, log)
        wanted = self._in_groups(wanted, decisions, log)
        self._deliver(wanted, log, lease)
        self._add_observed(observed)
        self._outcomes += requests.settled(wanted, self._untouchable(requests.there()))
        return Result(
            run=run,
            looked=looked,
            decisions=decisions,
            outcomes=tuple(self._outcomes),
            held=tuple(self._held),
            requests=requests.there(),
        )

    def _add_observed(self, observed: Iterable[Outcome]) -> None:
        """Put the outcomes of open requests first, but for those that were delivered again."""
        delivered = {outcome.identity for outcome in self._outcomes}
        self._outcomes[:0] = [outcome for outcome in observed if outcome.identity not in delivered]

    def _untouchable(self, open_requests: Iterable[LedgerEntry]) -> set[Identity]:
        """Requests that are not closed or labelled: those without an answer, and those that are paused."""
        unknown = {outcome.identity for outcome in self._outcomes if outcome.state == "unknown"}
        identities = (entry.identity for entry in open_requests)
        return unknown | {identity for identity in identities if self._paused_by(identity)}

    def _remember(self, looked: Iterable[CurrentLine], decisions: Iterable[RunDecision], log: RunLog) -> None:
        """Write what was read and decided of each release line into the ledger and the log."""
        ledger = self.connections.ledger
        now = ledger.now()
        by_line: dict[tuple[str, str], list[RunDecision]] = {}
        for decision in decisions:
            by_line.setdefault((decision.feedstock, decision.branch), []).append(decision)
        with ledger.transaction():
            for line in looked:
                ledger.looked(_ledger_line(line, by_line.get((line.line.name, line.branch), []), now))
        for line in looked:
            log.say("looked", line.text or line.state, feedstock=line.line.name)
        for decision in decisions:
            text = f"{decision.decided}: {decision.said}" if decision.reasons else decision.decided
            log.say("decided", text, feedstock=decision.feedstock)

    def _sendable(self, wanted: Sequence[ProposedChange], log: RunLog) -> list[ProposedChange]:
        new = [one.identity for one in wanted if one.identity.kind == "recipe" and not self.recipes]
        self._hold([Held(identity=identity, reason=UnaskedRecipe()) for identity in new], log)
        return [one for one in wanted if self.recipes or one.identity.kind != "recipe"]

    def _not_ignored(
        self, wanted: Sequence[ProposedChange], requests: OpenRequests, log: RunLog
    ) -> list[ProposedChange]:
        """Return the changes without those that people ignore: these are closed, and noted as retracted."""
        reason = IgnoredVersion()
        text = worded(reason)
        for each in wanted:
            if each.identity in self.asked.ignore:
                closed = requests.ignored(each.identity)
                if closed is not None:
                    self._outcomes.append(closed)
                    continue
                log.journal.note(
                    each.identity, "ignored", text, state="retracted", decided=text,
                    fingerprint=fingerprint(each.change), title=each.change.title,
                )  # fmt: skip
                self._outcomes.append(Outcome(identity=each.identity, state="closed", reason=reason))
        return [each for each in wanted if each.identity not in self.asked.ignore]

    def _in_groups(
        self, wanted: Sequence[ProposedChange], decisions: Sequence[RunDecision], log: RunLog
    ) -> list[ProposedChange]:
        """Return the changes, those of groups linked; new ones of a group that can't move as a whole are held."""
        ledger = self.connections.ledger
        there = {entry.identity: entry for entry in ledger.entries(states=OPEN_STATES)}
        found = grouped(wanted, decisions, self.settings.groups, there, bars=self._bars)
        self._hold(found.held, log)
        return list(found.wanted)

    def _bars(self, identity: Identity) -> Literal["archived", "closed"] | None:
        """Return why a change is not opened although it is wanted; None where that is not known: its delivery tells."""
        known = self.connections.ledger.entry(identity)
        if known is not None and known.state in {"closed-by-person", "retracted"} and identity not in self.asked.again:
            return "closed"
        try:
            return "archived" if self.connections.destination.place(identity).archived else None
        except ForgeError:
            return None

    def _in_time(self, wanted: Sequence[ProposedChange], log: RunLog) -> tuple[list[ProposedChange], list[Held]]:
        """Return the changes whose time has come, and the others."""
        ready, held = [], []
        for each in wanted:
            reason = None if each.identity in self.asked.now | self.asked.again else self._early(each, log)
            if reason is not None:
                held.append(Held(identity=each.identity, reason=reason))
            else:
                ready.append(each)
        return ready, held

    def _early(self, change: ProposedChange, log: RunLog) -> HoldReason | None:
        """Why a change is not opened yet, or None if its time has come."""
        ledger, seen = self.connections.ledger, None
        if needs_first_sight(change, self.settings):
            known = ledger.entry(change.identity)
            if known is None:
                known = log.journal.note(change.identity, "seen", "", state="wanted", title=change.change.title)
            seen = known.updated if known.state == "wanted" else None
        return waits_for_time(change, self.settings, seen=seen, now=ledger.now())

    def _deliver(self, wanted: Sequence[ProposedChange], log: RunLog, lease: Lease) -> None:
        """Update what is open, and open what is not, within the budget."""
        connections = self.connections
        by_identity = {each.identity: each for each in self._unsent(wanted)}
        here = [entry for entry in connections.ledger.entries() if connections.belongs_here(entry)]
        open_already = {entry.identity for entry in here if entry.state in connections.open_states}
        connections.observer.started(_TASK, len(by_identity))

        def deliver(identity: Identity) -> Outcome:
            outcome = self._sent(by_identity[identity], log, lease)
            connections.observer.advanced(_TASK, detail=identity.feedstock)
            return outcome

        updates = [each for each in by_identity if each in open_already and not self._paused(each, log)]
        self._outcomes += connections.executor.map(deliver, updates)
        self._open(self._free(self._new(by_identity.values(), open_already), here, log), deliver, log)
        connections.observer.finished(_TASK)

    def _new(
        self, wanted: Iterable[ProposedChange], open_already: Collection[Identity]
    ) -> list[tuple[QueuedChange, ProposedChange]]:
        """Return the changes that are not open, in the order in which they are opened: first what people asked for."""
        new = {each.identity: each for each in wanted if each.identity not in open_already}
        queue = ordered(_queued(each, open_already, self.settings.groups) for each in new.values())
        queue.sort(key=lambda each: each.identity not in self.asked.now | self.asked.again)
        return [(each, new[each.identity]) for each in queue]

    def _sent(self, change: ProposedChange, log: RunLog, lease: Lease) -> Outcome:
        return send(
            self.connections,
            change.change,
            change.remake,
            log=log,
            lease=lease,
            force=change.identity in self.asked.again,
            anew=change.identity in self.asked.again,
            remake_conflicts=change.remake_conflicts,
        )

    def _free(
        self, new: Sequence[tuple[QueuedChange, ProposedChange]], here: Sequence[LedgerEntry], log: RunLog
    ) -> list[QueuedChange]:
        """Return the new changes that wait neither for a time nor for canaries, in order; a group goes as a whole."""
        queue = [queued for queued, _ in new]
        ready, early = self._in_time([change for _, change in new], log)
        in_time = {each.identity for each in ready}
        candidates = [each for each in queue if each.identity in in_time]
        free, held = canaries_held(candidates, self.canary, canaries_of(here, now=self.connections.ledger.now()))
        free, held = kept_whole(free, [*early, *held], queue)
        self._hold(held, log)
        return free

    def _open(self, candidates: list[QueuedChange], deliver: Callable[[Identity], Outcome], log: RunLog) -> None:
        """Open as many as the budget allows; one that turns out to need no request makes room for the next."""
        opened = 0
        while candidates:
            chosen = choose(candidates, self._limits(), opened=opened, open_now=_open_now(self.connections))
            if not chosen.now:
                self._hold(chosen.held, log)
                return
            outcomes = list(self.connections.executor.map(deliver, [each.identity for each in chosen.now]))
            self._outcomes += outcomes
            opened += sum(outcome.state in {"opened", "prepared"} for outcome in outcomes)
            candidates = [each for each in candidates if each not in chosen.now]
            if _hopeless(outcomes):
                self._give_up(candidates, outcomes[-1], log)
                return

    def _unsent(self, wanted: Sequence[ProposedChange]) -> list[ProposedChange]:
        """Return the changes to deliver: an outbox has no place for what is on the forge already."""
        if not self.connections.destination.prepares:
            return list(wanted)
        sent = {each.identity: outcome for each in wanted if (outcome := self._sent_already(each)) is not None}
        self._outcomes += sent.values()
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
            paused_migrations=self._paused_migrations,
        )
        if self.connections.destination.prepares and not self.sealed:
            # Nobody has to review what is only prepared.
            return replace(limits, open_per_feedstock=_NO_LIMIT, per_run=_NO_LIMIT, open_in_all=_NO_LIMIT)
        return limits

    def _paused(self, identity: Identity, log: RunLog) -> bool:
        paused = self._paused_by(identity)
        if paused:
            self._hold([Held(identity=identity, reason=Paused(name=paused, there=True))], log)
        return bool(paused)

    def _paused_by(self, identity: Identity) -> str:
        """Return what pauses a change: an entry of the settings or its migration; "" for nothing."""
        return paused_by(identity, self.settings.paused, self._paused_migrations)

    def _hold(self, held: Iterable[Held], log: RunLog) -> None:
        for one in held:
            self._held.append(one)
            said = worded(one.reason)
            if self._news(one.identity, said):
                log.note("held", said, about=one.identity)
            else:
                log.say("held", said, about=one.identity)

    def _news(self, identity: Identity, said: str) -> bool:
        """Whether something else happened to the change since it was held back for the same reason."""
        events = self.connections.ledger.events(feedstock=identity.feedstock, last=50)
        about = (identity.branch, identity.kind, identity.key)
        mine = [one for one in events if (one.branch, one.kind, one.key) == about]
        return not mine or (mine[-1].step, mine[-1].text) != ("held", said)

    def _give_up(self, left: Iterable[QueuedChange], last: Outcome, log: RunLog) -> None:
        for each in left:
            reason = NotTried(reason=last.reason)
            log.note("unknown", worded(reason), about=each.identity)
            self._outcomes.append(Outcome(identity=each.identity, state="unknown", reason=reason))


def _ledger_line(line: CurrentLine, decisions: Iterable[RunDecision], now: datetime) -> LedgerLine:
    """Return what the ledger remembers of a release line: its most important decisions first."""
    plain = LedgerLine(feedstock=line.line.name, branch=line.branch, looked=now)
    if line.state != "read":
        return replace(plain, decided="nothing: it can't be read", codes=line.state, reason=line.text)
    ranked = sorted(decisions, key=lambda each: (each.state == "nothing", each.kind))
    reasons = [reason for each in ranked[:3] for reason in each.reasons]
    return replace(
        plain,
        found=clauses(each.found for each in ranked if each.found is not None),
        decided="; ".join(dict.fromkeys(each.decided for each in ranked[:3] if each.decided)),
        codes="\n".join(map(reason_code, reasons)),
        reason=clauses(reasons),
    )


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
