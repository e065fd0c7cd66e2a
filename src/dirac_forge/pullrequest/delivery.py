"""The one path from a change to its pull request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.git import RefusedPushError
from dirac_forge.proposals.outcome_reasons import (
    ArchivedRepository,
    ChangeSent,
    FeedstockMovedOn,
    NextTry,
    OutcomeReason,
    RequestTextUpdated,
    UpToDateRequest,
)
from dirac_forge.pullrequest.backoff import due
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.decision import Decision, WantedRequest, decide
from dirac_forge.pullrequest.delivery_state import UNFINISHED, DeliveryOptions, DeliveryState, Prepared
from dirac_forge.pullrequest.destination import Destination, RepositoryPlace, Request, Sent, TakenError
from dirac_forge.pullrequest.faults import environment_fault
from dirac_forge.pullrequest.journal import Journal
from dirac_forge.pullrequest.lease import BusyError
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.making import MadeCommits, Remake, make, rebased, staged
from dirac_forge.pullrequest.notes import RERENDER
from dirac_forge.pullrequest.others import OtherRequest
from dirac_forge.pullrequest.outcome import Outcome, OutcomeState
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.pullrequest.refusals import ForgeRefusedError
from dirac_forge.pullrequest.request_text import request_text
from dirac_forge.pullrequest.settling import conflicting, left_closed, left_to_others, merged, supersede
from dirac_forge.pullrequest.smithy import Rerendered
from dirac_forge.pullrequest.sqlite import LedgerError, LockedError
from dirac_forge.report.bot_words import worded
from dirac_forge.report.foreign import quiet

__all__ = ["DeliveryOptions", "Outcome", "Prepared", "Remake", "deliver"]

_How = Literal["opened", "updated", "prepared"]
_LABEL = "automerge"
_LEFT = (
    "There is a newer version of this change, which is not pushed here because the branch has commits of others. "
    "Close this request to get a new one, or continue with it."
)

_DEFAULTS = DeliveryOptions()


def deliver(
    change: Change,
    *,
    remake: Remake,
    destination: Destination,
    clones: Clones,
    ledger: Ledger,
    run: str,
    options: DeliveryOptions = _DEFAULTS,
    on_step: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Bring a change to its destination, whatever was done of it before: exactly one request in the end.

    `remake` decides again where the files are not what the change was made for. `on_step` is called with the name of
    each step after it was carried out and before it is noted; a Lease's `renew` fits. Raises nothing but what `on_step`
    raises and what the ledger does: what is wrong with one change is its outcome.
    """
    delivery = _Delivery(
        destination=destination,
        clones=clones,
        journal=Journal(ledger=ledger, run=run, on_step=on_step),
        options=options,
        identity=Identity.of(change),
    )
    try:
        try:
            return delivery.of(staged(change) if change.kind == "recipe" else change, remake)
        except TakenError as exc:
            return delivery.left(exc)
    except (BusyError, LedgerError, LockedError):
        raise
    except (ForgeError, OSError) as exc:
        return delivery.failed(exc)


