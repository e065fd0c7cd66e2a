"""GitHub's JSON as the values of `forge`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, TypeVar

from dirac_forge.pullrequest.forge import CheckReport, Checks, Comment, PullRequest, Repo
from dirac_forge.pullrequest.github.answers import NonsenseError
from dirac_forge.untrusted import time_from
from dirac_forge.values import dataclass

T = TypeVar("T")
_LONGEST_NAME = 100
_RED = frozenset({"failure", "timed_out", "cancelled", "action_required", "startup_failure", "stale"})


def understood(about: str, make: Callable[[Any], T], content: object) -> T:
    """Return what `make` makes of an answer's content; raises NonsenseError if something it needs is not there."""
    try:
        return make(content)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise NonsenseError(
            f"{about}: GitHub's answer does not match its API description ({type(error).__name__}: {str(error)[:80]})",
            hint="Try again later; if it persists, this version of GitHub is not supported.",
        ) from error


def repo(content: Any) -> Repo:
    """Return a repository from `full-repository`."""
    may = content.get("permissions") or {}
    parent = content.get("parent") or {}
    return Repo(
        full_name=_text(content["full_name"]),
        default_branch=_text(content["default_branch"]),
        clone_url=_text(content["clone_url"]),
        archived=bool(content.get("archived")),
        permission=(
            "admin"
            if may.get("admin")
            else "write"
            if may.get("push") or may.get("maintain")
            else "triage"
            if may.get("triage")
            else "read"
        ),
        parent=_text(parent.get("full_name", "")),
    )


def owner_kind(content: Any) -> tuple[str, str]:
    """Return the owner's login, and whether it is a User, an Organization or a Bot."""
    return _text(content["owner"]["login"]), _text(content["owner"]["type"])


def pull_request(content: Any, *, closed_by: str = "") -> PullRequest:
    """Return a pull request from `pull-request` or `pull-request-simple`; who closed it is in another answer."""
    head = content["head"]
    return PullRequest(
        number=int(content["number"]),
        url=_text(content["html_url"]),
        state=_state(content),
        title=_text(content["title"]),
        body=content.get("body") or "",
        head=_text(head.get("label") or head["ref"]),
        head_sha=_text(head["sha"]),
        base=_text(content["base"]["ref"]),
        labels=tuple(_text(each["name"]) for each in content.get("labels") or ()),
        author=login(content.get("user")),
        draft=bool(content.get("draft")),
        created=time_from(content["created_at"]),
        updated=time_from(content["updated_at"]),
        closed=_moment(content.get("closed_at")),
        closed_by=closed_by or login(content.get("merged_by")),
        merge_commit=(content.get("merge_commit_sha") or "") if content.get("merged_at") else "",
        conflicts=content.get("mergeable") is False,
    )


def _state(content: Any) -> Literal["open", "closed", "merged"]:
    if content.get("merged_at"):
        return "merged"
    return "open" if content["state"] == "open" else "closed"


def _moment(text: Any) -> datetime | None:
    return time_from(text) if text else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """An issue that is not a pull request."""

    number: int
    url: str
    title: str
    body: str


def issue(content: Any) -> Issue | None:
    """Return an issue from `issue`; None for a pull request."""
    if "pull_request" in content:
        return None
    return Issue(
        number=int(content["number"]),
        url=_text(content["html_url"]),
        title=_text(content["title"]),
        body=content.get("body") or "",
    )


def given(owner: str, content: Any) -> str:
    """Return the label or reviewer that an event of an issue is about (teams as `owner/team`); "" for other events."""
    match content["event"]:
        case "labeled":
            return _text(content["label"]["name"])
        case "review_requested":
            team = content.get("requested_team")
            return f"{owner}/{_text(team['slug'])}" if team else login(content.get("requested_reviewer"))
        case _:
            return ""


def comment(content: Any) -> Comment:
    """Return a comment from `issue-comment`."""
    return Comment(
        author=login(content.get("user")),
        body=content.get("body") or "",
        created=time_from(content["created_at"]),
    )


def login(user: Any) -> str:
    """Return the name of a user who may be gone."""
    return _text(user["login"]) if user else ""


def checks(runs: list[Any], combined: Any) -> CheckReport:
    """Return the verdict of all: one failure is enough for red, and whatever still runs makes the rest pending."""
    found = [(str(each.get("name", "")), _verdict(each["status"], each.get("conclusion"))) for each in runs]
    found += _statuses(combined)
    verdicts = {verdict for _, verdict in found}
    order: tuple[Checks, ...] = ("red", "pending", "green")
    return CheckReport(
        verdict=next((worst for worst in order if worst in verdicts), "none"),
        failing=tuple(dict.fromkeys(_line(name) for name, verdict in found if verdict == "red" and _line(name))),
    )


def _statuses(combined: Any) -> list[tuple[str, str]]:
    """Return the statuses of a commit, by name; first the verdict of all, which has none."""
    if not combined["total_count"]:
        return []
    told = combined.get("statuses") or ()
    return [
        ("", _STATUSES.get(combined["state"], "red")),
        *((str(each.get("context", "")), _STATUSES.get(each["state"], "red")) for each in told),
    ]


_STATUSES = {"success": "green", "pending": "pending"}


def _line(name: str) -> str:
    return " ".join(name.split())[:_LONGEST_NAME]


def _verdict(status: str, conclusion: str | None) -> str:
    if status != "completed":
        return "pending"
    return "red" if conclusion in _RED else "green"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
