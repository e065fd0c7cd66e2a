"""Changes of which no commit is made: merged, closed, superseded, in conflict, or someone else's."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.proposals.outcome_reasons import (
    ClosedRequest,
    MergedRequest,
    OthersRequest,
    RequestInConflict,
    RetractedRequest,
)
from dirac_forge.pullrequest.decision import Decision, WantedRequest
from dirac_forge.pullrequest.delivery_state import DeliveryState
from dirac_forge.pullrequest.destination import RepositoryPlace, Request
from dirac_forge.pullrequest.others import OtherRequest
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.records import LedgerEntry
from dirac_forge.report.bot_words import worded

_CONFLICT = (
    "The files that this request changes have changed on the feedstock's branch. It is not remade, because "
    "`bot: {remake_prs_with_conflicts: false}` in `conda-forge.yml` says so: resolve the conflicts, or close it to "
    "get a new one."
)


def supersede(
    state: DeliveryState, wanted: WantedRequest, place: RepositoryPlace, request: Request, older: Request
) -> None:
    """Close the request for another version, naming the one that takes its place."""
    if older.header is None:
        return
    identity = older.header.identity
    known = state.journal.ledger.entry(identity) or LedgerEntry(identity=identity, step="learnt")
    if _reopened(state, known, older, place):
        return
    untouched = bool(known.head_sha) and known.head_sha == older.head_sha
    if not untouched and state.destination.has_foreign_commits(place, older):
        told = f"{request.name} is for a newer version: {wanted.title}. This one stays open: others committed to it."
        state.destination.say(place, older, told, mark=f"newer {request.name}")
        state.journal.once(identity, "left", f"{older.url}: {told}")
        return
    text = f"Superseded by {request.name}: {wanted.title}"
    state.destination.close(place, older, text, mark="superseded", keep_branch=not untouched)
    state.journal.note(
        identity, "superseded", f"{older.url}: {text}", state="superseded", decided=text,
        number=older.number, url=older.url, head=older.branch,
    )  # fmt: skip
    state.superseded.append(older.url)


def _reopened(state: DeliveryState, known: LedgerEntry, older: Request, place: RepositoryPlace) -> bool:
    """Whether a person reopened a request that was superseded: it is theirs then."""
    if known.state in {"superseded", "theirs"}:
        return True
    if known.step != "learnt" or not state.destination.has_said(place, older, mark="superseded"):
        return False
    # From a ledger that was lost.
    text, about = f"{older.url} was reopened", {"number": older.number, "url": older.url}
    state.journal.note(known.identity, "theirs", text, state="theirs", **about)
    return True


def left_to_others(state: DeliveryState, wanted: WantedRequest, other: OtherRequest, place: RepositoryPlace) -> Outcome:
    """Settle a change that someone else's open request makes."""
    reason = OthersRequest(number=other.number, author=other.author, title=other.title)
    text = worded(reason)
    if state.options.others == "comment":
        state.destination.say(place, _as_request(other), wanted.change.body, mark=f"report {wanted.mark}")
    known = state.known
    if known is None or known.state != "theirs" or known.decided != text:
        state.note(wanted, "theirs", f"{other.url}: {text}", state="theirs", decided=text, url=other.url, error="")
    return replace(state.outcome("theirs", reason), url=other.url, number=other.number)


def merged(
    state: DeliveryState, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, *, lacking: str
) -> Outcome:
    """Settle a merged request; `lacking` names the branch that does not have the change all the same."""
    known, request = state.known, decision.request
    if request is None:
        return state.outcome(
            "merged", MergedRequest(name=known.url if known is not None else wanted.title, lacking=lacking)
        )
    reason = MergedRequest(name=request.name, lacking=lacking)
    if known is None or known.state not in {"merged", "done"}:
        about = {"number": request.number, "url": request.url, "head": request.branch}
        state.note(wanted, "merged", f"{request.url}: {worded(reason)}", state="merged", **about)
    for older in decision.older:
        supersede(state, wanted, place, request, older)
    return state.outcome("merged", reason)


def left_closed(state: DeliveryState, wanted: WantedRequest, request: Request | None) -> Outcome:
    """Settle a request that a person closed because it is not wanted."""
    known = state.known
    if known is not None and known.state == "retracted":
        return state.outcome("closed" if known.on_forge else "skipped", RetractedRequest(comment=known.decided))
    if request is None:
        return state.outcome("closed", ClosedRequest(how=known.decided, stays=True) if known else "")
    text = request.closed or f"{request.name} was closed"
    closed = request.closing or "closed-by-person"
    if known is None or (known.state, known.decided) != (closed, text):
        about = {"number": request.number, "url": request.url, "head": request.branch}
        told = f"{text}: it is not opened again unless somebody asks for it"
        state.note(wanted, "closed", told, state=closed, decided=text, **about)
    return state.outcome("closed", ClosedRequest(how=text, stays=True))


def conflicting(state: DeliveryState, wanted: WantedRequest, request: Request, place: RepositoryPlace) -> Outcome:
    """Return its files moved on, and the feedstock's maintainers do not want requests remade for that."""
    state.destination.say(place, request, _CONFLICT, mark=f"conflict {wanted.mark}")
    reason = RequestInConflict(name=request.name)
    state.journal.once(state.identity, "left", worded(reason))
    return state.outcome("left", reason)


def _as_request(other: OtherRequest) -> Request:
    return Request(
        number=other.number, url=other.url, state="open", branch="", head_sha="", header=None, title=other.title
    )
