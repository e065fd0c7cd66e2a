"""What became of open requests, read from the forge into the ledger: a step with a token that decides nothing."""

from __future__ import annotations

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.open_requests import OpenRequests
from dirac_forge.bot.outcomes import outcome_of
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.outcome import Outcome


def observe_requests(connections: Connections) -> list[Outcome]:
    """Bring the ledger up to date with each open request; what changed, and what is not known.

    Raises BusyError if a bot is at work, and what the ledger raises.
    """
    ledger = connections.ledger
    with Lease(ledger):
        run = ledger.start_run()
        requests = OpenRequests(connections=connections, log=RunLog(ledger, run.id, connections.write))
        outcomes = requests.observed()
        ledger.end_run(run, outcome_of(outcome.state for outcome in outcomes))
    return outcomes
