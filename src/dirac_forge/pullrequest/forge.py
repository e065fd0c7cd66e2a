"""The interface of a forge (GitHub), as far as this project uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from dirac_forge.values import dataclass

Checks = Literal["green", "red", "pending", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckReport:
    """The verdict of all checks on a commit, and the names of those that failed."""

    verdict: Checks = "none"
    failing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BranchHead:
    """A branch and its newest commit."""

    branch: str
    commit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnRequest:
    """An open request of the token's owner, as an overview of all shows it."""

    repository: str
    """`owner/name`."""
    number: int
    branch: str
    head_sha: str
    state: str
    """Another text after each change: commits, comments, labels, checks."""
    red: bool = False
    """Whether some check of its last commit failed."""
    pending: bool = False
    """Whether some check has not ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Repo:
    """A repository, under the name that it has now: the forge follows renames."""

    full_name: str
    """`owner/name`."""
    default_branch: str
    clone_url: str
    """For git over HTTPS; never with credentials."""
    archived: bool = False
    permission: Literal["none", "read", "triage", "write", "admin"] = "read"
    """What the token's owner may do."""
    parent: str = ""
    """`owner/name` of what it is a fork of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """A pull request and its current state."""

    number: int
    url: str
    """For people."""
    state: Literal["open", "closed", "merged"]
    title: str
    body: str
    head: str
    """`owner:branch`."""
    head_sha: str
    base: str
    """The branch that it goes to."""
    labels: tuple[str, ...] = ()
    author: str = ""
    draft: bool = False
    created: datetime
    updated: datetime
    closed: datetime | None = None
    closed_by: str = ""
    """Login, where the forge gives it; else ""."""
    merge_commit: str = ""
    conflicts: bool = False
    """Whether the forge says that it can't be merged; False also where it does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A comment on a pull request or issue."""

    author: str
    body: str
    created: datetime


class Forge(Protocol):
    """What is asked of a forge. Each call raises UnknownError if the forge can't be reached or is out of order,
    RefusedError and its kin (`refusals`) where it says no; a change that may have happened before an answer was lost
    is looked up before it is tried again.
    """

    def git_environment(self) -> Mapping[str, str]:
        """Return what git needs in its environment to fetch from the forge and push to it.

        It is read again each time, because tokens expire, and given to no other program.
        """
        ...

    def login(self) -> str:
        """Return the account of the token."""
        ...

    def owner(self) -> str:
        """Return the account whose forks carry our branches: usually the token's owner."""
        ...

    def repository(self, full_name: str) -> Repo:
        """Return a repository; raises NotFoundError if there is none (or none that may be seen)."""
        ...

    def fork(self, repo: Repo) -> Repo:
        """Return the token owner's fork, made and waited for if there is none; `repo` itself where it is theirs."""
        ...

    def wait_for(self, repo: Repo) -> Repo:
        """Return a fork that is being made, once it is ready."""
        ...

    def pull_requests(
        self, repo: Repo, *, state: Literal["open", "closed", "all"] = "open", head: str = "", base: str = ""
    ) -> Iterator[PullRequest]:
        """Yield pull requests, newest first; pages are read as they are needed."""
        ...

    def pull_request(self, repo: Repo, number: int) -> PullRequest:
        """Return one pull request, with who closed it."""
        ...

    def open(
        self,
        repo: Repo,
        *,
        head: str,
        base: str,
        title: str,
        body: str,
        maintainer_can_modify: bool = True,
        draft: bool = False,
    ) -> PullRequest:
        """Return a new pull request, or the open one that there is from `head` (`owner:branch`) to `base` already."""
        ...

    def was_given(self, repo: Repo, number: int) -> frozenset[str]:
        """Return the labels that a request was given, and the users and teams (`organisation/team`) asked to review it.

        By anybody and at any time, even if somebody took them off again.
        """
        ...

    def ask_for_review(self, repo: Repo, number: int, reviewers: Sequence[str]) -> None:
        """Ask users and teams (`organisation/team`) to review a request."""
        ...

    def edit(self, repo: Repo, number: int, *, title: str = "", body: str = "", state: str = "") -> PullRequest:
        """Change title, body or state (`open`, `closed`) of a request; "" leaves it as it is."""
        ...

    def comments(self, repo: Repo, number: int) -> Iterator[Comment]:
        """Yield the comments, oldest first."""
        ...

    def comment(self, repo: Repo, number: int, body: str) -> None:
        """Say something on a pull request or issue."""
        ...

    def label(self, repo: Repo, number: int, name: str) -> None:
        """Put a label on it."""
        ...

    def unlabel(self, repo: Repo, number: int, name: str) -> None:
        """Take a label off it; a missing one is fine."""
        ...

    def checks(self, repo: Repo, sha: str) -> CheckReport:
        """Return the verdict of all check runs and commit statuses on a commit."""
        ...

    def heads(self, wanted: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], BranchHead] | None:
        """Return the newest commits of branches (repository and branch, "" for the default one), with few requests.

        None if the forge can't be asked for many at once; what is not there is left out.
        """
        ...

    def own_requests(self) -> tuple[OwnRequest, ...] | None:
        """Return the open requests of the token's owner, or None if the forge can't be asked for all at once."""
        ...

    def delete_branch(self, repo: Repo, branch: str) -> None:
        """Remove a branch; one that is gone is fine."""
        ...

    def own_issue(self, repo: Repo, title: str) -> str:
        """Return the body of our open issue of this title, or "" if there is none."""
        ...

    def keep_issue(self, repo: Repo, *, title: str, body: str) -> str:
        """Give our open issue of this title another body, or open it; its URL."""
        ...

    def issue(self, repo: Repo, *, title: str, body: str) -> str:
        """Open an issue, or find the open one of the same title and author; its URL."""
        ...
