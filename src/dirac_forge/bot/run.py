"""One run of the bot: read feedstocks, decide, and send the changes that are not open yet, within the budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from dirac_forge.bot.budget import Held
from dirac_forge.bot.connections import Connections
from dirac_forge.bot.dashboard import DashboardRequests
from dirac_forge.bot.deliveries import RunDeliveries
from dirac_forge.bot.groups import grouped
from dirac_forge.bot.held import HeldChanges
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.open_requests import OPEN_STATES, OpenRequests
from dirac_forge.bot.outcomes import outcome_of
from dirac_forge.bot.proposed import Decider, ProposedChange, RunDecision
from dirac_forge.bot.release_lines import CurrentLine
from dirac_forge.bot.young import cooldown_of, young_held
from dirac_forge.errors import ForgeError
from dirac_forge.proposals.hold_reasons import UnaskedRecipe
from dirac_forge.proposals.outcome_reasons import IgnoredVersion
from dirac_forge.pullrequest.delivery import Outcome
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.records import Identity, LedgerEntry, LedgerLine, Run, fingerprint
from dirac_forge.report.bot_words import clauses, reason_code, worded
from dirac_forge.settings import BotSettings


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
        ledger, held = connections.ledger, HeldChanges(log=log)
        cooldown = cooldown_of(self.settings, ledger.entries(kind="bump"), self.asked, now=ledger.now())
        decisions = tuple(self.decider.decide(looked, requests.there(), cooldown=cooldown))
        self._remember(looked, decisions, log)
        held.hold(young_held(decisions, log.journal, self.asked.ignore))
        requests.finish()
        wanted = [each.wanted for each in decisions if each.wanted is not None]
        deliveries = self._deliveries(wanted, log, lease, held)
        wanted = self._sendable(wanted, held)
        deliveries.outcomes += self._ignored(wanted, requests, log)
        wanted = [each for each in wanted if each.identity not in self.asked.ignore]
        wanted = self._in_groups(wanted, decisions, held)
        deliveries.deliver(wanted)
        outcomes = [*_not_again(observed, deliveries.outcomes), *deliveries.outcomes]
        outcomes += requests.settled(wanted, _untouchable(outcomes, requests.there(), deliveries))
        return Result(
            run=run,
            looked=looked,
            decisions=decisions,
            outcomes=tuple(outcomes),
            held=tuple(held.changes),
            requests=requests.there(),
        )

    def _deliveries(
        self, wanted: Iterable[ProposedChange], log: RunLog, lease: Lease, held: HeldChanges
    ) -> RunDeliveries:
        return RunDeliveries(
            connections=self.connections,
            settings=self.settings,
            asked=self.asked,
            log=log,
            lease=lease,
            held=held,
            canary=self.canary,
            sealed=self.sealed,
            paused_migrations=frozenset(each.identity.key for each in wanted if each.paused),
        )

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

    def _sendable(self, wanted: Sequence[ProposedChange], held: HeldChanges) -> list[ProposedChange]:
        new = [one.identity for one in wanted if one.identity.kind == "recipe" and not self.recipes]
        held.hold(Held(identity=identity, reason=UnaskedRecipe()) for identity in new)
        return [one for one in wanted if self.recipes or one.identity.kind != "recipe"]

    def _ignored(self, wanted: Sequence[ProposedChange], requests: OpenRequests, log: RunLog) -> Iterator[Outcome]:
        """Yield the outcomes of changes that people ignore: these are closed, and noted as retracted."""
        reason = IgnoredVersion()
        text = worded(reason)
        for each in wanted:
            if each.identity in self.asked.ignore:
                closed = requests.ignored(each.identity)
                if closed is not None:
                    yield closed
                    continue
                log.journal.note(
                    each.identity, "ignored", text, state="retracted", decided=text,
                    fingerprint=fingerprint(each.change), title=each.change.title,
                )  # fmt: skip
                yield Outcome(identity=each.identity, state="closed", reason=reason)

    def _in_groups(
        self, wanted: Sequence[ProposedChange], decisions: Sequence[RunDecision], held: HeldChanges
    ) -> list[ProposedChange]:
        """Return the changes, those of groups linked; new ones of a group that can't move as a whole are held."""
        ledger = self.connections.ledger
        there = {entry.identity: entry for entry in ledger.entries(states=OPEN_STATES)}
        found = grouped(wanted, decisions, self.settings.groups, there, bars=self._bars)
        held.hold(found.held)
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


def _not_again(observed: Iterable[Outcome], delivered: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes of open requests, but for those that were delivered again."""
    again = {outcome.identity for outcome in delivered}
    return [outcome for outcome in observed if outcome.identity not in again]


def _untouchable(outcomes: Iterable[Outcome], there: Iterable[LedgerEntry], deliveries: RunDeliveries) -> set[Identity]:
    """Return the requests that are neither closed nor labelled: those without an answer, and those that are paused."""
    unknown = {outcome.identity for outcome in outcomes if outcome.state == "unknown"}
    return unknown | {entry.identity for entry in there if deliveries.paused_by(entry.identity)}


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
