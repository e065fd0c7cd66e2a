"""Open pull requests: their fate, those to close, and those that may be merged automatically."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Literal

from dirac_forge.bot.automerge import LABEL, automerge
from dirac_forge.bot.connections import Connections
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.outcomes import failure
from dirac_forge.bot.proposed import Decider, ProposedChange
from dirac_forge.bot.relearning import relearn_requests
from dirac_forge.bot.release_lines import CurrentLine
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.proposals.outcome_reasons import (
    ArchivedRepository,
    ClosedRequest,
    IgnoredVersion,
    MergedRequest,
    OutcomeReason,
)
from dirac_forge.proposals.review_reasons import AutomergeReason, DraftRequest, ForeignCommits, LabelRemoved
from dirac_forge.pullrequest.delivery import Outcome
from dirac_forge.pullrequest.destination import Request
from dirac_forge.pullrequest.following import mark, observed_request, relearn, withdraw
from dirac_forge.pullrequest.forge import CheckReport, Forge, OwnRequest, PullRequest, Repo
from dirac_forge.pullrequest.github_destination import SERVICES
from dirac_forge.pullrequest.lease import BusyError
from dirac_forge.pullrequest.records import Identity, LedgerEntry, State
from dirac_forge.pullrequest.refusals import ArchivedError, ForgeRefusedError
from dirac_forge.pullrequest.sqlite import LedgerError, LockedError
from dirac_forge.report.bot_words import closing_words, reason_code, worded

OPEN_STATES: tuple[State, ...] = ("pushed", "open")
"""States of changes whose branch is on the forge, with or without a request."""
FATAL = (BusyError, LedgerError, LockedError)
"""Errors that end a run: the ledger can't be used, or another bot took over."""
_OVER: tuple[State, ...] = ("merged", "done", "closed-by-person", "superseded", "retracted")
_NO_COMMIT = "-"
_TIDIED_FOR = timedelta(days=14)
_MAY_LABEL = frozenset({"triage", "write", "admin"})
_BECAME: dict[str, Literal["merged", "closed"]] = {
    "merged": "merged",
    "done": "merged",
    "closed-by-person": "closed",
    "superseded": "closed",
    "retracted": "closed",
}


