"""The connections of a run: the ledger, the clones, and the destination, a forge or the outbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from dirac_forge.errors import StorageError, UnknownError
from dirac_forge.progress import Observer
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.decision import WantedRequest
from dirac_forge.pullrequest.delivery import Prepared
from dirac_forge.pullrequest.destination import Destination
from dirac_forge.pullrequest.feedstock_files import full_name_of
from dirac_forge.pullrequest.forge import Forge
from dirac_forge.pullrequest.github.client import GitHub
from dirac_forge.pullrequest.github_destination import GitHubDestination
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.ledger_file import open_ledger
from dirac_forge.pullrequest.making import PreparedTree
from dirac_forge.pullrequest.outbox import Outbox
from dirac_forge.pullrequest.records import LedgerEntry, State
from dirac_forge.pullrequest.smithy import NoSmithy, Smithy
from dirac_forge.values import dataclass

MANY = 20
"""Release lines: for fewer, each repository is asked by itself."""


def are_many(lines: int) -> bool:
    """Return whether a run over so many release lines asks the forge for many things at once."""
    return lines >= MANY


def _nothing_prepared(wanted: WantedRequest, tip: Tip) -> PreparedTree | None:  # noqa: ARG001
    return None


@dataclass(frozen=True, kw_only=True)
class Connections:
    """The connections that changes are sent with."""

    ledger: Ledger
    clones: Clones
    destination: Destination
    executor: Executor
    observer: Observer
    forge: Forge | None = None
    """None for the outbox."""
    smithy: Smithy | NoSmithy | None = None
    """None if it is not installed: conda-forge's service will rerender."""
    others: str = "wait"
    """`other-requests` of the settings."""
    many: bool = False
    """Whether the run is about so many feedstocks that the forge is asked for many at once."""
    draft: bool = False
    """Whether new requests are drafts."""
    labels: tuple[str, ...] = ()
    """Of new requests."""
    reviewers: tuple[str, ...] = ()
    """Of new requests."""
    prepared: Prepared = _nothing_prepared
    """Finds the commits that were prepared of a change."""
    write: Callable[[str], None] | None = None
    """Takes the lines of the log."""

    def belongs_here(self, entry: LedgerEntry) -> bool:
        """Return whether an entry belongs to this destination: it may have been prepared before there was a token."""
        return not entry.url or entry.on_forge == (self.forge is not None)

    @property
    def open_states(self) -> tuple[State, ...]:
        """The states of changes that are at this destination: open requests, or what is prepared."""
        return ("prepared",) if self.destination.prepares else ("pushed", "open")


def _check_outbox(folder: Path) -> None:
    """Raise StorageError if an outbox can't be made or written."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    why = "is not a folder" if not there.is_dir() else "" if os.access(there, os.W_OK) else "can't be written"
    if why:
        raise StorageError(
            f"{folder} can't be written: {there} {why}; prepared changes are kept there",
            hint="Name another folder with --outbox.",
        )


@contextmanager
def open_connections(
    world: ProposalContext,
    *,
    executor: Executor,
    github: GitHub | None,
    outbox: Path,
    ledger: Path | None = None,
    write: Callable[[str], None] | None = None,
    smithy: Smithy | NoSmithy | None = None,
    prepared: Callable[[Clones, WantedRequest, Tip], PreparedTree | None] | None = None,
    lines: int = 0,
) -> Iterator[Connections]:
    """Open the connections of one run; `github` None: all goes into `outbox`.

    `lines` is the number of release lines that the run is about. A process that has a token runs no recipe: with
    `github` conda-smithy is not used, whatever `smithy` is. `prepared` finds commits that a process without a token
    made. Raises UnknownError offline, where repositories would have to be asked, and what opening the ledger raises.
    """
    settings = world.settings
    if settings.offline and "://" in settings.feedstock_url:
        raise UnknownError("offline: repositories can't be fetched", hint="Leave out --offline, or set feedstock-url.")
    with open_ledger(world, ledger) as opened:
        destination: Destination
        if github is not None:
            clones = Clones(settings.cache / "clones", environment=github.git_environment)
            destination = GitHubDestination(
                forge=github,
                clones=clones,
                repository=lambda name: full_name_of(settings, name)[0],
            )
            if isinstance(smithy, Smithy):
                smithy = NoSmithy(reason="rendered by conda-forge's service, because this process has a token")
        else:
            _check_outbox(outbox)
            # Programs that execute recipes work on these clones, so nothing with a token ever does.
            clones = Clones(settings.cache / "clones-anonymous")
            destination = Outbox(folder=outbox, clones=clones, repository=lambda name: full_name_of(settings, name))
        yield Connections(
            ledger=opened,
            clones=clones,
            destination=destination,
            executor=executor,
            observer=world.observer,
            forge=github,
            smithy=smithy,
            others=settings.bot.other_requests,
            many=are_many(lines),
            draft=settings.bot.draft,
            labels=settings.bot.labels,
            reviewers=settings.bot.reviewers,
            prepared=partial(prepared, clones) if prepared is not None else _nothing_prepared,
            write=write,
        )
        if isinstance(destination, Outbox) and outbox.is_dir():
            destination.summarize()
