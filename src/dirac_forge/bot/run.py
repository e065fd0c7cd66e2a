"""One run of the bot: look, decide, and send what is wanted and not there yet, within the budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from dirac_forge.bot.budget import Held, QueuedChange, RunLimits, canaries_held, choose, ordered, paused_by
from dirac_forge.bot.canaries import canaries_of
from dirac_forge.bot.connections import Connections
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.open_requests import THERE, OpenRequests
from dirac_forge.bot.outcomes import outcome_of
from dirac_forge.bot.proposed import Decider, ProposedChange, RunDecision
from dirac_forge.bot.release_lines import CurrentLine
from dirac_forge.bot.send import send
from dirac_forge.errors import ForgeError
from dirac_forge.pullrequest.delivery import Outcome
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.records import Identity, LedgerEntry, LedgerLine, Run
from dirac_forge.settings import BotSettings

__all__ = ["BotRun", "Result"]

_TASK = "changes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a run did."""

    run: Run
    looked: tuple[CurrentLine, ...]
    decisions: tuple[RunDecision, ...]
    outcomes: tuple[Outcome, ...]
    held: tuple[Held, ...]
    requests: tuple[LedgerEntry, ...]
    """What stands at the end, of this destination."""

    @property
    def states(self) -> list[str]:
        """What became of everything, for the exit code."""
        lines = [one.state for one in self.looked if one.state in {"unknown", "failed"}]
        decided = [one.state for one in self.decisions if one.state in {"unknown", "failed"}]
        return [*lines, *decided, *(one.state for one in self.outcomes)]


