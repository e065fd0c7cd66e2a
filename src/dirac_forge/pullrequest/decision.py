"""What is to be done about a change, given what stands already. Values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dirac_forge.feedstock.change import Change
from dirac_forge.pullrequest.branches import branch_name, title_of
from dirac_forge.pullrequest.destination import Request
from dirac_forge.pullrequest.headers import Header, text_digest
from dirac_forge.pullrequest.records import Identity, LedgerEntry, before_digest, fingerprint

__all__ = ["Decision", "WantedRequest", "decide"]


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedRequest:
    """A change with what it is called and known by."""

    change: Change
    identity: Identity
    branch: str
    title: str
    fingerprint: str
    before: str
    text: str

    @classmethod
    def of(cls, change: Change) -> WantedRequest:
        """Raises InputError for names and titles that can't be."""
        title = title_of(change)
        return cls(
            change=change,
            identity=Identity.of(change),
            branch=branch_name(Identity.of(change)),
            title=title,
            fingerprint=fingerprint(change),
            before=before_digest(change),
            text=text_digest(title, change.body),
        )

    def header(self, *, rerender: str, version: str) -> Header:
        """What its request carries."""
        identity = self.identity
        return Header(
            feedstock=identity.feedstock,
            branch=identity.branch,
            kind=identity.kind,
            key=identity.key,
            fingerprint=self.fingerprint,
            before=self.before,
            text=self.text,
            rerender=rerender,
            version=version,
        )

    @property
    def mark(self) -> str:
        """Tells this commit of the change from others: what is asked for it is asked for once."""
        return f"{self.fingerprint}-{self.before}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What is to be done."""

    act: Literal["open", "update", "retell", "finish", "merged", "closed"]
    """`open` a new one; `update` its commits; `retell` its text; `finish` what a killed run may have left; nothing
    where it was `merged`, or `closed` by a person."""
    request: Request | None = None
    """The one that it is about; None where there is none (any more)."""
    older: tuple[Request, ...] = ()
    """Open ones that this change takes the place of."""


def decide(
    wanted: WantedRequest, requests: Sequence[Request], known: LedgerEntry | None, *, force: bool = False
) -> Decision:
    """What is to be done about a change, given our own requests for it (newest first, an open one before all others)
    and beside it, and what the ledger knows. `force`: also where a person closed it.
    """
    mine = [request for request in requests if request.branch == wanted.branch]
    older = tuple(each for each in requests if each.branch != wanted.branch and _replaced(wanted.identity, each))
    if not mine:
        back = known is not None and known.state == "retracted" and known.fingerprint == wanted.fingerprint
        return Decision(act="closed" if back and not force else "open", older=older)
    request = mine[0]
    if request.state == "merged":
        return Decision(act="merged", request=request, older=older)
    print_, before, text = _told(request, known)
    if request.state == "open":
        if print_ != wanted.fingerprint or (before and before != wanted.before):
            return Decision(act="update", request=request, older=older)
        return Decision(act="finish" if text in {"", wanted.text} else "retell", request=request, older=older)
    if not request.by_us and print_ == wanted.fingerprint and not force:
        return Decision(act="closed", request=request, older=older)
    return Decision(act="open", older=older)


def _told(request: Request, known: LedgerEntry | None) -> tuple[str, str, str]:
    header = request.header
    if header is not None:
        return header.fingerprint, header.before, header.text
    # Somebody took the header out of the body, which is theirs now.
    same = known is not None and known.number == request.number and known.head == request.branch
    return (known.fingerprint if known is not None and same else ""), "", ""


def _replaced(identity: Identity, request: Request) -> bool:
    """Of the same release line, only one version can be next; migrations and fixes stand beside each other."""
    header = request.header
    return (
        header is not None
        and identity.kind == header.kind == "bump"
        and request.state == "open"
        and (header.feedstock, header.branch) == (identity.feedstock, identity.branch)
        and header.key != identity.key
    )
