"""What the local GitHub does for each method and path of its REST API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from support.github import bare, views
from support.github.state import RIGHTS, Pull, Repository, Ticket, Token

if TYPE_CHECKING:
    from support.github.site import Site

__all__ = ["Call", "Refusal", "route"]

Json = dict[str, Any]
_LONGEST_BODY = 65_536


class Refusal(Exception):  # noqa: N818  # the word for it
    """GitHub says no."""

    def __init__(
        self, status: int, message: str, *, errors: list[Json] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: Json = {
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
        }
        if status != 422:
            self.body["status"] = str(status)
        if errors is not None:
            self.body["errors"] = errors


@dataclass(kw_only=True)
class Call:
    """A request on its way, and what is answered to it."""

    github: Site
    query: Mapping[str, str]
    body: Json
    token: Token | None
    jwt: str = ""
    """The app that signed a JSON web token, by its id."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def login(self) -> str:
        if self.token is None:
            raise Refusal(401, "Requires authentication")
        return self.token.login

    def right(self, repo: Repository) -> str:
        return "read" if self.token is None else self.github.right(self.token, repo)

    def need(self, repo: Repository, right: str, *, author: str = "") -> None:
        """Raise where the token may not do it; an author may do it to their own."""
        login = self.login
        if repo.archived:
            raise Refusal(403, "Repository was archived so is read-only.")
        if RIGHTS.index(self.right(repo)) < RIGHTS.index(right) and login != author:
            raise Refusal(403, "Resource not accessible by personal access token")

    def repo(self, owner: str, name: str) -> Repository:
        found = self.github.find(f"{owner}/{name}")
        if found is None or (found.private and self.right(found) == "none"):
            raise Refusal(404, "Not Found")
        if found.polls_left:
            found.polls_left -= 1
            raise Refusal(404, "Not Found")
        return found

    def ticket(self, owner: str, name: str, number: str) -> tuple[Repository, Ticket]:
        repo = self.repo(owner, name)
        found = repo.tickets.get(int(number))
        if found is None:
            raise Refusal(404, "Not Found")
        self.github.refresh(repo, found)
        return repo, found

    def pages(self, path: str, items: Iterable[Json], *, more: Mapping[str, str] | None = None) -> list[Json]:
        """One page of the items, and a Link header to the others."""
        everything = list(items)
        size = max(1, min(int(self.query.get("per_page", "30")), 100, self.github.largest_page))
        page = max(1, int(self.query.get("page", "1")))
        last = max(1, -(-len(everything) // size))
        rest = "&".join(f"{name}={value}" for name, value in self.query.items() if name != "page")
        links = []
        for word, number in (("next", page + 1), ("last", last)):
            if page < last:
                links.append(f'<{self.github.api_url}{path}?{rest}{"&" if rest else ""}page={number}>; rel="{word}"')
        if links:
            self.headers["Link"] = ", ".join(links)
        return everything[(page - 1) * size : page * size]


Action = Callable[..., object]
_ROUTES: list[tuple[str, re.Pattern[str], Action]] = []


def on(method: str, template: str) -> Callable[[Action], Action]:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template).replace("(?P<ref>[^/]+)", "(?P<ref>.+)"))

    def known(action: Action) -> Action:
        _ROUTES.append((method, pattern, action))
        return action

    return known


def route(call: Call, method: str, path: str) -> object:
    """The JSON of the answer; raises Refusal."""
    for wanted, pattern, action in _ROUTES:
        if wanted == method and (match := pattern.fullmatch(path)):
            return action(call, **{name: unquote(value) for name, value in match.groupdict().items()})
    raise Refusal(404, "Not Found")


@on("GET", "/user")
def whoami(call: Call) -> object:
    if call.token is not None and call.token.installation:
        raise Refusal(403, "Resource not accessible by integration")
    return views.user(call.github.users[call.login], call.github.url)


@on("GET", "/users/{login}")
def user(call: Call, login: str) -> object:
    found = call.github.users.get(login)
    if found is None:
        raise Refusal(404, "Not Found")
    return views.user(found, call.github.url)


@on("GET", "/rate_limit")
def rate_limit(call: Call) -> object:
    limit = call.github.limit
    core = {"limit": limit.most, "used": limit.spent, "remaining": max(0, limit.most - limit.spent)}
    core["reset"] = int(limit.reset)
    return {"resources": {"core": core, "search": core}, "rate": core}


