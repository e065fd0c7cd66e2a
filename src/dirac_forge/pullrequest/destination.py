"""Where changes go: to a forge, or to an outbox for somebody to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from dirac_forge.feedstock.change import Change
from dirac_forge.pullrequest.clones import Author, Tip
from dirac_forge.pullrequest.headers import Header

__all__ = ["Destination", "Place", "Request", "Sent"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The repository that a change is for, as it is called now."""

    full_name: str
    """`owner/name`."""
    url: str
    """For git, without credentials."""
    default_branch: str = ""
    """"" where only git can tell."""
    owner: str = ""
    """Whose branches carry our changes; "" in the outbox."""
    archived: bool = False
    token_may_label: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One of our own requests, as it stands."""

    number: int
    """0 in the outbox."""
    url: str
    state: Literal["open", "closed", "merged"]
    title: str
    body: str
    branch: str
    """The one that carries it."""
    head_sha: str
    base: str
    header: Header
    labels: tuple[str, ...] = ()
    closed_by: str = ""
    by_us: bool = False
    """It was closed by us, not by a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A branch that is there now."""

    head_sha: str
    head: str
    """`owner:branch`."""


class Destination(Protocol):
    """What a delivery needs of it. Every call is idempotent."""

    name: str
    """`github` or `outbox`."""

    def place(self, change: Change) -> Place:
        """Where it goes; raises MissingError where there is no such repository."""
        ...

    def author(self) -> Author:
        """Who our commits are by."""
        ...

    def environment(self) -> Mapping[str, str]:
        """What git needs in its environment to reach the place."""
        ...

    def open_requests(self, place: Place, base: str) -> tuple[Request, ...]:
        """Our own open ones to a branch."""
        ...

    def past_requests(self, place: Place, base: str, branch: str) -> tuple[Request, ...]:
        """Our own closed and merged ones from a branch of that name, newest first."""
        ...

    def send(self, place: Place, tip: Tip, commit: str, branch: str) -> Sent:
        """Push commits to a branch of ours; one that has commits of a person is left: raises TakenError."""
        ...

    def request(self, place: Place, sent: Sent, *, base: str, title: str, body: str, old: Request | None) -> Request:
        """Open a request, or bring the open one up to date."""
        ...

    def ask_rerender(self, place: Place, request: Request, sha: str) -> bool:
        """Ask conda-forge's service to rerender, once for each commit; False where nobody can be asked."""
        ...

    def label(self, place: Place, request: Request, name: str, *, on: bool) -> None:
        """Put a label on it, or take it off."""
        ...

    def close(self, place: Place, request: Request, *, text: str, keep_branch: bool) -> None:
        """Close it, saying why."""
        ...
