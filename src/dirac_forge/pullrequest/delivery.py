"""The one path from a change to its pull request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dirac_forge import __version__
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.git import RefusedPushError
from dirac_forge.pullrequest.backoff import due
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.decision import Decision, WantedRequest, decide
from dirac_forge.pullrequest.destination import Destination, RepositoryPlace, Request, Sent, TakenError
from dirac_forge.pullrequest.headers import with_header
from dirac_forge.pullrequest.journal import Journal
from dirac_forge.pullrequest.lease import BusyError
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.making import MadeCommits, Remake, make, rebased, staged
from dirac_forge.pullrequest.notes import RERENDER, notes
from dirac_forge.pullrequest.outcome import Outcome, OutcomeState
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.pullrequest.smithy import Rerendered, Smithy
from dirac_forge.pullrequest.sqlite import LedgerError, LockedError
from dirac_forge.report.bump_reasons import skip_text

__all__ = ["Outcome", "Remake", "deliver"]

_OVER = ("finished",)
_LABEL = "automerge"
_LEFT = (
    "There is a newer version of this change, which is not pushed here: the branch has commits of others. "
    "Close this request to get a new one, or go on with it."
)


def deliver(
    change: Change,
    *,
    remake: Remake,
    destination: Destination,
    clones: Clones,
    ledger: Ledger,
    run: str,
    smithy: Smithy | None = None,
    automerge: bool = False,
    force: bool = False,
    on_step: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Bring a change to its place, whatever was done of it before: exactly one request in the end.

    `remake` decides again where the files are not what the change was made for. `automerge`: the caller found that it
    may be merged without a person looking. `force`: also before its next try is due, and also where a person closed
    it. `on_step` is called with a step's name right after it was carried out and before it is noted; a Lease's `renew`
    fits. Raises nothing but what `on_step` raises and what the ledger does: what is wrong with one change is its
    outcome.
    """
    delivery = _Delivery(
        destination=destination,
        clones=clones,
        journal=Journal(ledger=ledger, run=run, on_step=on_step),
        smithy=smithy,
        automerge=automerge,
        force=force,
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
    smithy: Smithy | None
    automerge: bool
    force: bool
    identity: Identity
    request: Request | None = None
    place: RepositoryPlace | None = None

    def of(self, change: Change, remake: Remake, *, again: bool = False) -> Outcome:
        """The whole path; a second time where the feedstock wants another version than the change has."""
        wanted = WantedRequest.of(change)
        self.identity = wanted.identity
        known = self._known()
        if known is not None and not self.force and not due(known.next_try, self.journal.ledger.now()):
            return self._outcome("waiting", f"the next try is at {known.next_try:%Y-%m-%d %H:%M} UTC: {known.error}")
        place = self.place = self.destination.place(wanted.identity)
        if place.archived:
            raise ForgeError(f"{place.full_name} is archived: nobody can change it")
        self._step("resolved")
        base = place.base(wanted.identity)
        requests = self.destination.requests(place, base, wanted.branch, beside=wanted.identity.kind == "bump")
        self._step("looked")
        decision = decide(wanted, requests, known, force=self.force)
        if settled := self._settled(wanted, decision, place):
            return settled
        tip = self.clones.refresh(place.full_name, place.url, base, default=place.default_branch)
        self._step("refreshed")
        fresh = rebased(change, self.clones, tip, remake)
        if isinstance(fresh, Skip):
            text = f"{place.full_name} moved on: {skip_text(fresh)}"
            self.journal.once(self.identity, "decided again", text)
            return self._outcome("skipped", text)
        if fresh is not change:
            wanted = WantedRequest.of(fresh)
            if wanted.identity != self.identity:
                if again:
                    raise UnknownError(f"{place.full_name} moves faster than it can be changed", hint="Try again.")
                self.journal.once(self.identity, "decided again", f"{place.full_name} moved on: {wanted.title}")
                return self.of(fresh, remake, again=True)
            decision = decide(wanted, requests, known, force=self.force)
            if settled := self._settled(wanted, decision, place):
                return settled
            self.journal.event(self.identity, "decided again", f"{place.full_name} moved on since it was looked at")
        return self._carry_out(wanted, decision, place, tip)

    def _settled(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace) -> Outcome | None:
        """The outcome where no commit is to be made."""
        request = self.request = decision.request
        if request is None and decision.act == "closed":
            known = self._known()
            return self._outcome("closed", f"it was taken back: {known.decided}" if known is not None else "")
        if request is None or decision.act in {"open", "update"}:
            return None
        if decision.act in {"merged", "closed"}:
            return self._over(wanted, decision, place, request)
        return self._finish(wanted, decision, place, request)

    def _carry_out(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, tip: Tip) -> Outcome:
        author, when = self.destination.author(), self.journal.ledger.now()
        made = make(wanted.change, self.clones, tip, smithy=self.smithy, author=author, when=when)
        self._step("committed")
        sent, made = self._send(wanted, place, tip, made)
        pushed = f"{sent.branch} at {sent.commit[:10]}"
        entry = self._note(
            wanted, "pushed", pushed, head=sent.branch, head_sha=sent.commit, repository=place.full_name,
            **({} if decision.act == "update" else {"state": "pushed", "number": 0, "url": ""}),
        )  # fmt: skip
        old = decision.request if decision.act == "update" else None
        if old is not None and _LABEL in old.labels:
            # It was for other commits; where it is to be there, it comes last.
            self.destination.label(place, old, _LABEL, on=False)
        body = self._body(wanted, made)
        request = self.request = self.destination.request(place, sent, title=wanted.title, body=body, old=old)
        what: OutcomeState = "updated" if old is not None else "opened"
        batch = entry.batch if old is not None and entry.batch else self.journal.run
        told = f"{request.url}: {wanted.title}"
        self._note(wanted, what, told, state="open", number=request.number, url=request.url, batch=batch, decided="")
        asked = made.rerendered is not None and made.rerendered.state != "done"
        gone = self._complete(wanted, decision, place, request, ask=asked)
        return self._outcome(what, f"{what}: {wanted.title}", superseded=gone)

    def _send(
        self, wanted: WantedRequest, place: RepositoryPlace, tip: Tip, made: MadeCommits
    ) -> tuple[Sent, MadeCommits]:
        known = self._known()
        head = known.head_sha if known is not None else ""
        sent = Sent(branch=wanted.branch, commit=made.last, base=tip.branch, base_commit=tip.commit)
        try:
            self.destination.send(place, tip, sent, known=head)
        except RefusedPushError as exc:
            # A token without the scope `workflow` may not push what a rerender changes in .github/workflows.
            if made.last == made.first or exc.cause != "workflow":
                raise
            ask = Rerendered(state="ask", text="the token may not change workflows")
            sent, made = replace(sent, commit=made.first), replace(made, last=made.first, rerendered=ask)
            self.destination.send(place, tip, sent, known=head)
        return sent, made

    def _finish(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, request: Request) -> Outcome:
        """It is open with the right commits: the text, and what a killed run may have left undone."""
        known, header = self._known(), request.header
        rerender = header.rerender if header is not None else ""
        state: OutcomeState = "unchanged"
        text = f"{request.name} is open and up to date"
        if decision.act == "edit_text":
            rerendered = Rerendered(state="ask") if rerender == "ask" else None
            body = self._body(wanted, MadeCommits(first="", last="", rerendered=rerendered), rerender=rerender)
            request = self.request = self.destination.edit_text(place, request, title=wanted.title, body=body)
            state, text = "updated", f"the text of {request.name} was brought up to date"
        about = {"state": "open", "number": request.number, "url": request.url, "head": request.branch}
        there = {**about, "fingerprint": wanted.fingerprint}
        if state == "updated" or known is None or any(getattr(known, name) != there[name] for name in there):
            batch = known.batch if known is not None and known.batch else self.journal.run
            told = f"{request.url}: {text}"
            self._note(
                wanted, "updated" if state == "updated" else "found", told,
                repository=place.full_name, batch=batch, **about,
            )  # fmt: skip
        ask = rerender == "ask" and (known is None or known.step not in _OVER)
        gone = self._complete(wanted, decision, place, request, ask=ask)
        return self._outcome(state, text, superseded=gone)

    def _complete(
        self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, request: Request, *, ask: bool
    ) -> tuple[str, ...]:
        """What comes after a request is open, each once: the rerender, older requests, and the label last."""
        if ask:
            self.destination.say(place, request, RERENDER, mark=f"rerender {wanted.mark}")
            self._note(wanted, "asked", "conda-forge's service was asked to rerender")
        for older in decision.older:
            self._supersede(wanted, place, request, older)
        if self.automerge and place.may_label and _LABEL not in request.labels:
            self.destination.label(place, request, _LABEL, on=True)
            self._note(wanted, "labelled", f"{_LABEL} was put on it")
        known = self._known()
        if known is None or known.step not in _OVER or known.error or known.attempts:
            self._note(wanted, "finished", "", attempts=0, error="", next_try=None)
        return tuple(older.url for older in decision.older)

    def _supersede(self, wanted: WantedRequest, place: RepositoryPlace, request: Request, older: Request) -> None:
        if older.header is None:
            return
        identity = older.header.identity
        known = self.journal.ledger.entry(identity)
        untouched = known is not None and bool(known.head_sha) and known.head_sha == older.head_sha
        text = f"Superseded by {request.name}: {wanted.title}"
        self.destination.close(place, older, text, mark="superseded", keep_branch=not untouched)
        self.journal.note(
            identity, "superseded", f"{older.url}: {text}", state="superseded", decided=text,
            number=older.number, url=older.url, head=older.branch,
        )  # fmt: skip

    def _over(self, wanted: WantedRequest, decision: Decision, place: RepositoryPlace, request: Request) -> Outcome:
        """It is decided, by people."""
        known = self._known()
        about: dict[str, Any] = {"number": request.number, "url": request.url, "head": request.branch}
        if decision.act == "merged":
            text = f"{request.name} is merged"
            if known is None or known.state not in {"merged", "done"}:
                self._note(wanted, "merged", f"{request.url}: {text}", state="merged", **about)
            for older in decision.older:
                self._supersede(wanted, place, request, older)
            return self._outcome("merged", text, superseded=tuple(older.url for older in decision.older))
        text = request.closed or f"{request.name} was closed"
        if known is not None and known.state == "retracted" and known.fingerprint == wanted.fingerprint:
            return self._outcome("closed", f"it was taken back: {known.decided}")
        if known is None or known.state != "closed-by-person" or known.decided != text:
            told = f"{text}: it is not opened again until something changes"
            self._note(wanted, "closed", told, state="closed-by-person", decided=text, **about)
        return self._outcome("closed", f"{text}, and nothing has changed since")

    def left(self, exc: TakenError) -> Outcome:
        """Somebody else's commits are on the branch: it is theirs."""
        known = self._known()
        if self.place is not None and self.request is not None:
            self.destination.say(self.place, self.request, _LEFT, mark="left")
        if known is None or known.error != exc.message:
            self.journal.note(self.identity, "left", exc.message, error=exc.message)
        return self._outcome("left", exc.message)

    def failed(self, exc: ForgeError | OSError) -> Outcome:
        """An answer was no, or there was none."""
        error = self.journal.failed(self.identity, exc)
        state: OutcomeState = "unknown" if isinstance(exc, (UnknownError, OSError)) else "failed"
        return replace(self._outcome(state, error.message), error=error)

    def _body(self, wanted: WantedRequest, made: MadeCommits, *, rerender: str | None = None) -> str:
        if rerender is None:
            rerender = "" if made.rerendered is None else "done" if made.rerendered.state == "done" else "ask"
        end = notes(
            rerendered=made.rerendered,
            lints=made.lints,
            unlinted=made.unlinted,
            automerge=self.automerge,
        )
        header = wanted.header(rerender=rerender, version=__version__)
        return with_header(wanted.change.body.rstrip("\n") + "\n", header, end=end)

    def _known(self) -> LedgerEntry | None:
        return self.journal.ledger.entry(self.identity)

    def _step(self, name: str) -> None:
        self.journal.on_step(name)

    def _note(self, wanted: WantedRequest, step: str, text: str, **changes: Any) -> LedgerEntry:
        what = {"fingerprint": wanted.fingerprint, "title": wanted.title}
        return self.journal.note(wanted.identity, step, text, **what, **changes)

    def _outcome(self, state: OutcomeState, text: str, *, superseded: tuple[str, ...] = ()) -> Outcome:
        request = self.request
        return Outcome(
            identity=self.identity,
            state=state,
            text=text,
            url=request.url if request is not None else "",
            number=request.number if request is not None else 0,
            superseded=superseded,
        )
