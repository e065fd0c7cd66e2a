"""Our open requests, learnt from the forge: for a ledger that was lost, or never had them."""

from __future__ import annotations

from collections.abc import Iterable

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.log import RunLog
from dirac_forge.pullrequest.branches import PREFIX
from dirac_forge.pullrequest.destination import Request
from dirac_forge.pullrequest.following import learnt
from dirac_forge.pullrequest.github_destination import GitHubDestination
from dirac_forge.pullrequest.records import LedgerEntry
from dirac_forge.pullrequest.refusals import ForgeRefusedError


def repositories_of_ours(connections: Connections) -> tuple[str, ...] | None:
    """Return the repositories on which a request of ours is open that the ledger does not know.

    None if the forge can't tell for all at once.

    Raises UnknownError.
    """
    forge = connections.forge
    found = forge.own_requests() if forge is not None else None
    if found is None:
        return None
    known = {(entry.repository.lower(), entry.number) for entry in connections.ledger.entries()}
    ours = (each for each in found if each.branch.startswith(PREFIX))
    return tuple(dict.fromkeys(each.repository for each in ours if (each.repository.lower(), each.number) not in known))


def relearn_requests(
    connections: Connections, *, repositories: Iterable[str] = (), run: str, over: bool = False
) -> list[LedgerEntry]:
    """Note our open requests that the ledger does not know, and return them.

    They are looked for everywhere at once, and where the forge can't do that, on `repositories`. With `over` it is
    these repositories, and also requests that are merged or closed. One that can't be read stops none of the others.
    Raises what the ledger raises, and UnknownError if the forge does not answer.
    """
    destination = connections.destination
    if not isinstance(destination, GitHubDestination):
        return []
    log = RunLog(connections.ledger, run, connections.write)
    names = None if over else repositories_of_ours(connections)
    if names is None:
        names = tuple(dict.fromkeys(repositories))

    def one(name: str) -> tuple[str, tuple[Request, ...]]:
        try:
            return destination.own_requests(name, over=over)
        except ForgeRefusedError as refused:
            log.say("learnt", refused.message)
            return name, ()

    listed = connections.executor.map(one, names)
    found = [learnt(request, full_name, log.journal) for full_name, requests in listed for request in requests]
    return [each for each in found if each is not None]
