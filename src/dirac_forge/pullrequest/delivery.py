"""The one path from a change to its pull request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.proposals.outcome_reasons import (
    ArchivedRepository,
    FeedstockMovedOn,
    NextTry,
)
from dirac_forge.pullrequest.backoff import due
from dirac_forge.pullrequest.clones import Clones
from dirac_forge.pullrequest.completing import finish
from dirac_forge.pullrequest.decision import Decision, WantedRequest, decide
from dirac_forge.pullrequest.delivery_state import DeliveryOptions, DeliveryState, Prepared
from dirac_forge.pullrequest.destination import Destination, RepositoryPlace, Request, TakenError
from dirac_forge.pullrequest.faults import environment_fault
from dirac_forge.pullrequest.journal import Journal
from dirac_forge.pullrequest.lease import BusyError
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.making import Remake, rebased, staged
from dirac_forge.pullrequest.others import OtherRequest
from dirac_forge.pullrequest.outcome import Outcome, OutcomeState
from dirac_forge.pullrequest.records import Identity
from dirac_forge.pullrequest.sending import carry_out
from dirac_forge.pullrequest.settling import conflicting, left_closed, left_to_others, merged
from dirac_forge.pullrequest.sqlite import LedgerError, LockedError
from dirac_forge.report.bot_words import worded
from dirac_forge.report.foreign import quiet

__all__ = ["DeliveryOptions", "Outcome", "Prepared", "Remake", "deliver"]

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
            return self.outcome("unknown" if fresh.kind == "unknown" else "skipped", reason)
        if fresh is change:
            return carry_out(self, wanted, decision, place, tip)
        wanted = WantedRequest.of(fresh)
        if wanted.identity != self.identity:
            if again:
                raise UnknownError(f"{place.full_name} changes faster than it can be edited", hint="Try again.")
            self.journal.once(self.identity, "decided again", f"{place.full_name} has changed: {wanted.title}")
            return self.of(fresh, remake, again=True)
        decision = self._decided(wanted, requests, place, base)
        if settled := self._settled(wanted, decision, place, remake):
            return settled
        self.journal.event(self.identity, "decided again", f"{place.full_name} changed since it was read")
        return carry_out(self, wanted, decision, place, tip)

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
            self.journal.event(self.identity, "again", "its checks failed, and the feedstock has changed since")
            return replace(decision, act="update")
        return decision

    def _beside(self, wanted: WantedRequest, place: RepositoryPlace) -> tuple[OtherRequest, ...]:
        """Return the request that we opened if it is not ours any more: another account, or another base."""
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
                return finish(self, wanted, decision, place, request)

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

    def archived(self, place: RepositoryPlace) -> Outcome:
        """Leave an archived feedstock alone: that is not a failure, and is asked again with the next run."""
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
