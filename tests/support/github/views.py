"""The local GitHub's JSON: of GitHub's own shapes what a client of pull requests reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from support.github.state import RIGHTS, CheckRun, Comment, Repository, Status, Ticket, User

__all__ = ["check_run", "comment", "issue", "pull", "repository", "status", "user"]

Json = dict[str, Any]


def moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def user(of: User, site: str) -> Json:
    return {
        "login": of.login,
        "id": of.id,
        "type": of.kind,
        "html_url": f"{site}/{of.login}",
        "url": f"{site}/api/v3/users/{of.login}",
        "site_admin": False,
    }


def repository(of: Repository, owner: User, site: str, right: str, parent: Json | None = None) -> Json:
    level = RIGHTS.index(right)
    shape: Json = {
        "id": of.id,
        "name": of.name,
        "full_name": of.full_name,
        "owner": user(owner, site),
        "private": of.private,
        "fork": bool(of.parent),
        "archived": of.archived,
        "default_branch": of.default_branch,
        "html_url": f"{site}/{of.full_name}",
        "url": f"{site}/api/v3/repos/{of.full_name}",
        "clone_url": f"{site}/{of.full_name}.git",
        "permissions": {
            "admin": level >= 4,
            "maintain": level >= 4,
            "push": level >= 3,
            "triage": level >= 2,
            "pull": level >= 1,
        },
    }
    if parent is not None:
        shape["parent"] = shape["source"] = parent
    return shape


def event(what: str, of: str, actor: User, site: str) -> Json:
    """An event of an issue; the name of a team begins with `@`."""
    shape: Json = {
        "id": 1,
        "node_id": "e",
        "url": f"{site}/api/v3/events/1",
        "actor": user(actor, site),
        "event": what,
        "commit_id": None,
        "commit_url": None,
        "created_at": moment(0.0),
        "performed_via_github_app": None,
    }
    if what == "labeled":
        return {**shape, "label": {"name": of, "color": "ededed"}}
    if of.startswith("@"):
        return {**shape, "review_requester": user(actor, site), "requested_team": {"slug": of[1:], "name": of[1:]}}
    return {**shape, "review_requester": user(actor, site), "requested_reviewer": user(User(login=of, id=2), site)}


def labels(of: Ticket, site: str) -> list[Json]:
    return [
        {
            "id": 1,
            "name": name,
            "color": "ededed",
            "default": False,
            "description": "",
            "url": f"{site}/labels/{name}",
        }
        for name in of.labels
    ]


def ticket(of: Ticket, repo: Repository, author: User, site: str) -> Json:
    what = "pull" if of.pull else "issues"
    return {
        "id": repo.id * 100_000 + of.number,
        "number": of.number,
        "state": of.state,
        "locked": False,
        "title": of.title,
        "body": of.body or None,
        "user": user(author, site),
        "labels": labels(of, site),
        "html_url": f"{site}/{repo.full_name}/{what}/{of.number}",
        "created_at": moment(of.created),
        "updated_at": moment(of.updated),
        "closed_at": moment(of.closed),
    }


def issue(of: Ticket, repo: Repository, author: User, closed_by: User | None, site: str) -> Json:
    shape = ticket(of, repo, author, site)
    shape["closed_by"] = None if closed_by is None else user(closed_by, site)
    shape["comments"] = len(of.comments)
    if of.pull is not None:
        shape["pull_request"] = {
            "url": f"{site}/api/v3/repos/{repo.full_name}/pulls/{of.number}",
            "html_url": shape["html_url"],
            "diff_url": f"{shape['html_url']}.diff",
            "patch_url": f"{shape['html_url']}.patch",
            "merged_at": moment(of.pull.merged),
        }
    return shape


def pull(
    of: Ticket,
    repo: Repository,
    *,
    author: User,
    merged_by: User | None,
    base_sha: str,
    site: str,
    whole: bool,
    mergeable: bool | None,
) -> Json:
    """`whole`: as it is answered for one pull request, not in a list."""
    assert of.pull is not None
    shape = ticket(of, repo, author, site)
    shape |= {
        "draft": of.pull.draft,
        "merged_at": moment(of.pull.merged),
        "merge_commit_sha": of.pull.merge_commit or None,
        "head": {
            "label": of.head,
            "ref": of.pull.head_ref,
            "sha": of.pull.head_sha,
        },
        "base": {"label": f"{repo.owner}:{of.pull.base_ref}", "ref": of.pull.base_ref, "sha": base_sha},
    }
    if whole:
        shape |= {
            "merged": of.pull.merged is not None,
            "mergeable": mergeable,
            "merged_by": None if merged_by is None else user(merged_by, site),
            "maintainer_can_modify": of.pull.maintainer_can_modify,
            "comments": len(of.comments),
        }
    return shape


def comment(of: Comment, author: User, site: str) -> Json:
    return {
        "id": of.id,
        "body": of.body,
        "user": user(author, site),
        "html_url": f"{site}/comments/{of.id}",
        "created_at": moment(of.created),
        "updated_at": moment(of.created),
    }


def check_run(of: CheckRun, sha: str) -> Json:
    return {
        "id": of.id,
        "name": of.name,
        "head_sha": sha,
        "status": of.status,
        "conclusion": of.conclusion if of.status == "completed" else None,
    }


def status(of: Status) -> Json:
    return {"context": of.context, "state": of.state}