class _Delivery(DeliveryState):
    """The path of one change."""

    def of(self, change: Change, remake: Remake, *, again: bool = False) -> Outcome:
        """Return the whole path; a second time where the feedstock wants another version than the change has."""
        wanted = WantedRequest.of(change)
        self.identity = wanted.identity
        if early := self._early():
            return self.outcome("waiting", early)
        place = self.place = self.destination.place(wanted.identity)
        if place.archived:
            return self.archived(place)
        self.step("resolved")
        base = place.base(wanted.identity)
        requests = self.destination.requests(place, base, wanted.branch, beside=wanted.identity.kind == "bump")
        self.step("looked")

        decision = self._decided(wanted, requests, place, base)
        if settled := self._settled(wanted, decision, place, remake):
            return settled
        tip = self.clones.refresh(place.full_name, place.url, base, default=place.default_branch)
        self.step("refreshed")
        fresh = rebased(change, self.clones, tip, remake)
        if isinstance(fresh, Skip):
            reason = FeedstockMovedOn(repository=place.full_name, reason=fresh.reason)
            self.journal.once(self.identity, "decided again", worded(reason))
            return self.outcome("skipped", reason)
        if fresh is change:
            return self._carry_out(wanted, decision, place, tip)
        wanted = WantedRequest.of(fresh)
        if wanted.identity != self.identity:
            if again:
                raise UnknownError(f"{place.full_name} changes faster than it can be edited", hint="Try again.")
            self.journal.once(self.identity, "decided again", f"{place.full_name} moved on: {wanted.title}")
            return self.of(fresh, remake, again=True)
        decision = self._decided(wanted, requests, place, base)
        if settled := self._settled(wanted, decision, place, remake):
            return settled
        self.journal.event(self.identity, "decided again", f"{place.full_name} moved on since it was read")
        return self._carry_out(wanted, decision, place, tip)

    def _early(self) -> NextTry | None:
        """Return when the next try is due, where it is too early for it."""
        known = self.known
        if known is None or known.next_try is None or self.options.force:
            return None
        is_due = due(known.next_try, self.journal.ledger.now())
        return None if is_due else NextTry(time=known.next_try, error=known.error)

    def _decided(
        self, wanted: WantedRequest, requests: Sequence[Request], place: RepositoryPlace, base: str
    ) -> Decision:
        known, options = self.known, self.options
        force, remake = options.force, options.remake_conflicts
        decision = decide(wanted, requests, known, force=force, anew=options.anew, remake_conflicts=remake)
        if decision.act == "open":
            others = self._beside(wanted, place)
            if not others and self.options.others != "ignore":
                others = self.destination.others(place, base, wanted.identity)
            return decide(wanted, requests, known, others, force=force)
        if decision.act in {"finish", "edit_text"} and self._failed_before(wanted, place, base):
            self.journal.event(self.identity, "again", "its checks failed, and the feedstock has moved on since")
            return replace(decision, act="update")
        return decision

    def _beside(self, wanted: WantedRequest, place: RepositoryPlace) -> tuple[OtherRequest, ...]:
        """The request that we opened, if it is not ours any more: as another account, or aimed elsewhere since."""
        known = self.known
        if known is None or not known.number:
            return ()
        there = self.destination.by_number(place, known.number, wanted.branch)
        if there is None or there.state != "open":
            return ()
        return (
            OtherRequest(
                number=there.number,
                url=there.url,
                author=there.author,
                title=quiet(there.title, longest=200),
                branch=there.branch,
                head_sha=there.head_sha,
                header=there.header,
            ),
        )

    def _failed_before(self, wanted: WantedRequest, place: RepositoryPlace, base: str) -> bool:
        """Whether it has failed checks or conflicts from an older state of the feedstock: it is made again, once."""
        known = self.known
        if known is None or not (known.trouble and known.base_sha) or known.remade == wanted.fingerprint:
            return False
        if known.conflicts and not self.options.remake_conflicts:
            return False
        tip = self.clones.refresh(place.full_name, place.url, base, default=place.default_branch)
        return tip.commit != known.base_sha

    def _settled(
        self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, remake: Remake
    ) -> Outcome | None:
        """Return the outcome if no commit is to be made."""
        request = self.request = decision.request
        match decision.act:
            case "open" | "update":
                return None
            case "theirs":
                assert decision.other is not None  # noqa: S101  # `decide` says whose it is
                return left_to_others(self, wanted, decision.other, place)
            case "merged":
                return merged(self, wanted, decision, place, lacking=self._lacking(wanted, place, remake))
            case "closed":
                return left_closed(self, wanted, request)
            case "conflict":
                assert request is not None  # noqa: S101  # it is there
                return conflicting(self, wanted, request, place)
            case _:
                assert request is not None  # noqa: S101  # `decide` finishes what is there
                return self._finish(wanted, decision, place, request)

    def _lacking(self, wanted: WantedRequest, place: RepositoryPlace, remake: Remake) -> str:
        """Return the branch that still needs a merged change: it was undone, or edited; "" if none is known to."""
        base = place.base(wanted.identity)
        if wanted.identity.kind == "recipe":
            return ""
        try:
            tip = self.clones.refresh(place.full_name, place.url, base, default=place.default_branch)
            fresh = rebased(wanted.change, self.clones, tip, remake)
            return base if isinstance(fresh, Change) and Identity.of(fresh) == wanted.identity else ""
        except ForgeError:
            return ""  # It is not known.

    def _carry_out(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, tip: Tip) -> Outcome:
        author, when = self.destination.author(), self.journal.ledger.now()
        made = make(
            wanted.change,
            self.clones,
            tip,
            smithy=self.options.smithy,
            prepared=self.options.prepared(wanted, tip),
            author=author,
            when=when,
        )
        self.step("committed")
        sent, made = self._send(wanted, place, tip, made)
        pushed = f"{sent.branch} at {sent.commit[:10]}"
        if not self.destination.prepares:
            known = self.known
            self.note(
                wanted, "pushed", pushed, head=sent.branch, head_sha=sent.commit, repository=place.full_name,
                base_sha=tip.commit, checks="", conflicts=False,
                remade=wanted.fingerprint if known is not None and known.trouble else "",
                **({} if decision.act == "update" else {"state": "pushed", "number": 0, "url": ""}),
            )  # fmt: skip
        old = decision.request if decision.act == "update" else None
        if old is not None and _LABEL in old.labels:
            # It was for other commits.
            self.destination.label(place, old, _LABEL, on=False)
        title, body = self._text(wanted, made, old)
        request = self.request = self.destination.request(place, sent, title=title, body=body, old=old)
        if old is None and self._is_of_another_run(request):
            # Another bot of this account opened it meanwhile, and does the rest; the next run looks whether it did.
            reason = UpToDateRequest(name=request.name)
            self._note_finished(wanted, place, request, "unchanged", worded(reason))
            return self.outcome("unchanged", reason)
        what = self._note_request(wanted, request, sent, old)
        asked = made.rerendered is not None and made.rerendered.state != "done"
        self._complete(wanted, decision, place, request, ask=asked, new=old is None)
        return self.outcome(what, ChangeSent(how=what, title=wanted.title))

    def _is_of_another_run(self, request: Request) -> bool:
        header = request.header
        return header is not None and header.batch not in {"", self.journal.run}

    def _note_request(self, wanted: WantedRequest, request: Request, sent: Sent, old: Request | None) -> _How:
        told = f"{request.url}: {wanted.title}"
        if self.destination.prepares:
            self.note(
                wanted, "prepared", told, state="prepared", number=0, url=request.url, batch="", decided="",
                head=sent.branch, head_sha=sent.commit, repository="",
            )  # fmt: skip
            return "prepared"
        what: _How = "updated" if old is not None else "opened"
        known = self.known
        batch = known.batch if old is not None and known is not None and known.batch else self.journal.run
        self.note(wanted, what, told, state="open", number=request.number, url=request.url, batch=batch, decided="")
        return what

    def _send(
        self, wanted: WantedRequest, place: RepositoryPlace, tip: Tip, made: MadeCommits
    ) -> tuple[Sent, MadeCommits]:
        known = self.known
        head = known.head_sha if known is not None else ""
        sent = Sent(
            branch=wanted.branch,
            commit=made.last,
            base=tip.branch,
            base_commit=tip.commit,
            made=made,
            draft=self.options.draft,
        )
        try:
            self.destination.send(place, tip, sent, known=head)
        except RefusedPushError as exc:
            # A token without the scope `workflow` may not push what a rerender changes in .github/workflows.
            if made.last == made.first or exc.cause != "workflow":
                raise
            ask = Rerendered(state="ask", text="the token is not allowed to change workflows")
            made = replace(made, last=made.first, rerendered=ask)
            sent = replace(sent, commit=made.first, made=made)
            self.destination.send(place, tip, sent, known=head)
        return sent, made

    def _finish(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, request: Request) -> Outcome:
        """It is open with the right commits: bring the text up to date, and do what a killed run left undone."""
        header = request.header
        rerender = header.rerender if header is not None else ""
        state: OutcomeState = "unchanged"
        before = self.known
        reason: OutcomeReason = UpToDateRequest(name=request.name, prepared=self.destination.prepares)
        if decision.act == "edit_text":
            rerendered = Rerendered(state="ask") if rerender == "ask" else None
            made = MadeCommits(first="", last="", rerendered=rerendered)
            title, body = self._text(wanted, made, request, rerender=rerender)
            request = self.request = self.destination.edit_text(place, request, title=title, body=body)
            state, reason = "updated", RequestTextUpdated(name=request.name)
        self._note_finished(wanted, place, request, state, worded(reason))
        known = self.known
        ask = rerender == "ask" and (known is None or known.step not in {"finished", "left"})
        new = before is not None and before.step in UNFINISHED
        self._complete(wanted, decision, place, request, ask=ask, new=new)
        return self.outcome("prepared" if self.destination.prepares and state == "updated" else state, reason)

    def _note_finished(
        self, wanted: WantedRequest, place: RepositoryPlace, request: Request, state: OutcomeState, text: str
    ) -> None:
        """Note what is not known yet of a request that is there."""
        about: dict[str, Any] = {"state": "prepared", "url": request.url, "head": request.branch}
        if not self.destination.prepares:
            about |= {"state": "open", "number": request.number}
        known = self.known
        if state != "updated" and _is_noted(known, {**about, "fingerprint": wanted.fingerprint}):
            return
        step: str = "prepared"
        if not self.destination.prepares:
            batch = known.batch if known is not None else ""
            about |= {"batch": batch or self.journal.run, "repository": place.full_name}
            step = "updated" if state == "updated" else "found"
        self.note(wanted, step, f"{request.url}: {text}", **about)

    def _complete(
        self,
        wanted: WantedRequest,
        decision: Decision,
        place: RepositoryPlace,
        request: Request,
        *,
        ask: bool,
        new: bool,
    ) -> None:
        """What follows once a request is open, each once: labels, reviews, the rerender, and older requests."""
        if new:
            self._introduce(place, request, again=decision.act != "open")
        if ask:
            self._ask_to_rerender(wanted, place, request)
        for older in decision.older:
            supersede(self, wanted, place, request, older)
        known = self.known
        if known is not None and known.step == "left" and decision.act == "finish":
            return  # It could not be made again, and why is shown until it is.
        if known is None or known.step != "finished" or known.error or known.attempts:
            self.note(wanted, "finished", "", attempts=0, error="", next_try=None)

    def _ask_to_rerender(self, wanted: WantedRequest, place: RepositoryPlace, request: Request) -> None:
        known = self.known
        # Made again on a newer state of the feedstock, it has to be rendered again, too.
        again = f" {known.base_sha[:12]}" if known is not None and known.remade == wanted.fingerprint else ""
        if known is not None and self.options.anew:
            again = f" {known.head_sha[:12]}"
        asked = self.destination.say(place, request, RERENDER, mark=f"rerender {wanted.mark}{again}")
        if not self.destination.prepares:
            locked = "conda-forge's service can't rerender it: the conversation is locked"
            self.note(wanted, "asked", "conda-forge's service was asked to rerender" if asked else locked)

    def _introduce(self, place: RepositoryPlace, request: Request, *, again: bool) -> None:
        """Put the labels of the settings on a new request, and ask for reviews; where that is refused, go on.

        `again`: a killed run may have started with it, and people may have taken something off since, which stays off.
        """
        known = self._given_before(place, request) if again and self.options.introduces else frozenset()
        reviewers = tuple(each for each in self.options.reviewers if _name(each) not in known)
        wanted = tuple(each for each in self.options.labels if not {each, _name(each)} & {*request.labels, *known})
        if wanted and not place.may_label:
            text = f"not set ({', '.join(wanted)}): the token is not allowed to on this feedstock"
            self.journal.once(self.identity, "labels", text)
            wanted = ()
        try:
            self._give(place, request, wanted, reviewers)
        except ForgeRefusedError as refused:
            self.refused = refused.message
            self.journal.once(self.identity, "labels", refused.message)

    def _give(self, place: RepositoryPlace, request: Request, labels: Sequence[str], reviewers: Sequence[str]) -> None:
        for label in labels:
            self.destination.label(place, request, label, on=True)
        if reviewers:
            self.destination.ask_for_review(place, request, reviewers)

    def _given_before(self, place: RepositoryPlace, request: Request) -> frozenset[str]:
        """Labels and reviewers that a request had at any time, in small letters."""
        try:
            return frozenset(map(_name, self.destination.was_given(place, request)))
        except ForgeRefusedError:
            return frozenset()  # it is not known, and to give it again does little harm

    def _text(
        self, wanted: WantedRequest, made: MadeCommits, old: Request | None, *, rerender: str | None = None
    ) -> tuple[str, str]:
        return request_text(wanted, made, old, rerender=rerender, batch=self.journal.run)

    def archived(self, place: RepositoryPlace) -> Outcome:
        """Leave an archived feedstock alone: that is no failure, and is asked again with the next run."""
        known = self.known
        there = known is not None and known.state == "open"
        reason = ArchivedRepository(repository=place.full_name, open_request=there)
        self.journal.once(self.identity, "skipped", worded(reason))
        return self.outcome("skipped", reason)

    def left(self, exc: TakenError) -> Outcome:
        """Leave a branch with commits of someone else to them."""
        known = self.known
        if self.place is not None and self.request is not None:
            self.destination.say(self.place, self.request, _LEFT, mark="left")
        if known is None or known.error != exc.message:
            self.journal.note(self.identity, "left", exc.message, error=exc.message)
        return self.outcome("left", exc.message)

    def failed(self, exc: ForgeError | OSError) -> Outcome:
        """Note that an answer was no, or that there was none."""
        fault = environment_fault(exc)
        error = self.journal.failed(self.identity, exc, fault=fault)
        state: OutcomeState = "unknown" if fault is not None or isinstance(exc, UnknownError) else "failed"
        return replace(self.outcome(state, error.message), error=error, fault=fault)


def _name(label_or_reviewer: str) -> str:
    return label_or_reviewer.lower().removeprefix("@")


def _is_noted(known: LedgerEntry | None, there: Mapping[str, Any]) -> bool:
    return known is not None and all(getattr(known, name) == value for name, value in there.items())