@on("GET", "/app")
def app(call: Call) -> object:
    if not call.jwt:
        raise Refusal(401, "A JSON web token could not be decoded")
    found = call.github.apps[call.jwt]
    return {"id": found.id, "slug": found.slug, "name": found.slug}


@on("GET", "/app/installations")
def installations(call: Call) -> object:
    if not call.jwt:
        raise Refusal(401, "A JSON web token could not be decoded")
    found = call.github.apps[call.jwt].installations
    return call.pages(
        "/app/installations",
        (
            {"id": each, "app_id": int(call.jwt), "account": views.user(call.github.users[account], call.github.url)}
            for each, account in found.items()
        ),
    )


@on("POST", "/app/installations/{id}/access_tokens")
def access_token(call: Call, id: str) -> object:  # noqa: A002
    if not call.jwt:
        raise Refusal(401, "A JSON web token could not be decoded")
    found = call.github.apps[call.jwt]
    account = found.installations.get(int(id))
    if account is None:
        raise Refusal(404, "Not Found")
    call.status = 201
    expires = call.github.clock() + call.github.token_seconds
    value = call.github.new_token(f"{found.slug}[bot]", expires=expires, installation=account)
    return {"token": value, "expires_at": views.moment(expires), "permissions": {"contents": "write"}}


@on("GET", "/repos/{owner}/{name}")
def repository(call: Call, owner: str, name: str) -> object:
    return call.github.repository_view(call.repo(owner, name), call.token)


@on("POST", "/repos/{owner}/{name}/forks")
def fork(call: Call, owner: str, name: str) -> object:
    repo = call.repo(owner, name)
    account = call.body.get("organization") or (call.token.installation if call.token else "") or call.login
    if repo.owner == account:
        raise Refusal(403, "You cannot fork your own repository")
    organisation = call.github.users[account]
    if account != call.login and call.login not in organisation.members and account != call.token.installation:  # type: ignore[union-attr]
        raise Refusal(403, "You don't have permission to create forks in this organization")
    call.status = 202
    return call.github.repository_view(call.github.fork(repo, account), call.token)


@on("GET", "/repos/{owner}/{name}/pulls")
def pulls(call: Call, owner: str, name: str) -> object:
    repo = call.repo(owner, name)
    for each in repo.pulls:
        call.github.refresh(repo, each)
    state, head, base = (call.query.get(each, "") for each in ("state", "head", "base"))
    found = [
        each
        for each in repo.pulls
        if each.pull is not None
        and (state == "all" or each.state == (state or "open"))
        and (":" not in head or _is_head(each, head))
        and (not base or each.pull.base_ref == base)
    ]
    if call.query.get("sort") == "updated":
        found.sort(key=lambda each: each.updated)
    if call.query.get("direction", "desc") == "desc":
        found.reverse()
    path = f"/repositories/{repo.id}/pulls"
    return call.pages(path, (call.github.pull_view(repo, each, whole=False) for each in found))


@on("GET", "/repos/{owner}/{name}/pulls/{number}")
def pull(call: Call, owner: str, name: str, number: str) -> object:
    repo, found = call.ticket(owner, name, number)
    if found.pull is None:
        raise Refusal(404, "Not Found")
    return call.github.pull_view(repo, found, whole=True)


