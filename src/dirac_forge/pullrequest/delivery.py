"""The one path from a change to its pull request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from dirac_forge import __version__
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.git import RefusedPushError
from dirac_forge.pullrequest.backoff import due
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.decision import Decision, WantedRequest, decide
from dirac_forge.pullrequest.destination import Destination, RepositoryPlace, Request, Sent, TakenError
from dirac_forge.pullrequest.faults import environment_fault
from dirac_forge.pullrequest.headers import changed_by_people, with_header
from dirac_forge.pullrequest.journal import Journal
from dirac_forge.pullrequest.lease import BusyError
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.making import MadeCommits, PreparedTree, Remake, make, rebased, staged
from dirac_forge.pullrequest.notes import RERENDER, notes
from dirac_forge.pullrequest.others import OtherRequest
from dirac_forge.pullrequest.outcome import Outcome, OutcomeState
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.pullrequest.smithy import NoSmithy, Rerendered, Smithy
from dirac_forge.pullrequest.sqlite import LedgerError, LockedError
from dirac_forge.report.bump_reasons import skip_text

__all__ = ["DeliveryOptions", "Outcome", "Prepared", "Remake", "deliver"]

_LABEL = "automerge"
_LEFT = (
    "There is a newer version of this change, which is not pushed here because the branch has commits of others. "
    "Close this request to get a new one, or continue with it."
)

Prepared = Callable[[WantedRequest, Tip], PreparedTree | None]
"""Finds the tree that an earlier step rerendered for a change on a tip; None where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryOptions:
    """How changes are delivered."""

    smithy: Smithy | NoSmithy | None = None
    automerge: bool = False
    """The caller found that it may be merged without a person looking."""
    force: bool = False
    """Deliver before the next try is due, and where a person closed the request."""
    others: str = "wait"
    """`other-requests` of the settings: wait, comment or ignore."""
    prepared: Prepared = lambda wanted, tip: None  # noqa: ARG005


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


