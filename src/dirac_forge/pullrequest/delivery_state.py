"""A delivery under way: where it goes, how, and what is noted of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dirac_forge.proposals.outcome_reasons import OutcomeReason
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.decision import WantedRequest
from dirac_forge.pullrequest.destination import Destination, RepositoryPlace, Request
from dirac_forge.pullrequest.journal import Journal
from dirac_forge.pullrequest.making import PreparedTree
from dirac_forge.pullrequest.outcome import Outcome, OutcomeState
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.pullrequest.smithy import NoSmithy, Smithy

UNFINISHED = frozenset({"pushed", "opened", "asked"})
"""Steps after which a new request is not yet as it is to be: who was killed there left something undone."""
Prepared = Callable[[WantedRequest, Tip], PreparedTree | None]
"""Finds the tree that an earlier step rerendered for a change on a tip, or None if there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryOptions:
    """How changes are delivered."""

    smithy: Smithy | NoSmithy | None = None
    force: bool = False
    """Deliver before the next try is due, and where a person closed the request."""
    anew: bool = False
    """Make commits again also for a request that is open and up to date."""
    others: str = "wait"
    """`other-requests` of the settings: wait, comment or ignore."""
    prepared: Prepared = lambda wanted, tip: None  # noqa: ARG005
    draft: bool = False
    """Whether new requests are drafts."""
    labels: tuple[str, ...] = ()
    """Of new requests."""
    reviewers: tuple[str, ...] = ()
    """Users and teams that are asked to review new requests."""
    remake_conflicts: bool = True
    """Whether a request whose files moved on in the feedstock is made again: `remake_prs_with_conflicts`."""

    @property
    def introduces(self) -> bool:
        """Whether new requests get labels or reviewers."""
        return bool(self.labels or self.reviewers)


@dataclass(kw_only=True)
class DeliveryState:
    """One change on its way to a destination."""

    destination: Destination
    clones: Clones
    journal: Journal
    options: DeliveryOptions
    identity: Identity
    request: Request | None = None
    place: RepositoryPlace | None = None
    superseded: list[str] = field(default_factory=list)
    refused: str = ""
    """Why labels or reviewers were refused."""

    @property
    def known(self) -> LedgerEntry | None:
        """What the ledger has of it now."""
        return self.journal.ledger.entry(self.identity)

    def step(self, name: str) -> None:
        """Tell that a step was carried out."""
        self.journal.on_step(name)

    def note(self, wanted: WantedRequest, step: str, text: str, **changes: Any) -> LedgerEntry | None:
        """Write a step into the ledger; what is known of a request on the forge stays where it is only prepared."""
        known = self.known
        if self.destination.prepares and known is not None and known.on_forge:
            return known
        about = {"fingerprint": wanted.fingerprint, "title": wanted.title}
        return self.journal.note(wanted.identity, step, text, **about, **changes)

    def outcome(self, state: OutcomeState, reason: OutcomeReason) -> Outcome:
        """Return an outcome, with the request that it is about."""
        request = self.request
        return Outcome(
            identity=self.identity,
            state=state,
            reason=reason,
            url=request.url if request is not None else "",
            number=request.number if request is not None else 0,
            superseded=tuple(self.superseded),
            refused=self.refused,
        )