@on("POST", "/repos/{owner}/{name}/pulls")
def open_pull(call: Call, owner: str, name: str) -> object:
    repo = call.repo(owner, name)
    call.need(repo, "read")
    github, body = call.github, call.body
    _fill(body, "PullRequest", "title", "head", "base")
    head_owner, colon, head_ref = body["head"].partition(":")
    if not colon:
        head_owner, head_ref = repo.owner, body["head"]
    head_repo = github.in_network(repo, head_owner)
    head_sha = bare.branches(github.path(head_repo.full_name)).get(head_ref) if head_repo else None
    if head_repo is None or head_sha is None:
        raise Refusal(422, "Validation Failed", errors=[_invalid("PullRequest", "head")])
    base_sha = bare.branches(github.path(repo.full_name)).get(body["base"])
    if base_sha is None:
        raise Refusal(422, "Validation Failed", errors=[_invalid("PullRequest", "base")])
    # Not said, it is as if it was true where it can be.
    modify = bool(body.get("maintainer_can_modify", github.users[head_owner].kind == "User"))
    if modify and head_repo is not repo and github.users[head_owner].kind != "User":
        said = "fork_collab Fork collab can't be granted by someone without permission"
        raise _custom("PullRequest", said, field="fork_collab")
    head = f"{head_owner}:{head_ref}"
    for each in repo.pulls:
        if each.state == "open" and each.pull and (each.head, each.pull.base_ref) == (head, body["base"]):
            raise _custom("PullRequest", f"A pull request already exists for {head}.")
    if not bare.ahead(github.path(repo.full_name), base_sha, head_sha, github.path(head_repo.full_name)):
        raise _custom("PullRequest", f"No commits between {body['base']} and {head}")
    made = github.new_ticket(repo, title=body["title"], body=body.get("body") or "", author=call.login)
    made.pull = Pull(
        head_owner=head_owner,
        head_repo=head_repo.id,
        head_ref=head_ref,
        head_sha=head_sha,
        base_ref=body["base"],
        maintainer_can_modify=modify and head_repo is not repo,
        draft=bool(body.get("draft", False)),
    )
    call.status = 201
    return github.pull_view(repo, made, whole=True)


@on("POST", "/repos/{owner}/{name}/pulls/{number}/requested_reviewers")
def ask_for_review(call: Call, owner: str, name: str, number: str) -> object:
    repo, found = call.ticket(owner, name, number)
    if found.pull is None:
        raise Refusal(404, "Not Found")
    call.need(repo, "read")
    for login in call.body.get("reviewers", []):
        right = call.github.right(Token(login=login), repo)
        if login == found.author or login not in call.github.users or right in ("none", "read"):
            raise Refusal(422, "Reviews may only be requested from collaborators.")
        found.pull.reviewers.append(login)
    found.pull.reviewers += call.body.get("team_reviewers", [])
    asked = (*call.body.get("reviewers", []), *(f"@{team}" for team in call.body.get("team_reviewers", [])))
    found.given += [("review_requested", each) for each in asked]
    call.status = 201
    return call.github.pull_view(repo, found, whole=False)


@on("PATCH", "/repos/{owner}/{name}/pulls/{number}")
def edit_pull(call: Call, owner: str, name: str, number: str) -> object:
    repo, found = call.ticket(owner, name, number)
    if found.pull is None:
        raise Refusal(404, "Not Found")
    call.need(repo, "triage", author=found.author)
    _check_body(call.body, "PullRequest")
    state = call.body.get("state", found.state)
    if state not in ("open", "closed"):
        raise Refusal(422, "Validation Failed", errors=[_invalid("PullRequest", "state")])
    if state == "open" and found.state == "closed":
        if found.pull.merged is not None:
            raise _custom("PullRequest", "state cannot be changed. The pull request cannot be reopened.", field="state")
        head_repo = call.github.by_id(found.pull.head_repo)
        if head_repo is None or found.pull.head_ref not in bare.branches(call.github.path(head_repo.full_name)):
            said = f"state cannot be changed. The {found.pull.head_ref} branch has been deleted."
            raise _custom("PullRequest", said, field="state")
        found.closed, found.closed_by = None, ""
    if state == "closed" and found.state == "open":
        found.closed, found.closed_by = call.github.clock(), call.login
    found.state = state
    found.title = call.body.get("title", found.title)
    found.body = call.body.get("body", found.body) or ""
    found.updated = call.github.clock()
    return call.github.pull_view(repo, found, whole=True)


@on("GET", "/repos/{owner}/{name}/issues")
def issues(call: Call, owner: str, name: str) -> object:
    repo = call.repo(owner, name)
    state, creator = call.query.get("state", "open"), call.query.get("creator", "")
    found = [
        each
        for each in repo.tickets.values()
        if (state in ("all", each.state)) and (not creator or each.author == creator)
    ]
    path = f"/repositories/{repo.id}/issues"
    return call.pages(path, (call.github.issue_view(repo, each) for each in reversed(found)))


@on("GET", "/repos/{owner}/{name}/issues/{number}")
def issue(call: Call, owner: str, name: str, number: str) -> object:
    repo, found = call.ticket(owner, name, number)
    return call.github.issue_view(repo, found)


