"""One change, sent within a run: the same way for every caller, and noted step by step."""

from __future__ import annotations

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.log import RunLog
from dirac_forge.feedstock.change import Change
from dirac_forge.pullrequest.delivery import DeliveryOptions, Outcome, Remake, deliver
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.records import Identity


def send(
    connections: Connections,
    change: Change,
    remake: Remake,
    *,
    log: RunLog,
    lease: Lease,
    force: bool = False,
    anew: bool = False,
    remake_conflicts: bool = True,
) -> Outcome:
    """Bring a change to its destination; the lease is renewed with each step. See `deliver`, which this calls.

    Raises BusyError if another bot took over, and what the ledger raises.
    """
    identity = Identity.of(change)

    def step(name: str) -> None:
        log.say(name, about=identity)
        lease.renew()

    outcome = deliver(
        change,
        remake=remake,
        destination=connections.destination,
        clones=connections.clones,
        ledger=connections.ledger,
        run=log.run,
        options=DeliveryOptions(
            smithy=connections.smithy,
            force=force,
            anew=anew,
            others=connections.others,
            prepared=connections.prepared,
            draft=connections.draft,
            labels=connections.labels,
            reviewers=connections.reviewers,
            remake_conflicts=remake_conflicts,
        ),
        on_step=step,
    )
    log.say(outcome.state, outcome.text, about=identity, url=outcome.url)
    return outcome
