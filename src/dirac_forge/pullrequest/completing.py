"""What follows once a request is open: its text, labels, reviews, the rerender, and older requests; each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dirac_forge.proposals.outcome_reasons import OutcomeReason, RequestTextUpdated, UpToDateRequest
from dirac_forge.pullrequest.decision import Decision, WantedRequest
from dirac_forge.pullrequest.delivery_state import UNFINISHED, DeliveryState
from dirac_forge.pullrequest.destination import RepositoryPlace, Request
from dirac_forge.pullrequest.making import MadeCommits
from dirac_forge.pullrequest.notes import RERENDER
from dirac_forge.pullrequest.outcome import Outcome, OutcomeState
from dirac_forge.pullrequest.records import LedgerEntry
from dirac_forge.pullrequest.refusals import ForgeRefusedError
from dirac_forge.pullrequest.request_text import request_text
from dirac_forge.pullrequest.settling import supersede
from dirac_forge.pullrequest.smithy import Rerendered
from dirac_forge.report.bot_words import worded


def finish(
    state: DeliveryState, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, request: Request
) -> Outcome:
    """Bring an open request's text up to date, and complete what a killed run left undone."""
    header = request.header
    rerender = header.rerender if header is not None else ""
    became: OutcomeState = "unchanged"
    before = state.known
    reason: OutcomeReason = UpToDateRequest(name=request.name, prepared=state.destination.prepares)
    if decision.act == "edit_text":
        rerendered = Rerendered(state="ask") if rerender == "ask" else None
        made = MadeCommits(first="", last="", rerendered=rerendered)
        title, body = request_text(wanted, made, request, rerender=rerender, batch=state.journal.run)
        request = state.request = state.destination.edit_text(place, request, title=title, body=body)
        became, reason = "updated", RequestTextUpdated(name=request.name)
    note_finished(state, wanted, place, request, became, worded(reason))
    known = state.known
    ask = rerender == "ask" and (known is None or known.step not in {"finished", "left"})
    new = before is not None and before.step in UNFINISHED
    complete(state, wanted, decision, place, request, ask=ask, new=new)
    return state.outcome("prepared" if state.destination.prepares and became == "updated" else became, reason)


def note_finished(
    state: DeliveryState,
    wanted: WantedRequest,
    place: RepositoryPlace,
    request: Request,
    became: OutcomeState,
    text: str,
) -> None:
    """Note what is not known yet of a request that is there."""
    about: dict[str, Any] = {"state": "prepared", "url": request.url, "head": request.branch}
    if not state.destination.prepares:
        about |= {"state": "open", "number": request.number}
    known = state.known
    if became != "updated" and _is_noted(known, {**about, "fingerprint": wanted.fingerprint}):
        return
    step: str = "prepared"
    if not state.destination.prepares:
        batch = known.batch if known is not None else ""
        about |= {"batch": batch or state.journal.run, "repository": place.full_name}
        step = "updated" if became == "updated" else "found"
    state.note(wanted, step, f"{request.url}: {text}", **about)


def complete(
    state: DeliveryState,
    wanted: WantedRequest,
    decision: Decision,
    place: RepositoryPlace,
    request: Request,
    *,
    ask: bool,
    new: bool,
) -> None:
    """Do what follows once a request is open, each thing once: labels, reviews, rerender, older requests."""
    if new:
        _introduce(state, place, request, again=decision.act != "open")
    if ask:
        _ask_to_rerender(state, wanted, place, request)
    for older in decision.older:
        supersede(state, wanted, place, request, older)
    if not _is_finished(state.known, decision):
        state.note(wanted, "finished", "", attempts=0, error="", next_try=None)


def _is_finished(known: LedgerEntry | None, decision: Decision) -> bool:
    """Whether the ledger says so already, or says why it could not be made again, which is shown until it is."""
    if known is None:
        return False
    left = known.step == "left" and decision.act == "finish"
    return left or (known.step == "finished" and not known.error and not known.attempts)


def _ask_to_rerender(state: DeliveryState, wanted: WantedRequest, place: RepositoryPlace, request: Request) -> None:
    known = state.known
    # Made again on a newer state of the feedstock, it has to be rendered again, too.
    again = f" {known.base_sha[:12]}" if known is not None and known.remade == wanted.fingerprint else ""
    if known is not None and state.options.anew:
        again = f" {known.head_sha[:12]}"
    asked = state.destination.say(place, request, RERENDER, mark=f"rerender {wanted.mark}{again}")
    if not state.destination.prepares:
        locked = "conda-forge's service can't rerender it: the conversation is locked"
        state.note(wanted, "asked", "conda-forge's service was asked to rerender" if asked else locked)


def _introduce(state: DeliveryState, place: RepositoryPlace, request: Request, *, again: bool) -> None:
    """Put the labels of the settings on a new request, and ask for reviews; where that is refused, go on.

    `again`: a killed run may have started with it, and people may have taken something off since, which stays off.
    """
    known = _given_before(state, place, request) if again and state.options.introduces else frozenset()
    reviewers = tuple(each for each in state.options.reviewers if _name(each) not in known)
    wanted = tuple(each for each in state.options.labels if not {each, _name(each)} & {*request.labels, *known})
    if wanted and not place.may_label:
        text = f"not set ({', '.join(wanted)}): the token is not allowed to on this feedstock"
        state.journal.once(state.identity, "labels", text)
        wanted = ()
    try:
        _give(state, place, request, wanted, reviewers)
    except ForgeRefusedError as refused:
        state.refused = refused.message
        state.journal.once(state.identity, "labels", refused.message)


def _give(
    state: DeliveryState, place: RepositoryPlace, request: Request, labels: Sequence[str], reviewers: Sequence[str]
) -> None:
    for label in labels:
        state.destination.label(place, request, label, on=True)
    if reviewers:
        state.destination.ask_for_review(place, request, reviewers)


def _given_before(state: DeliveryState, place: RepositoryPlace, request: Request) -> frozenset[str]:
    """Return labels and reviewers that a request ever had, in lower case."""
    try:
        return frozenset(map(_name, state.destination.was_given(place, request)))
    except ForgeRefusedError:
        return frozenset()  # it is not known, and to give it again does little harm


def _name(label_or_reviewer: str) -> str:
    return label_or_reviewer.lower().removeprefix("@")


def _is_noted(known: LedgerEntry | None, there: Mapping[str, Any]) -> bool:
    return known is not None and all(getattr(known, name) == value for name, value in there.items())