@on("POST", "/repos/{owner}/{name}/issues")
def open_issue(call: Call, owner: str, name: str) -> object:
    repo = call.repo(owner, name)
    call.need(repo, "read")
    _fill(call.body, "Issue", "title")
    made = call.github.new_ticket(repo, title=call.body["title"], body=call.body.get("body") or "", author=call.login)
    call.status = 201
    return call.github.issue_view(repo, made)


@on("PATCH", "/repos/{owner}/{name}/issues/{number}")
def edit_issue(call: Call, owner: str, name: str, number: str) -> object:
    repo, found = call.ticket(owner, name, number)
    call.need(repo, "triage", author=found.author)
    _check_body(call.body, "Issue")
    found.body = call.body.get("body", found.body) or ""
    found.state = call.body.get("state", found.state)
    found.updated = call.github.clock()
    return call.github.issue_view(repo, found)


@on("GET", "/repos/{owner}/{name}/issues/{number}/comments")
def comments(call: Call, owner: str, name: str, number: str) -> object:
    repo, found = call.ticket(owner, name, number)
    since = call.query.get("since", "")
    said = [each for each in found.comments if (views.moment(each.created) or "") >= since]
    path = f"/repositories/{repo.id}/issues/{number}/comments"
    return call.pages(path, (call.github.comment_view(each) for each in said))


@on("POST", "/repos/{owner}/{name}/issues/{number}/comments")
def say(call: Call, owner: str, name: str, number: str) -> object:
    repo, found = call.ticket(owner, name, number)
    call.need(repo, "read")
    _fill(call.body, "IssueComment", "body")
    made = call.github.add_comment(found, call.login, call.body["body"])
    call.status = 201
    return call.github.comment_view(made)


@on("POST", "/repos/{owner}/{name}/issues/{number}/labels")
def label(call: Call, owner: str, name: str, number: str) -> object:
    repo, found = call.ticket(owner, name, number)
    call.need(repo, "triage")
    for each in call.body.get("labels", []):
        if each not in found.labels:
            found.labels.append(each)
            found.given.append(("labeled", each))
    found.updated = call.github.clock()
    return views.labels(found, call.github.url)


@on("GET", "/repos/{owner}/{name}/issues/{number}/events")
def issue_events(call: Call, owner: str, name: str, number: str) -> object:
    repo, found = call.ticket(owner, name, number)
    path = f"/repositories/{repo.id}/issues/{number}/events"
    about = call.github.users[found.author]
    return call.pages(path, (views.event(what, of, about, call.github.url) for what, of in found.given))


@on("DELETE", "/repos/{owner}/{name}/issues/{number}/labels/{label}")
def unlabel(call: Call, owner: str, name: str, number: str, label: str) -> object:
    repo, found = call.ticket(owner, name, number)
    call.need(repo, "triage")
    if label not in found.labels:
        raise Refusal(404, "Label does not exist")
    found.labels.remove(label)
    found.updated = call.github.clock()
    return views.labels(found, call.github.url)


@on("GET", "/repos/{owner}/{name}/commits/{sha}/check-runs")
def check_runs(call: Call, owner: str, name: str, sha: str) -> object:
    repo = call.repo(owner, name)
    runs = repo.check_runs.get(sha, [])
    path = f"/repositories/{repo.id}/commits/{sha}/check-runs"
    return {"total_count": len(runs), "check_runs": call.pages(path, (views.check_run(each, sha) for each in runs))}


@on("GET", "/repos/{owner}/{name}/commits/{sha}/status")
def combined_status(call: Call, owner: str, name: str, sha: str) -> object:
    repo = call.repo(owner, name)
    found = repo.statuses.get(sha, [])
    states = {each.state for each in found}
    verdict = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    path = f"/repositories/{repo.id}/commits/{sha}/status"
    shown = call.pages(path, map(views.status, found))
    return {"state": verdict, "sha": sha, "total_count": len(found), "statuses": shown}


@on("DELETE", "/repos/{owner}/{name}/git/refs/heads/{ref}")
def delete_branch(call: Call, owner: str, name: str, ref: str) -> object:
    repo = call.repo(owner, name)
    call.need(repo, "write")
    if ref not in bare.branches(call.github.path(repo.full_name)):
        raise Refusal(422, "Reference does not exist")
    bare.git(call.github.path(repo.full_name), "update-ref", "-d", f"refs/heads/{ref}")
    call.status = 204
    return None