@dataclass(kw_only=True)
class OpenRequests:
    """The open requests of one run."""

    connections: Connections
    log: RunLog
    decider: Decider | None = None
    """None if requests are only observed."""
    mark_withdrawn: bool = False
    """Whether the request for a release that upstream took back is marked, not closed."""
    _repositories: dict[str, Repo] = field(default_factory=dict)

    def there(self) -> tuple[LedgerEntry, ...]:
        """Return the ledger's entries that are open at this destination."""
        return tuple(
            entry
            for entry in self.connections.ledger.entries(states=self.connections.open_states)
            if self.connections.belongs_here(entry)
        )

    def relearnt(self, lines: Iterable[CurrentLine]) -> list[Outcome]:
        """Fill a new ledger with our open requests to these lines, and return those that could not be asked for."""

        def one(looked: CurrentLine) -> Outcome | None:
            name, branch = looked.line.name, looked.branch
            connections, about = self.connections, Identity(feedstock=name, branch=branch, kind="bump", key="")
            try:
                relearn(name, branch, destination=connections.destination, ledger=connections.ledger, run=self.log.run)
            except FATAL:
                raise
            except UnknownError as error:
                return failure(about, error)
            except ForgeError as error:
                self.log.say("learnt", error.message, about=about)
            return None

        found = self.connections.executor.map(one, [looked for looked in lines if looked.state == "read"])
        return [outcome for outcome in found if outcome is not None]

    def observed(self) -> list[Outcome]:
        """Read the state of each open request, and return what changed and what is not known."""
        self._learn_in_a_new_ledger()
        found = self._each(self.there(), self._observed)
        self._tidy()
        return found

    def _learn_in_a_new_ledger(self) -> None:
        """Note our open requests in a ledger that is used for the first time: another may have been lost."""
        connections = self.connections
        if connections.forge is not None and connections.many and len(connections.ledger.runs(last=2)) == 1:
            try:
                relearn_requests(self.connections, run=self.log.run)
            except UnknownError as error:
                self.log.say("learnt", error.message)

    def _tidy(self) -> None:
        """Delete the branches of requests that are over, once; also those that a killed run left."""
        ledger = self.connections.ledger
        recent = ledger.now() - _TIDIED_FOR
        over = [
            entry
            for entry in ledger.entries(states=_OVER)
            if entry.number
            and entry.tidied != (entry.head_sha or _NO_COMMIT)
            and entry.updated is not None
            and entry.updated > recent
        ]
        if self.connections.forge is not None:
            self._each(over, self._delete_branch)

    def finish(self) -> None:
        """Mark merged changes as done once the channel has their packages."""
        for entry in self.connections.ledger.entries(states=("merged",)):
            if self.decider is not None and self.decider.arrived(entry.identity):
                self.connections.ledger.done(entry.identity)
                self.log.note("done", "the channel has it", about=entry.identity)

    def ignored(self, identity: Identity) -> Outcome | None:
        """Close the open request of a version that people ignore; return None if there is none."""
        entry = self.connections.ledger.entry(identity)
        if entry is None or entry.state not in self.connections.open_states:
            return None

        text = "Closed because this version is ignored on the bot's dashboard."
        (outcome,) = self._each([entry], lambda each: self._withdrawn(each, text=text, reason=IgnoredVersion()))
        return outcome

    def settled(self, wanted: Sequence[ProposedChange], leave: Collection[Identity]) -> list[Outcome]:
        """Close requests that are not needed any more, and label those that may merge automatically, except `leave`."""
        mine = {one.identity: one for one in wanted}
        there = [entry for entry in self.there() if entry.identity not in leave]
        found = self._each([entry for entry in there if entry.identity not in mine], self._closed)
        if self.connections.forge is not None:
            forge = self.connections.forge
            found += self._each(
                [entry for entry in there if entry.identity in mine and entry.number],
                lambda entry: self._labelled(entry, mine[entry.identity], forge),
            )
        return found

    def _each(self, entries: Iterable[LedgerEntry], act: Callable[[LedgerEntry], Outcome | None]) -> list[Outcome]:
        def one(entry: LedgerEntry) -> Outcome | None:
            try:
                return act(entry)
            except FATAL:
                raise
            except ArchivedError:
                reason = ArchivedRepository(repository=entry.repository, open_request=True)
                return Outcome(identity=entry.identity, state="left", reason=reason, url=entry.url, number=entry.number)
            except ForgeError as error:
                outcome = failure(entry.identity, error, url=entry.url, number=entry.number)
                self.log.note(outcome.state, error.message, about=entry.identity)
                return outcome

        return [outcome for outcome in self.connections.executor.map(one, entries) if outcome is not None]

    def _observed(self, entry: LedgerEntry) -> Outcome | None:
        found, request = observed_request(
            entry, destination=self.connections.destination, ledger=self.connections.ledger, run=self.log.run
        )
        state = _BECAME.get(found.state)
        if state is None:
            self._note_checks(found, request)
            return None
        closed = state == "closed"
        reason = ClosedRequest(how=found.decided) if closed else MergedRequest(name=f"#{found.number}")
        self.log.say(found.state, worded(reason), about=entry.identity, url=found.url)
        return Outcome(identity=entry.identity, state=state, reason=reason, url=found.url, number=found.number)

    def _delete_branch(self, entry: LedgerEntry) -> None:
        """Delete the branch of a request that is merged or closed, unless somebody added commits."""
        forge = self.connections.forge
        if forge is not None and entry.head and entry.repository:
            try:
                repo = self._repository(entry.repository, forge)
                pull = forge.pull_request(repo, entry.number)
                mine = pull.head.lower() == f"{forge.owner()}:{entry.head}".lower()
                if mine and pull.state != "open" and pull.head_sha == entry.head_sha and not repo.archived:
                    forge.delete_branch(forge.fork(repo), entry.head)
            except ForgeRefusedError as refused:
                self.log.say("tidied", refused.message, about=entry.identity)
        self.log.journal.note(entry.identity, entry.step, "", tidied=entry.head_sha or _NO_COMMIT)

    def _note_checks(self, entry: LedgerEntry, request: Request | None) -> None:
        """Note which checks failed on the last commit of an open request, and whether it has conflicts."""
        forge = self.connections.forge
        if forge is None or not entry.number or not entry.repository:
            return
        report = self._checks(entry, request.head_sha if request is not None else "", forge)
        conflicts = request is not None and request.conflicts
        checks = entry.checks if report.verdict == "pending" else "\n".join(_failing(report))
        seen = replace(entry, checks=checks, conflicts=conflicts)
        if seen != entry:
            text = f"{entry.url}: {seen.trouble}" if seen.trouble else ""
            self.log.journal.note(entry.identity, "checked", text, checks=checks, conflicts=conflicts)

    def _checks(self, entry: LedgerEntry, commit: str, forge: Forge) -> CheckReport:
        """Return the checks of a commit; of many requests, only where an overview of all says that some failed."""
        known = self._overview.get((entry.repository.lower(), entry.number))
        if known is not None and known.head_sha == commit and not known.red:
            return CheckReport(verdict="pending" if known.pending else "none")
        return forge.checks(self._repository(entry.repository, forge), commit) if commit else CheckReport()

    @cached_property
    def _overview(self) -> dict[tuple[str, int], OwnRequest]:
        """Our open requests by repository and number, or {} if the forge can't tell for all at once."""
        forge = self.connections.forge if self.connections.many else None
        try:
            found = forge.own_requests() if forge is not None else None
        except UnknownError:
            found = None
        return {(each.repository.lower(), each.number): each for each in found or ()}

    def _closed(self, entry: LedgerEntry) -> Outcome | None:
        """Close a request that is not needed any more."""
        unneeded = self.decider.current(entry.identity) if self.decider is not None else None
        if unneeded is None:
            return None
        withdrawn = unneeded.why == "withdrawn"
        marked = withdrawn and self.mark_withdrawn
        connections, text = self.connections, closing_words(unneeded, marked=marked)
        if marked:
            mark(entry, destination=connections.destination, ledger=connections.ledger, run=self.log.run, text=text)
            return Outcome(
                identity=entry.identity, state="unchanged", reason=unneeded, url=entry.url, number=entry.number
            )
        return self._withdrawn(entry, text=text, reason=unneeded, again=True)

    def _withdrawn(self, entry: LedgerEntry, *, text: str, reason: OutcomeReason, again: bool = False) -> Outcome:
        """Close a request with a comment of this text, or take it out of the outbox; return what became of it."""
        found = withdraw(
            entry,
            destination=self.connections.destination,
            ledger=self.connections.ledger,
            run=self.log.run,
            text=text,
            again=again,
        )
        if not entry.on_forge:
            return Outcome(identity=entry.identity, state="removed", reason=reason)
        return Outcome(identity=entry.identity, state="closed", reason=reason, url=found.url, number=found.number)

    def _labelled(self, entry: LedgerEntry, wanted: ProposedChange, forge: Forge) -> Outcome | None:
        if wanted.allowed is False:
            return None
        if wanted.review is not None:
            self._unlabelled(entry, wanted.review)
            return None
        repo = self._repository(entry.repository, forge)
        pull = forge.pull_request(repo, entry.number)
        if pull.draft:
            self._unlabelled(entry, DraftRequest())
            return None
        if pull.head_sha != entry.head_sha and not self._served(entry, pull, repo, forge):
            self._unlabelled(entry, ForeignCommits())
            return None
        verdict = automerge(
            entry.identity.kind,
            may_label=repo.permission in _MAY_LABEL,
            allowed=wanted.allowed,
            review=None,
            checks=forge.checks(repo, pull.head_sha).verdict,
            labelled=LABEL in pull.labels,
        )
        if verdict.label and self._unlabelled_by_people(entry, pull, repo, forge):
            self._unlabelled(entry, LabelRemoved())
        elif verdict.label:
            forge.label(repo, entry.number, LABEL)
            self.log.note(LABEL, f"{worded(verdict.reason)}: {pull.head_sha}", about=entry.identity)
        else:
            self._unlabelled(entry, verdict.reason)
        return None

    def _unlabelled(self, entry: LedgerEntry, reason: AutomergeReason) -> None:
        """Log why a request does not get the label."""
        self.log.say("automerge", worded(reason), about=entry.identity, reason_code=reason_code(reason))

    def _unlabelled_by_people(self, entry: LedgerEntry, pull: PullRequest, repo: Repo, forge: Forge) -> bool:
        """Whether the label was put on these commits before: then somebody took it off, and that holds.

        Later commits are another matter: conda-forge's service takes the label off for them.
        """
        identity = entry.identity
        about = (identity.branch, identity.kind, identity.key)
        events = self.connections.ledger.events(feedstock=identity.feedstock)
        mine = [each for each in events if (each.branch, each.kind, each.key) == about]
        if any(each.step == "pushed" for each in mine):
            return any(each.step == LABEL and pull.head_sha in each.text for each in mine)
        # A ledger that was lost: whoever put it there, it was there.
        try:
            return LABEL in forge.was_given(repo, entry.number)
        except ForgeRefusedError:
            return False

    def _served(self, entry: LedgerEntry, pull: PullRequest, repo: Repo, forge: Forge) -> bool:
        """Whether everything that was pushed after us is by conda-forge's services: a rerender that we asked for."""
        clones = self.connections.clones
        tip = clones.refresh(repo.full_name, repo.clone_url, pull.base, default=repo.default_branch)
        for commit in clones.log(tip, forge.fork(repo).clone_url, entry.head):
            if commit.commit == entry.head_sha:
                return True
            if commit.name not in SERVICES:
                return False
        return False

    def _repository(self, full_name: str, forge: Forge) -> Repo:
        if full_name not in self._repositories:
            self._repositories[full_name] = forge.repository(full_name)
        return self._repositories[full_name]


def _failing(report: CheckReport) -> tuple[str, ...]:
    """Return the names of the checks that failed, as far as they are known."""
    return report.failing or (("a check",) if report.verdict == "red" else ())
