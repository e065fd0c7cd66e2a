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

    act: Literal["open", "update", "edit_text", "finish", "merged", "closed"]
    """`open` a new one; `update` its commits; `edit_text` its text; `finish` what a killed run may have left; nothing
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
    mine = next((request for request in requests if request.branch == wanted.branch), None)
    older = tuple(each for each in requests if _replaced(wanted, each))
    if mine is None:
        return Decision(act="closed" if not force and _was_retracted(wanted, known) else "open", older=older)
    if mine.state == "merged":
        return Decision(act="merged", request=mine, older=older)
    written = _written_in(mine, known)
    if mine.state == "open":
        return Decision(act=_brought_up_to_date(wanted, written), request=mine, older=older)
    if force or mine.by_us or written.fingerprint != wanted.fingerprint:
        return Decision(act="open", older=older)
    return Decision(act="closed", request=mine, older=older)


def _was_retracted(wanted: WantedRequest, known: LedgerEntry | None) -> bool:
    return known is not None and known.state == "retracted" and known.fingerprint == wanted.fingerprint


def _brought_up_to_date(wanted: WantedRequest, written: _Written) -> Literal["update", "edit_text", "finish"]:
    if written.fingerprint != wanted.fingerprint or written.before not in {"", wanted.before}:
        return "update"
    return "finish" if written.text in {"", wanted.text} else "edit_text"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Written:
    """The digests of the change that a request carries; "" for those that are not known."""

    fingerprint: str = ""
    before: str = ""
    text: str = ""


def _written_in(request: Request, known: LedgerEntry | None) -> _Written:
    header = request.header
    if header is not None:
        return _Written(fingerprint=header.fingerprint, before=header.before, text=header.text)
    # Somebody removed the header from the body, which is theirs now.
    if known is not None and known.number == request.number and known.head == request.branch:
        return _Written(fingerprint=known.fingerprint)
    return _Written()


def _replaced(wanted: WantedRequest, request: Request) -> bool:
    """Whether a request is for another version of the same release line; migrations and fixes replace nothing."""
    header, identity = request.header, wanted.identity
    return (
        header is not None
        and request.branch != wanted.branch
        and identity.kind == header.kind == "bump"
        and request.state == "open"
        and (header.feedstock, header.branch) == (identity.feedstock, identity.branch)
        and header.key != identity.key
    )