@on("GET", "/repos/{owner}/{name}/git/ref/heads/{ref}")
def branch(call: Call, owner: str, name: str, ref: str) -> object:
    repo = call.repo(owner, name)
    sha = bare.branches(call.github.path(repo.full_name)).get(ref)
    if sha is None:
        raise Refusal(404, "Not Found")
    return {"ref": f"refs/heads/{ref}", "object": {"type": "commit", "sha": sha}}


@on("POST", "/graphql")
def graphql(call: Call) -> object:
    query = call.body.get("query", "")
    if re.sub(r"\s", "", query) in ("{viewer{login}}", "query{viewer{login}}"):
        return {"data": {"viewer": {"login": call.login}}}
    if not call.github.graphql:
        raise Refusal(404, "Not Found")
    if "viewer { pullRequests(" in query:
        return {"data": {"viewer": {"pullRequests": _own_requests(call, query)}}}
    found = {match[1]: _head(call, *match.groups()[1:]) for match in _HEADS.finditer(query)}
    if not found:
        raise Refusal(400, "This GraphQL knows a few queries only")
    return {"data": found}


_HEADS = re.compile(
    r'(r\d+): repository\(owner: "([^"]*)", name: "([^"]*)"\) \{ isArchived head: '
    r'(?:defaultBranchRef|ref\(qualifiedName: "refs/heads/([^"]*)"\)) \{ name target \{ oid \} \} \}'
)


def _head(call: Call, owner: str, name: str, branch: str | None) -> object:
    repo = call.github.find(f"{owner}/{name}")
    if repo is None:
        return None
    ref = branch or repo.default_branch
    sha = bare.branches(call.github.path(repo.full_name)).get(ref)
    return {"isArchived": repo.archived, "head": None if sha is None else {"name": ref, "target": {"oid": sha}}}


def _own_requests(call: Call, query: str) -> object:
    nodes = []
    for repo in list(call.github.repositories.values()):
        for each in repo.pulls:
            if each.author != call.login or each.state != "open" or each.pull is None:
                continue
            call.github.refresh(repo, each)
            states = {run.conclusion for run in repo.check_runs.get(each.pull.head_sha, [])}
            rollup = {"state": "FAILURE" if "failure" in states else "SUCCESS"} if states else None
            nodes.append(
                {
                    "number": each.number,
                    "updatedAt": views.moment(each.updated),
                    "headRefName": each.pull.head_ref,
                    "headRefOid": each.pull.head_sha,
                    "baseRepository": {"nameWithOwner": repo.full_name},
                    "commits": {"nodes": [{"commit": {"statusCheckRollup": rollup}}]},
                }
            )
    size = re.search(r"first: (\d+)", query)
    after = re.search(r'after: "(\d+)"', query)
    start = int(after[1]) if after else 0
    end = start + int(size[1] if size else 100)
    return {"pageInfo": {"hasNextPage": end < len(nodes), "endCursor": str(end)}, "nodes": nodes[start:end]}


def _is_head(ticket: Ticket, head: str) -> bool:
    owner, _, branch = head.partition(":")
    pull = ticket.pull
    return pull is not None and pull.head_owner.lower() == owner.lower() and pull.head_ref == branch


def _fill(body: Json, resource: str, *names: str) -> None:
    for name in names:
        if not body.get(name):
            raise Refusal(
                422, "Validation Failed", errors=[{"resource": resource, "code": "missing_field", "field": name}]
            )
    _check_body(body, resource)


def _check_body(body: Json, resource: str) -> None:
    if len(body.get("body") or "") > _LONGEST_BODY:
        raise _custom(resource, f"body is too long (maximum is {_LONGEST_BODY} characters)", field="body")
    if len(body.get("title") or "") > 256:
        raise _custom(resource, "title is too long (maximum is 256 characters)", field="title")


def _invalid(resource: str, name: str) -> Json:
    return {"resource": resource, "code": "invalid", "field": name}


def _custom(resource: str, message: str, *, field: str = "") -> Refusal:
    error: Json = {"resource": resource, "code": "custom", "message": message}
    if field:
        error["field"] = field
    return Refusal(422, "Validation Failed", errors=[error])
