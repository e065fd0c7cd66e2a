"""Retract open requests and prepared changes: those of a batch (that one run made), a migration or a feedstock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.open_requests import FATAL, OPEN_STATES
from dirac_forge.bot.outcomes import failure
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.proposals.outcome_reasons import ClosedRequest, MergedBeforeRetraction, TakenOut
from dirac_forge.pullrequest.delivery import Outcome
from dirac_forge.pullrequest.following import withdraw
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.records import LedgerEntry
from dirac_forge.report.bot_words import worded


def chosen(ledger: Ledger, names: Iterable[str]) -> tuple[LedgerEntry, ...]:
    """Return the open requests and the prepared changes that `names` mean.

    These are ids of runs, migrations, and feedstocks (`NAME@BRANCH` for one line).

    Raises InputError for a name that nothing in the ledger has.
    """
    entries = ledger.entries()
    runs = {run.id for run in ledger.runs(last=10_000)}
    found: dict[LedgerEntry, None] = {}
    for name in names:
        mine = [entry for entry in entries if _means(entry, name.removesuffix("-feedstock"))]
        if not mine and name not in runs:
            raise InputError(
                f"the ledger has no batch, migration or feedstock {name}",
                hint="A batch is the ID of a run, as in its summary and `dirac-forge bot why FEEDSTOCK`. With a token, "
                "open requests that the ledger does not have are looked up on GitHub.",
            )
        found |= dict.fromkeys(entry for entry in mine if entry.state in {*OPEN_STATES, "prepared"})
    return tuple(found)


def all_known(ledger: Ledger, names: Iterable[str]) -> bool:
    """Return whether the ledger knows something of each of `names`."""
    entries = ledger.entries()
    return all(any(_means(entry, name.removesuffix("-feedstock")) for entry in entries) for name in names)


def _means(entry: LedgerEntry, name: str) -> bool:
    identity = entry.identity
    if entry.batch and entry.batch == name:
        return True
    if identity.kind == "migration" and identity.key == name:
        return True
    return name in {identity.feedstock, f"{identity.feedstock}@{identity.branch}"}


def retract(connections: Connections, entries: Sequence[LedgerEntry], *, reason: str = "") -> list[Outcome]:
    """Close requests with a comment, or take them out of the outbox.

    One that fails does not stop the others; raises BusyError if a bot runs.
    """
    comment = f"Retracted by the operator of this bot{f': {reason}' if reason else '.'}"
    taken_out = TakenOut(reason)
    with Lease(connections.ledger) as lease:
        run = connections.ledger.start_run()
        log = RunLog(connections.ledger, run.id, connections.write)

        def one(entry: LedgerEntry) -> Outcome:
            lease.renew()
            identity = entry.identity
            text = comment if entry.on_forge else worded(taken_out)
            try:
                found = withdraw(
                    entry, destination=connections.destination, ledger=connections.ledger, run=run.id, text=text
                )
            except FATAL:
                raise
            except ForgeError as error:
                outcome = failure(identity, error, url=entry.url, number=entry.number)
                log.note(outcome.state, error.message, about=identity)
                return outcome
            if found.state == "merged":
                return Outcome(identity=identity, state="failed", reason=MergedBeforeRetraction(), url=found.url)
            log.say("retracted", text, about=identity)
            if not entry.on_forge:
                return Outcome(identity=identity, state="removed", reason=taken_out)
            return Outcome(identity=identity, state="closed", reason=ClosedRequest(how=found.decided), url=found.url)

        outcomes = list(connections.executor.map(one, entries))
        connections.ledger.end_run(
            run, f"{sum(outcome.state in {'closed', 'removed'} for outcome in outcomes)} retracted"
        )
    return outcomes
