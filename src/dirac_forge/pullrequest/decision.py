"""The decision what to do about a change, given the requests that exist: from values to values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from dirac_forge.feedstock.change import Change
from dirac_forge.pullrequest.branches import branch_name, title_of
from dirac_forge.pullrequest.destination import Request
from dirac_forge.pullrequest.headers import Header, text_digest
from dirac_forge.pullrequest.others import OtherRequest
from dirac_forge.pullrequest.records import Identity, LedgerEntry, before_digest, fingerprint
from dirac_forge.values import dataclass

_ENDED: dict[str, Literal["merged", "closed"]] = {
    "retracted": "closed",
    "closed-by-person": "closed",
    "merged": "merged",
    "done": "merged",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedRequest:
    """A change with its branch, title and digests."""

    change: Change
    identity: Identity
    branch: str
    title: str
    fingerprint: str
    before: str
    text: str

    @classmethod
    def of(cls, change: Change) -> WantedRequest:
        """Return the wanted request. Raises InputError for invalid names and titles."""
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

    def header(self, *, rerender: str, version: str, batch: str = "") -> Header:
        """Return what its request carries."""
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
            title=self.title,
            batch=batch,
        )

    @property
    def mark(self) -> str:
        """Distinguishes this commit of the change from others: each service is asked once for it."""
        return f"{self.fingerprint}-{self.before}"


Act = Literal["open", "update", "edit_text", "finish", "conflict", "merged", "closed", "theirs"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What to do about a change."""

    act: Act
    """`open` a new one; `update` its commits; `edit_text` its text; `finish` what a killed run may have left; nothing
    where it was `merged`, or `closed` by a person, or has a `conflict` that its maintainers want to resolve."""
    request: Request | None = None
    """The one that it is about, or None if there is none (any more)."""
    older: tuple[Request, ...] = ()
    """Open ones that this change takes the place of."""
    other: OtherRequest | None = None
    """Someone else's that makes the same change."""


def decide(
    wanted: WantedRequest,
    requests: Sequence[Request],
    known: LedgerEntry | None,
    others: Sequence[OtherRequest] = (),
    *,
    force: bool = False,
    anew: bool = False,
    remake_conflicts: bool = True,
) -> Decision:
    """Return what is to be done about a change.

    Args:
        wanted: the change.
        requests: our own requests for it (newest first, an open one before all others), and our other open ones.
        known: what the ledger remembers of it.
        others: open requests of others that make the same change.
        force: also where a person closed it.
        anew: also where it is open and up to date.
        remake_conflicts: whether a request is made again where the files that it changes moved on.
    """
    mine = _on_branch(requests, wanted.branch)
    older = tuple(each for each in requests if _replaced(wanted, each))
    act: Act | None = _ended(wanted, mine, known, force=force)
    if mine is not None and mine.state == "open":
        written = _written_in(mine, known)
        act = _brought_up_to_date(wanted, mine, written, anew=anew, remake_conflicts=force or remake_conflicts)
    if act is not None:
        return Decision(act=act, request=mine, older=older)
    if force or not others:
        return Decision(act="open", older=older)
    return Decision(act="theirs", other=others[0])


def _on_branch(requests: Iterable[Request], branch: str) -> Request | None:
    return next((request for request in requests if request.branch == branch), None)


def _ended(
    wanted: WantedRequest, mine: Request | None, known: LedgerEntry | None, *, force: bool
) -> Literal["merged", "closed"] | None:
    """Return how the change ended on the forge, else in the ledger, or None if it did not."""
    if mine is not None and mine.state == "merged":
        return "merged"
    if force or (mine is not None and mine.by_us):
        return None
    if mine is not None:
        # Who closed it does not want this version, whatever moved around it since: build number, hash, format.
        return "closed"
    return None if known is None else _ended_before(wanted, known)


def _ended_before(wanted: WantedRequest, known: LedgerEntry) -> Literal["merged", "closed"] | None:
    """Return how the ledger says that the change ended; None where another one of the name was merged."""
    ended = _ENDED.get(known.state)
    return None if ended == "merged" and known.fingerprint != wanted.fingerprint else ended


def _brought_up_to_date(
    wanted: WantedRequest, mine: Request, written: _Written, *, anew: bool, remake_conflicts: bool
) -> Literal["update", "edit_text", "finish", "conflict"]:
    if anew:
        return "update"
    if written.before not in {"", wanted.before} and not remake_conflicts:
        return "conflict"
    if written.fingerprint != wanted.fingerprint or written.before not in {"", wanted.before}:
        return "update"
    # A title that says that upstream took the release back is wrong now: it is wanted.
    return "finish" if written.text in {"", wanted.text} and not mine.withdrawn else "edit_text"


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
