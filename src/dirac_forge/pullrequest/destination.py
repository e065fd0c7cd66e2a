"""The destinations of changes: a forge, or an outbox to review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from dirac_forge.errors import ForgeError
from dirac_forge.pullrequest.clones import Author, Tip
from dirac_forge.pullrequest.headers import Header
from dirac_forge.pullrequest.making import MadeCommits
from dirac_forge.pullrequest.others import OtherRequest
from dirac_forge.pullrequest.records import Identity
from dirac_forge.values import dataclass

WITHDRAWN = "[withdrawn] "
"""Marks the title of a request for a release that upstream took back."""
Closing = Literal["superseded", "retracted"]


class TakenError(ForgeError):
    """A branch of ours has commits of someone else, which a push would remove."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryPlace:
    """The repository that a change is for, as it is called now."""

    full_name: str
    """`owner/name`."""
    url: str
    """For git, without credentials."""
    default_branch: str = ""
    """"" if only git can tell."""
    archived: bool = False
    may_label: bool = True
    """Whether labels can be put on requests there."""

    def base(self, identity: Identity) -> str:
        """Return the branch that a change goes to: `main` is the default branch, whatever it is called there."""
        return self.default_branch or "main" if identity.branch == "main" else identity.branch


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One of our requests and its current state."""

    number: int
    """0 in the outbox."""
    url: str
    """For people; a folder in the outbox."""
    state: Literal["open", "closed", "merged"]
    branch: str
    """The one that carries it."""
    head_sha: str
    header: Header | None
    """None if somebody took it out of the body."""
    title: str = ""
    body: str = ""
    labels: tuple[str, ...] = ()
    draft: bool = False
    author: str = ""
    conflicts: bool = False
    """Whether the forge says that it can't be merged as it is."""
    closed: str = ""
    """When, and by whom, in words."""
    closing: Closing | None = None
    """Why we closed it, or None if a person did, or it is not closed."""

    @property
    def by_us(self) -> bool:
        """Whether it was closed because another took its place, by no person's decision."""
        return self.closing == "superseded"

    @property
    def withdrawn(self) -> bool:
        """Whether its title says that upstream took the release back."""
        return self.title.startswith(WITHDRAWN)

    @property
    def name(self) -> str:
        """In words: `#12`, or the folder."""
        return f"#{self.number}" if self.number else self.url


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A branch that is there now."""

    branch: str
    commit: str
    base: str
    """The branch that it is to go to, and the commit that it is on."""
    base_commit: str
    made: MadeCommits
    draft: bool = False
    """Whether its request is to be a draft."""


class Destination(Protocol):
    """A destination of deliveries. Each call is idempotent, and raises UnknownError if there is no answer."""

    prepares: bool
    """Whether changes are only prepared, for somebody to look at: an outbox."""

    def place(self, identity: Identity) -> RepositoryPlace:
        """Return where it goes; raises NotFoundError or MissingError if there is no such repository."""
        ...

    def author(self) -> Author:
        """Return the author of our commits."""
        ...

    def requests(self, place: RepositoryPlace, base: str, branch: str, *, beside: bool) -> tuple[Request, ...]:
        """Return our own requests to `base` from `branch`, newest first, an open one before all others.

        With `beside`, also our open ones from other branches.
        """
        ...

    def others(self, place: RepositoryPlace, base: str, identity: Identity) -> tuple[OtherRequest, ...]:
        """Open requests to `base` that are not ours and make the same change."""
        ...

    def send(self, place: RepositoryPlace, tip: Tip, sent: Sent, *, known: str) -> None:
        """Bring a commit of the clone to its branch. `known` is what we sent there last ("": not known).

        Raises TakenError if someone else's commits are there, RefusedPushError if it isn't taken.
        """
        ...

    def request(self, place: RepositoryPlace, sent: Sent, *, title: str, body: str, old: Request | None) -> Request:
        """Open a request for what was sent, or bring the open one up to date."""
        ...

    def edit_text(self, place: RepositoryPlace, request: Request, *, title: str, body: str) -> Request:
        """Write another title and body for an open request."""
        ...

    def say(self, place: RepositoryPlace, request: Request, text: str, *, mark: str) -> bool:
        """Comment once for each mark; return whether the comment exists: locked requests take none."""
        ...

    def has_said(self, place: RepositoryPlace, request: Request, *, mark: str) -> bool:
        """Whether there is a comment of ours with this mark."""
        ...

    def has_foreign_commits(self, place: RepositoryPlace, request: Request) -> bool:
        """Whether someone else, no service of conda-forge's, has committed to its branch."""
        ...

    def label(self, place: RepositoryPlace, request: Request, name: str, *, on: bool) -> None:
        """Put a label on it, or take it off."""
        ...

    def was_given(self, place: RepositoryPlace, request: Request) -> frozenset[str]:
        """Return the labels and reviewers that a request ever had, also those that were removed."""
        ...

    def ask_for_review(self, place: RepositoryPlace, request: Request, reviewers: Sequence[str]) -> None:
        """Ask users and teams to review it."""
        ...

    def by_number(self, place: RepositoryPlace, number: int, branch: str) -> Request | None:
        """Return the request that had this number and branch when it was opened, by whatever account."""
        ...

    def close(self, place: RepositoryPlace, request: Request, text: str, *, mark: Closing, keep_branch: bool) -> None:
        """Close it, saying why; `mark` shows later whether it may be opened again."""
        ...
