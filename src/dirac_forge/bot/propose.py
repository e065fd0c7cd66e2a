"""Changes that a person asks for by a command, on the path of the bot's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from dirac_forge.bot.batch import find_tree, write_batch
from dirac_forge.bot.connections import Connections, open_connections
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.outcomes import outcome_of
from dirac_forge.bot.send import send
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.repositories import Repository
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.outcome_reasons import FeedstockExists
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.decision import WantedRequest
from dirac_forge.pullrequest.delivery import Outcome
from dirac_forge.pullrequest.feedstock_files import full_name_of
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.making import PreparedTree
from dirac_forge.pullrequest.outbox import Outbox
from dirac_forge.pullrequest.records import Identity
from dirac_forge.pullrequest.requested import RequestedChange
from dirac_forge.pullrequest.smithy import NoSmithy, Smithy
from dirac_forge.settings import Settings


def propose(
    connections: Connections, settings: Settings, asked: Sequence[RequestedChange], *, force: bool
) -> list[Outcome]:
    """Send these. `force`: a person named them, so also before their next try is due and where they were closed.

    Raises BusyError if a bot is at work, and what the ledger raises.
    """
    with Lease(connections.ledger) as lease:
        run = connections.ledger.start_run()
        log = RunLog(connections.ledger, run.id, connections.write)

        def one(item: RequestedChange) -> Outcome:
            change, remake = item
            if change.kind == "recipe" and (there := _feedstock(settings, change.feedstock)):
                reason = FeedstockExists(feedstock=change.feedstock, repository=there)
                return Outcome(identity=Identity.of(change), state="skipped", reason=reason)
            outcome = send(connections, change, remake, log=log, lease=lease, force=force)
            connections.observer.advanced(_TASK, detail=change.feedstock)
            return outcome

        connections.observer.started(_TASK, len(asked))
        outcomes = list(connections.executor.map(one, asked))
        connections.observer.finished(_TASK)
        connections.ledger.end_run(run, outcome_of(outcome.state for outcome in outcomes))
    return outcomes


def rerendered(
    context: ProposalContext, requested: Sequence[RequestedChange], *, smithy: Smithy | NoSmithy, executor: Executor
) -> Callable[[Clones, WantedRequest, Tip], PreparedTree | None] | None:
    """Rerender these in a temporary outbox, without a token and without a word in the ledger.

    Returns what finds the trees, or None if nothing may be rendered here.
    """
    if not isinstance(smithy, Smithy):
        return None
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as name:
        folder = Path(name)
        with open_connections(
            context,
            executor=executor,
            github=None,
            outbox=folder / "outbox",
            ledger=folder / "ledger.sqlite",
            smithy=smithy,
        ) as connections:
            propose(connections, context.settings, requested, force=True)
            assert isinstance(connections.destination, Outbox)  # noqa: S101  # there is no forge
            now = connections.ledger.now()
            batch = write_batch(connections.destination, made=now, looked=(), decisions=(), arrived=(), over={})
        packs = {
            tree.pack: (folder / "outbox" / "packs" / f"{tree.pack}.pack").read_bytes()
            for tree in batch.trees
            if tree.pack
        }
    return partial(find_tree, batch.trees, packs.__getitem__)


_TASK = "changes"


def _feedstock(settings: Settings, name: str) -> str:
    """Return the repository of a feedstock, where there is one for sure; "" else."""
    full_name, url = full_name_of(settings, name)
    try:
        Repository(url).commit("")
    except ForgeError:
        return ""
    return full_name
