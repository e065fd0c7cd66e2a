"""What the ledger knows of the rebuilds of a migration, as values of that migration."""

from __future__ import annotations

from dirac_forge.errors import ForgeError
from dirac_forge.migration.status import OpenRebuild, PreparedRebuild
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.pullrequest.ledger_file import ledger_path, open_ledger
from dirac_forge.pullrequest.records import Identity, LedgerEntry


def open_rebuilds(world: ProposalContext, migration: str) -> dict[str, OpenRebuild | PreparedRebuild]:
    """Return the open requests that rebuild a feedstock or a release line, as the ledger has them.

    A change in an outbox is only prepared. Without a ledger there are none.
    """
    if not ledger_path(world.settings).is_file():
        return {}
    try:
        with open_ledger(world) as ledger:
            entries = ledger.entries(kind="migration", states=("pushed", "open"))
    except ForgeError as error:
        world.observer.warned(f"which rebuilds are open is unknown: {error.message}")
        return {}
    return {member_of(entry.identity): request_of(entry) for entry in entries if entry.identity.key == migration}


def member_of(identity: Identity) -> str:
    """Return the member of a migration that a change rebuilds: a feedstock, or `feedstock@branch`."""
    branch = identity.branch.replace("/", "-")
    return identity.feedstock if branch in {"main", "master"} else f"{identity.feedstock}@{branch}"


def request_of(entry: LedgerEntry) -> OpenRebuild | PreparedRebuild:
    """Return the request of an entry, or the change that is prepared in an outbox."""
    if entry.on_forge or entry.repository:
        return OpenRebuild(url=entry.url or f"the branch {entry.head} is pushed")
    return PreparedRebuild(place=entry.url or "the outbox")
