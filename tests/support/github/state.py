"""What the local GitHub remembers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "RIGHTS", "App", "CheckRun", "Comment", "Fault", "Limit", "Pull", "Repository", "Request", "Status", "Ticket",
    "Token", "User",
]  # fmt: skip

RIGHTS = ("none", "read", "triage", "write", "admin")
Right = Literal["none", "read", "triage", "write", "admin"]


@dataclass(kw_only=True)
class User:
    """Somebody with a login."""

    id: int
    login: str
    kind: Literal["User", "Organization", "Bot"] = "User"
    members: set[str] = field(default_factory=set)
    """Logins, of an organisation."""


@dataclass(kw_only=True)
class Token:
    """What lets somebody in."""

    login: str
    expires: float | None = None
    installation: str = ""
    """The account that the app is installed on."""


@dataclass(kw_only=True)
class App:
    """A GitHub App: who holds its key gets tokens for the accounts that it is installed on."""

    id: int
    slug: str
    public_key: str
    installations: dict[int, str] = field(default_factory=dict)
    """Id to account."""


@dataclass(kw_only=True)
class Comment:
    """What somebody said."""

    id: int
    author: str
    body: str
    created: float


@dataclass(kw_only=True)
class CheckRun:
    """A check run on a commit."""

    id: int
    name: str
    status: str = "completed"
    conclusion: str | None = "success"


@dataclass(kw_only=True)
class Status:
    """A commit status."""

    context: str
    state: str


@dataclass(kw_only=True)
class Pull:
    """What an issue has more where it is a pull request."""

    head_owner: str
    head_repo: int
    head_ref: str
    head_sha: str
    base_ref: str
    maintainer_can_modify: bool = False
    draft: bool = False
    reviewers: list[str] = field(default_factory=list)
    merged: float | None = None
    merged_by: str = ""
    merge_commit: str = ""
    published: str = ""
    """The commit that `refs/pull/<number>/head` of the bare repository has."""


@dataclass(kw_only=True)
class Ticket:
    """An issue or a pull request: they share numbers, labels and comments."""

    number: int
    title: str
    body: str
    author: str
    created: float
    updated: float
    state: Literal["open", "closed"] = "open"
    closed: float | None = None
    closed_by: str = ""
    labels: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    given: list[tuple[str, str]] = field(default_factory=list)
    """What happened to labels and reviewers: `labeled` or `review_requested`, and whom or what it was about."""
    pull: Pull | None = None

    @property
    def head(self) -> str:
        """`owner:branch` of a pull request."""
        return f"{self.pull.head_owner}:{self.pull.head_ref}" if self.pull else ""


@dataclass(kw_only=True)
class Repository:
    """A repository; its branches are those of the bare one on disk."""

    id: int
    owner: str
    name: str
    default_branch: str = "main"
    archived: bool = False
    private: bool = False
    parent: int = 0
    permissions: dict[str, Right] = field(default_factory=dict)
    """By login, what is more than reading."""
    polls_left: int = 0
    """How often somebody must ask before a new fork is there."""
    elsewhere: str = ""
    """The URL that git is sent to."""
    tickets: dict[int, Ticket] = field(default_factory=dict)
    check_runs: dict[str, list[CheckRun]] = field(default_factory=dict)
    statuses: dict[str, list[Status]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def pulls(self) -> list[Ticket]:
        """Its pull requests, oldest first."""
        return [each for each in self.tickets.values() if each.pull is not None]


@dataclass(kw_only=True)
class Limit:
    """At most `most` requests in `window` seconds; windows start with the first request in them."""

    most: int
    window: float
    spent: int = 0
    reset: float = 0.0

    def take(self, now: float) -> bool:
        """Count one request; whether it is within the limit."""
        if now >= self.reset:
            self.spent, self.reset = 0, now + self.window
        self.spent += 1
        return self.spent <= self.most


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with the `nth` request (and `times` in all) whose method and path match."""

    method: str = ".*"
    path: str = ".*"
    """A pattern for the whole path, without `/api/v3` and the query."""
    nth: int = 1
    times: int = 1
    act: bool = False
    """Do first what was asked."""
    status: int = 0
    """What is answered; 0: the connection breaks without a word."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"message": "Server Error"}'
    hang: float = 0.0
    """Seconds before that."""
    seen: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is hit; each match is counted."""
        if not (re.fullmatch(self.method, method) and re.fullmatch(self.path, path)):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that came, and what was answered."""

    method: str
    path: str
    """Without `/api/v3` and the query, with the canonical name where a repository's number was asked for."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: object
    """The JSON of the body; None where there is none."""
    status: int
    answer: object
    """The JSON of the answer; None where there is none or a fault struck."""

    @property
    def line(self) -> str:
        """Method and path, for assertions."""
        return f"{self.method} {self.path}"