@dataclass(kw_only=True)
class _Delivery:
    destination: Destination
    clones: Clones
    journal: Journal
    options: DeliveryOptions
    identity: Identity
    request: Request | None = None
    place: RepositoryPlace | None = None
    superseded: list[str] = field(default_factory=list)

    def of(self, change: Change, remake: Remake, *, again: bool = False) -> Outcome:
        """The whole path; a second time where the feedstock wants another version than the change has."""
        wanted = WantedRequest.of(change)
        self.identity = wanted.identity
        known = self._known()
        if known is not None and not self.options.force and not due(known.next_try, self.journal.ledger.now()):
            return self._outcome("waiting", f"the next try is at {known.next_try:%Y-%m-%d %H:%M} UTC: {known.error}")
        place = self.place = self.destination.place(wanted.identity)
        if place.archived:
            raise ForgeError(f"{place.full_name} is archived: it can't be changed")
        self._step("resolved")
        base = place.base(wanted.identity)
        requests = self.destination.requests(place, base, wanted.branch, beside=wanted.identity.kind == "bump")
        self._step("looked")

        def decided(wanted: WantedRequest) -> Decision:
            decision = decide(wanted, requests, known, force=self.options.force)
            if decision.act != "open" or self.options.others == "ignore":
                return decision
            others = self.destination.others(place, base, wanted.identity)
            return decide(wanted, requests, known, others, force=self.options.force)

        decision = decided(wanted)
        if settled := self._settled(wanted, decision, place):
            return settled
        tip = self.clones.refresh(place.full_name, place.url, base, default=place.default_branch)
        self._step("refreshed")
        fresh = rebased(change, self.clones, tip, remake)
        if isinstance(fresh, Skip):
            text = f"{place.full_name} moved on: {skip_text(fresh)}"
            self.journal.once(self.identity, "decided again", text)
            return self._outcome("skipped", text)
        if fresh is change:
            return self._carry_out(wanted, decision, place, tip)
        wanted = WantedRequest.of(fresh)
        if wanted.identity != self.identity:
            if again:
                raise UnknownError(f"{place.full_name} changes faster than it can be edited", hint="Try again.")
            self.journal.once(self.identity, "decided again", f"{place.full_name} moved on: {wanted.title}")
            return self.of(fresh, remake, again=True)
        decision = decided(wanted)
        if settled := self._settled(wanted, decision, place):
            return settled
        self.journal.event(self.identity, "decided again", f"{place.full_name} moved on since it was read")
        return self._carry_out(wanted, decision, place, tip)

    def _settled(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace) -> Outcome | None:
        """The outcome where no commit is to be made."""
        request = self.request = decision.request
        match decision.act:
            case "open" | "update":
                return None
            case "theirs":
                return self._theirs(wanted, decision, place)
            case "merged":
                return self._merged(wanted, decision, place)
            case "closed":
                return self._closed(wanted, request)
            case _:
                assert request is not None  # noqa: S101  # `decide` finishes what is there
                return self._finish(wanted, decision, place, request)

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
        self._step("committed")
        sent, made = self._send(wanted, place, tip, made)
        pushed = f"{sent.branch} at {sent.commit[:10]}"
        if not self.destination.prepares:
            self._note(
                wanted, "pushed", pushed, head=sent.branch, head_sha=sent.commit, repository=place.full_name,
                **({} if decision.act == "update" else {"state": "pushed", "number": 0, "url": ""}),
            )  # fmt: skip
        old = decision.request if decision.act == "update" else None
        if old is not None and _LABEL in old.labels:
            # It was for other commits; where it is to be there, it comes last.
            self.destination.label(place, old, _LABEL, on=False)
        title, body = self._text(wanted, made, old)
        request = self.request = self.destination.request(place, sent, title=title, body=body, old=old)
        what = self._note_request(wanted, request, sent, old)
        asked = made.rerendered is not None and made.rerendered.state != "done"
        self._complete(wanted, decision, place, request, ask=asked)
        return self._outcome(what, f"{what}: {wanted.title}")

    def _note_request(self, wanted: WantedRequest, request: Request, sent: Sent, old: Request | None) -> OutcomeState:
        told = f"{request.url}: {wanted.title}"
        if self.destination.prepares:
            self._note(
                wanted, "prepared", told, state="prepared", number=0, url=request.url, batch="", decided="",
                head=sent.branch, head_sha=sent.commit, repository="",
            )  # fmt: skip
            return "prepared"
        what: OutcomeState = "updated" if old is not None else "opened"
        known = self._known()
        batch = known.batch if old is not None and known is not None and known.batch else self.journal.run
        self._note(wanted, what, told, state="open", number=request.number, url=request.url, batch=batch, decided="")
        return what

    def _send(
        self, wanted: WantedRequest, place: RepositoryPlace, tip: Tip, made: MadeCommits
    ) -> tuple[Sent, MadeCommits]:
        known = self._known()
        head = known.head_sha if known is not None else ""
        sent = Sent(branch=wanted.branch, commit=made.last, base=tip.branch, base_commit=tip.commit, made=made)
        try:
            self.destination.send(place, tip, sent, known=head)
        except RefusedPushError as exc:
            # A token without the scope `workflow` may not push what a rerender changes in .github/workflows.
            if made.last == made.first or exc.cause != "workflow":
                raise
            ask = Rerendered(state="ask", text="the token may not change workflows")
            made = replace(made, last=made.first, rerendered=ask)
            sent = replace(sent, commit=made.first, made=made)
            self.destination.send(place, tip, sent, known=head)
        return sent, made

    def _finish(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, request: Request) -> Outcome:
        """It is open with the right commits: bring the text up to date, and do what a killed run left undone."""
        header = request.header
        rerender = header.rerender if header is not None else ""
        state: OutcomeState = "unchanged"
        text = f"{request.name} is {'prepared' if self.destination.prepares else 'open and up to date'}"
        if decision.act == "edit_text":
            rerendered = Rerendered(state="ask") if rerender == "ask" else None
            made = MadeCommits(first="", last="", rerendered=rerendered)
            title, body = self._text(wanted, made, request, rerender=rerender)
            request = self.request = self.destination.edit_text(place, request, title=title, body=body)
            state, text = "updated", f"the text of {request.name} was brought up to date"
        self._note_finished(wanted, place, request, state, text)
        known = self._known()
        ask = rerender == "ask" and (known is None or known.step != "finished")
        self._complete(wanted, decision, place, request, ask=ask)
        return self._outcome("prepared" if self.destination.prepares and state == "updated" else state, text)

    def _note_finished(
        self, wanted: WantedRequest, place: RepositoryPlace, request: Request, state: OutcomeState, text: str
    ) -> None:
        """Note what is not known yet of a request that is there."""
        if self.destination.prepares:
            about: dict[str, Any] = {"state": "prepared", "url": request.url, "head": request.branch}
        else:
            about = {"state": "open", "number": request.number, "url": request.url, "head": request.branch}
        known, there = self._known(), {**about, "fingerprint": wanted.fingerprint}
        if state != "updated" and known is not None and all(getattr(known, name) == there[name] for name in there):
            return
        if not self.destination.prepares:
            batch = known.batch if known is not None and known.batch else self.journal.run
            about |= {"batch": batch, "repository": place.full_name}
        step = "updated" if state == "updated" else "found"
        self._note(wanted, "prepared" if self.destination.prepares else step, f"{request.url}: {text}", **about)

    def _complete(
        self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, request: Request, *, ask: bool
    ) -> None:
        """What follows once a request is open, each once: the rerender, older requests, and the label last."""
        if ask:
            self.destination.say(place, request, RERENDER, mark=f"rerender {wanted.mark}")
            if not self.destination.prepares:
                self._note(wanted, "asked", "conda-forge's service was asked to rerender")
        for older in decision.older:
            self._supersede(wanted, place, request, older)
        if self.options.automerge and place.may_label and _LABEL not in request.labels:
            self.destination.label(place, request, _LABEL, on=True)
            self._note(wanted, "labelled", f"{_LABEL} was put on it")
        known = self._known()
        if known is None or known.step != "finished" or known.error or known.attempts:
            self._note(wanted, "finished", "", attempts=0, error="", next_try=None)

    def _supersede(self, wanted: WantedRequest, place: RepositoryPlace, request: Request, older: Request) -> None:
        if older.header is None:
            return
        identity = older.header.identity
        known = self.journal.ledger.entry(identity)
        if known is not None and known.state in {"superseded", "theirs"}:
            return  # a person reopened it: it is theirs
        untouched = known is not None and bool(known.head_sha) and known.head_sha == older.head_sha
        text = f"Superseded by {request.name}: {wanted.title}"
        self.destination.close(place, older, text, mark="superseded", keep_branch=not untouched)
        self.journal.note(
            identity, "superseded", f"{older.url}: {text}", state="superseded", decided=text,
            number=older.number, url=older.url, head=older.branch,
        )  # fmt: skip
        self.superseded.append(older.url)

    def _theirs(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace) -> Outcome:
        """Somebody else's open request makes the same change."""
        other = decision.other
        assert other is not None  # noqa: S101  # `decide` says whose it is
        text = f"#{other.number} by {other.author} makes the same change: {other.title}"
        if self.options.others == "comment":
            self.destination.say(place, _as_request(other), wanted.change.body, mark=f"report {wanted.mark}")
        known = self._known()
        if known is None or known.state != "theirs" or known.decided != text:
            self._note(wanted, "theirs", f"{other.url}: {text}", state="theirs", decided=text, url=other.url, error="")
        return replace(self._outcome("theirs", text), url=other.url, number=other.number)

    def _merged(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace) -> Outcome:
        known, request = self._known(), decision.request
        if request is None:
            return self._outcome("merged", f"{known.url if known is not None else wanted.title} is merged")
        text = f"{request.name} is merged"
        if known is None or known.state not in {"merged", "done"}:
            about = {"number": request.number, "url": request.url, "head": request.branch}
            self._note(wanted, "merged", f"{request.url}: {text}", state="merged", **about)
        for older in decision.older:
            self._supersede(wanted, place, request, older)
        return self._outcome("merged", text)

    def _closed(self, wanted: WantedRequest, request: Request | None) -> Outcome:
        """A person decided that it is not wanted."""
        known = self._known()
        if known is not None and known.state == "retracted" and known.fingerprint == wanted.fingerprint:
            return self._outcome("closed", f"it was retracted: {known.decided}")
        if request is None:
            return self._outcome("closed", f"{known.decided}, and nothing has changed since" if known else "")
        text = request.closed or f"{request.name} was closed"
        if known is None or known.state != "closed-by-person" or known.decided != text:
            about = {"number": request.number, "url": request.url, "head": request.branch}
            told = f"{text}: it is not opened again until something changes"
            self._note(wanted, "closed", told, state="closed-by-person", decided=text, **about)
        return self._outcome("closed", f"{text}, and nothing has changed since")

    def left(self, exc: TakenError) -> Outcome:
        """Leave a branch with commits of somebody else to them."""
        known = self._known()
        if self.place is not None and self.request is not None:
            self.destination.say(self.place, self.request, _LEFT, mark="left")
        if known is None or known.error != exc.message:
            self.journal.note(self.identity, "left", exc.message, error=exc.message)
        return self._outcome("left", exc.message)

    def failed(self, exc: ForgeError | OSError) -> Outcome:
        """Note that an answer was no, or that there was none."""
        fault = environment_fault(exc)
        error = self.journal.failed(self.identity, exc, fault=fault)
        state: OutcomeState = "unknown" if fault is not None or isinstance(exc, UnknownError) else "failed"
        return replace(self._outcome(state, error.message), error=error, fault=fault)

    def _text(
        self, wanted: WantedRequest, made: MadeCommits, old: Request | None, *, rerender: str | None = None
    ) -> tuple[str, str]:
        """Title and body; those that a person changed stay theirs, with a new header."""
        if rerender is None:
            rerender = "" if made.rerendered is None else "done" if made.rerendered.state == "done" else "ask"
        end = notes(
            rerendered=made.rerendered,
            lints=made.lints,
            unlinted=made.unlinted,
            automerge=self.options.automerge,
        )
        header = wanted.header(rerender=rerender, version=__version__)
        title, body = wanted.title, wanted.change.body.rstrip("\n") + "\n"
        if old is None or old.header is None:
            return title, with_header(body, header, end=end)
        if old.header.title and old.title != old.header.title:
            title = old.title
        theirs = changed_by_people(old.body)
        return title, with_header(body if theirs is None else theirs, header, end=end if theirs is None else "")

    def _known(self) -> LedgerEntry | None:
        return self.journal.ledger.entry(self.identity)

    def _step(self, name: str) -> None:
        self.journal.on_step(name)

    def _note(self, wanted: WantedRequest, step: str, text: str, **changes: Any) -> LedgerEntry | None:
        known = self._known()
        if self.destination.prepares and known is not None and known.on_forge:
            return known  # what is known of the request on the forge stays
        about = {"fingerprint": wanted.fingerprint, "title": wanted.title}
        return self.journal.note(wanted.identity, step, text, **about, **changes)

    def _outcome(self, state: OutcomeState, text: str) -> Outcome:
        request = self.request
        return Outcome(
            identity=self.identity,
            state=state,
            text=text,
            url=request.url if request is not None else "",
            number=request.number if request is not None else 0,
            superseded=tuple(self.superseded),
        )


def _as_request(other: OtherRequest) -> Request:
    return Request(
        number=other.number, url=other.url, state="open", branch="", head_sha="", header=None, title=other.title
    )