@dataclass(kw_only=True)
class BotRun:
    """A run, made anew for each."""

    desk: Connections
    settings: BotSettings
    look: Callable[[], Sequence[CurrentLine]]
    decider: Decider
    canary: int = 0
    recipes: bool = False
    """Whether new recipes that bumps need are sent too: people at staged-recipes review each."""
    _outcomes: list[Outcome] = field(default_factory=list)
    _held: list[Held] = field(default_factory=list)

    def run(self) -> Result:
        """Go once over everything.

        Raises BusyError where another bot is at work, and what the ledger raises where it can't be read or written.
        """
        ledger = self.desk.ledger
        with Lease(ledger) as lease:
            run = ledger.start_run()
            log = RunLog(ledger, run.id, self.desk.write)
            log.say("start", f"run {run.id}")
            outcome = "broken off"
            try:
                result = self._run(run, log, lease)
                outcome = outcome_of(result.states)
            except ForgeError as error:
                outcome = f"broken off: {error.message}"
                raise
            finally:
                log.say("end", outcome)
                ledger.end_run(run, outcome)
            return result

    def _run(self, run: Run, log: RunLog, lease: Lease) -> Result:
        desk = self.desk
        requests = OpenRequests(desk=desk, log=log, decider=self.decider)
        observed = requests.observed()
        lease.renew()
        looked = tuple(self.look())
        lease.renew()
        if desk.ledger.rebuilt:
            observed += requests.relearnt(looked)
        decisions = tuple(self.decider.decide(looked, requests.there()))
        self._remember(looked, decisions, log)
        requests.finish()
        wanted = self._sendable([one.wanted for one in decisions if one.wanted is not None], log)
        self._deliver(wanted, log, lease)
        known = {outcome.identity for outcome in self._outcomes}
        self._outcomes[:0] = [outcome for outcome in observed if outcome.identity not in known]
        unreached = {outcome.identity for outcome in self._outcomes if outcome.state == "unknown"}
        there = (entry.identity for entry in requests.there())
        paused = {identity for identity in there if paused_by(identity, self.settings.paused)}
        self._outcomes += requests.settled(wanted, unreached | paused)
        return Result(
            run=run,
            looked=looked,
            decisions=decisions,
            outcomes=tuple(self._outcomes),
            held=tuple(self._held),
            requests=requests.there(),
        )

    def _remember(self, looked: Iterable[CurrentLine], decisions: Iterable[RunDecision], log: RunLog) -> None:
        ledger = self.desk.ledger
        now = ledger.now()
        said: dict[tuple[str, str], list[RunDecision]] = {}
        for decision in decisions:
            said.setdefault((decision.feedstock, decision.branch), []).append(decision)
        with ledger.transaction():
            for one in looked:
                name, branch = one.line.name, one.branch
                mine = said.get((name, branch), [])
                if one.state != "read":
                    line = LedgerLine(
                        feedstock=name, branch=branch, looked=now, decided="nothing: it can't be read", reason=one.text
                    )
                else:
                    chief = sorted(mine, key=lambda each: (each.state == "nothing", each.kind))
                    line = LedgerLine(
                        feedstock=name,
                        branch=branch,
                        looked=now,
                        found="; ".join(each.found for each in chief if each.found),
                        decided="; ".join(dict.fromkeys(each.decided for each in chief[:3] if each.decided)),
                        reason="; ".join(each.reason for each in chief[:3] if each.reason),
                    )
                ledger.looked(line)
        for one in looked:
            log.say("looked", one.text or one.state, feedstock=one.line.name)
        for decision in decisions:
            text = f"{decision.decided}: {decision.reason}" if decision.reason else decision.decided
            log.say("decided", text, feedstock=decision.feedstock)

    def _sendable(self, wanted: Sequence[ProposedChange], log: RunLog) -> list[ProposedChange]:
        new = [one.identity for one in wanted if one.identity.kind == "recipe" and not self.recipes]
        reason = "a new recipe goes to staged-recipes only when asked for (`--recipes`, or `recipe PROJECT --pr`)"
        self._hold([Held(identity=identity, reason=reason) for identity in new], log)
        return [one for one in wanted if self.recipes or one.identity.kind != "recipe"]

    def _deliver(self, wanted: Sequence[ProposedChange], log: RunLog, lease: Lease) -> None:
        """Bring what is there up to date, and open what is not, within the budget."""
        desk = self.desk
        entries = {entry.identity: entry for entry in desk.ledger.entries()}
        there = {identity for identity, entry in entries.items() if entry.state in THERE and desk.sent_here(entry)}
        mine = {one.identity: one for one in wanted}
        desk.observer.started(_TASK, len(mine))

        def one(wanted: ProposedChange) -> Outcome:
            outcome = send(desk, wanted.change, wanted.remake, log=log, lease=lease)
            desk.observer.advanced(_TASK, detail=wanted.change.feedstock)
            return outcome

        updates = [each for identity, each in mine.items() if identity in there and not self._paused(identity, log)]
        self._outcomes += desk.executor.map(one, updates)
        candidates = ordered(
            QueuedChange(identity=identity, blocks=each.blocks, replaces=_replaced(identity, there))
            for identity, each in mine.items()
            if identity not in there
        )
        groups = canaries_of((entry for entry in entries.values() if desk.sent_here(entry)), now=desk.ledger.now())
        left, held = canaries_held(candidates, self.canary, groups)
        self._hold(held, log)
        opened = 0
        while left:
            open_now = _open_now(desk)
            chosen = choose(left, self._limits(), opened=opened, open_now=open_now)
            if not chosen.now:
                self._hold(chosen.held, log)
                break
            outcomes = list(desk.executor.map(one, [mine[each.identity] for each in chosen.now]))
            self._outcomes += outcomes
            opened += sum(outcome.state == "opened" for outcome in outcomes)
            tried = {each.identity for each in chosen.now}
            left = [each for each in left if each.identity not in tried]
            if all(outcome.state == "unknown" for outcome in outcomes) and len(outcomes) > 1:
                self._give_up(left, outcomes[-1], log)
                break
        desk.observer.finished(_TASK)

    def _limits(self) -> RunLimits:
        settings = self.settings
        return RunLimits(
            open_per_feedstock=settings.open_per_feedstock, per_run=settings.per_run, paused=settings.paused
        )

    def _paused(self, identity: Identity, log: RunLog) -> bool:
        paused = paused_by(identity, self.settings.paused)
        if paused:
            what = "everything" if paused == "all" else paused
            self._hold([Held(identity=identity, reason=f"{what} is paused; its request stays as it is")], log)
        return bool(paused)

    def _hold(self, held: Iterable[Held], log: RunLog) -> None:
        for one in held:
            self._held.append(one)
            if self._news(one):
                log.note("held", one.reason, about=one.identity)
            else:
                log.say("held", one.reason, about=one.identity)

    def _news(self, held: Held) -> bool:
        """Whether something else happened to the change since it was held back for the same reason."""
        identity = held.identity
        events = self.desk.ledger.events(feedstock=identity.feedstock, last=50)
        about = (identity.branch, identity.kind, identity.key)
        mine = [one for one in events if (one.branch, one.kind, one.key) == about]
        return not mine or (mine[-1].step, mine[-1].text) != ("held", held.reason)

    def _give_up(self, left: Iterable[QueuedChange], last: Outcome, log: RunLog) -> None:
        for each in left:
            text = f"not tried in this run: {last.text}"
            log.note("unknown", text, about=each.identity)
            self._outcomes.append(Outcome(identity=each.identity, state="unknown", text=text))


def _open_now(desk: Connections) -> dict[str, int]:
    count: dict[str, int] = {}
    for entry in desk.ledger.entries(states=THERE):
        if desk.sent_here(entry):
            count[entry.identity.feedstock] = count.get(entry.identity.feedstock, 0) + 1
    return count


def _replaced(identity: Identity, there: Iterable[Identity]) -> int:
    """How many open requests are closed for a new one: those for older versions on the same branch."""
    if identity.kind != "bump":
        return 0
    return sum(
        (other.feedstock, other.branch, other.kind) == (identity.feedstock, identity.branch, "bump")
        for other in there
        if other != identity
    )
