"""The commits of a change made and pushed, and its request opened or updated."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from dirac_forge.git import RefusedPushError
from dirac_forge.proposals.outcome_reasons import ChangeSent, UpToDateRequest
from dirac_forge.pullrequest.clones import Tip
from dirac_forge.pullrequest.completing import complete, note_finished
from dirac_forge.pullrequest.decision import Decision, WantedRequest
from dirac_forge.pullrequest.delivery_state import DeliveryState
from dirac_forge.pullrequest.destination import RepositoryPlace, Request, Sent
from dirac_forge.pullrequest.making import MadeCommits, make
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.request_text import request_text
from dirac_forge.pullrequest.smithy import Rerendered
from dirac_forge.report.bot_words import worded

_How = Literal["opened", "updated", "prepared"]
_LABEL = "automerge"


def carry_out(
    state: DeliveryState, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, tip: Tip
) -> Outcome:
    """Make the commits of a change on the tip, push them, and open or update the request; return the outcome."""
    author, when = state.destination.author(), state.journal.ledger.now()
    made = make(
        wanted.change,
        state.clones,
        tip,
        smithy=state.options.smithy,
        prepared=state.options.prepared(wanted, tip),
        author=author,
        when=when,
    )
    state.step("committed")
    sent, made = _send(state, wanted, place, tip, made)
    if not state.destination.prepares:
        _note_pushed(state, wanted, place, tip, sent, again=decision.act == "update")
    old = decision.request if decision.act == "update" else None
    if old is not None and _LABEL in old.labels:
        # It was for other commits.
        state.destination.label(place, old, _LABEL, on=False)
    title, body = request_text(wanted, made, old, batch=state.journal.run)
    request = state.request = state.destination.request(place, sent, title=title, body=body, old=old)
    if old is None and _is_of_another_run(state, request):
        # Another bot of this account opened it meanwhile, and does the rest; the next run looks whether it did.
        reason = UpToDateRequest(name=request.name)
        note_finished(state, wanted, place, request, "unchanged", worded(reason))
        return state.outcome("unchanged", reason)
    what = _note_request(state, wanted, request, sent, old)
    asked = made.rerendered is not None and made.rerendered.state != "done"
    complete(state, wanted, decision, place, request, ask=asked, new=old is None)
    return state.outcome(what, ChangeSent(how=what, title=wanted.title))


def _note_pushed(
    state: DeliveryState, wanted: WantedRequest, place: RepositoryPlace, tip: Tip, sent: Sent, *, again: bool
) -> None:
    known = state.known
    state.note(
        wanted, "pushed", f"{sent.branch} at {sent.commit[:10]}", head=sent.branch, head_sha=sent.commit,
        repository=place.full_name, base_sha=tip.commit, checks="", conflicts=False,
        remade=wanted.fingerprint if known is not None and known.trouble else "",
        **({} if again else {"state": "pushed", "number": 0, "url": ""}),
    )  # fmt: skip


def _is_of_another_run(state: DeliveryState, request: Request) -> bool:
    header = request.header
    return header is not None and header.batch not in {"", state.journal.run}


def _note_request(
    state: DeliveryState, wanted: WantedRequest, request: Request, sent: Sent, old: Request | None
) -> _How:
    told = f"{request.url}: {wanted.title}"
    if state.destination.prepares:
        state.note(
            wanted, "prepared", told, state="prepared", number=0, url=request.url, batch="", decided="",
            head=sent.branch, head_sha=sent.commit, repository="",
        )  # fmt: skip
        return "prepared"
    what: _How = "updated" if old is not None else "opened"
    known = state.known
    batch = known.batch if old is not None and known is not None and known.batch else state.journal.run
    state.note(wanted, what, told, state="open", number=request.number, url=request.url, batch=batch, decided="")
    return what


def _send(
    state: DeliveryState, wanted: WantedRequest, place: RepositoryPlace, tip: Tip, made: MadeCommits
) -> tuple[Sent, MadeCommits]:
    known = state.known
    head = known.head_sha if known is not None else ""
    sent = Sent(
        branch=wanted.branch,
        commit=made.last,
        base=tip.branch,
        base_commit=tip.commit,
        made=made,
        draft=state.options.draft,
    )
    try:
        state.destination.send(place, tip, sent, known=head)
    except RefusedPushError as exc:
        # A token without the scope `workflow` may not push what a rerender changes in .github/workflows.
        if made.last == made.first or exc.cause != "workflow":
            raise
        ask = Rerendered(state="ask", text="the token is not allowed to change workflows")
        made = replace(made, last=made.first, rerendered=ask)
        sent = replace(sent, commit=made.first, made=made)
        state.destination.send(place, tip, sent, known=head)
    return sent, made
