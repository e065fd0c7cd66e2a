"""GitHub as a forge, through its REST API."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, TypeVar

from dirac_forge.errors import InputError, UnknownError
from dirac_forge.http import Http
from dirac_forge.progress import Observer, Silent
from dirac_forge.pullrequest.credentials import git_environment
from dirac_forge.pullrequest.forge import BranchHead, CheckReport, Comment, OwnRequest, PullRequest, Repo
from dirac_forge.pullrequest.github import shapes
from dirac_forge.pullrequest.github.api import Api, graphql_of, path_of, site_of
from dirac_forge.pullrequest.github.issues import GitHubIssues, same_text
from dirac_forge.pullrequest.github.overview import GitHubOverview
from dirac_forge.pullrequest.github.rates import Clock, Pace
from dirac_forge.pullrequest.github.signin import Account, AppSignIn, TokenSignIn
from dirac_forge.pullrequest.refusals import (
    NO_ACCESS_HINT,
    ArchivedError,
    ConflictError,
    CredentialsError,
    NoAccessError,
    NoBranchError,
    NothingNewError,
    NotOnForgeError,
    ValidationError,
)
from dirac_forge.pullrequest.tokens import AppKey, Token

API_URL = "https://api.github.com"
_FULL_NAME = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9_.-]+")
_LONGEST_PAUSE = 15.0

T = TypeVar("T")


class GitHub:
    """A Forge on github.com or an Enterprise Server; safe to use from many threads."""

    def __init__(
        self,
        http: Http,
        credentials: Token | AppKey,
        *,
        api_url: str = API_URL,
        observer: Observer | None = None,
        clock: Clock | None = None,
        patience: float = 900.0,
        spacing: float = 1.0,
        fork_patience: float = 300.0,
        fork_owner: str = "",
    ) -> None:
        """`patience`: the longest wait for a rate limit, `spacing`: between two changes, `fork_patience`: for a fork,
        all in seconds; `fork_owner`: whose forks carry branches, an organisation for instance (default: the token's
        owner, or who installed the App).

        Raises InputError for an `api_url` that is not https.
        """
        self.site = site_of(api_url)
        api_url = api_url.rstrip("/")
        self._clock = clock or Clock()
        self._pace = Pace(clock=self._clock, observer=observer or Silent(), patience=patience, spacing=spacing)
        self._sign_in = (
            TokenSignIn(credentials)
            if isinstance(credentials, Token)
            else AppSignIn(credentials, http, api_url, pace=self._pace)
        )
        self._api = Api(http, api_url, token=self._sign_in.token, renew=self._sign_in.renew, pace=self._pace)
        self._overview = GitHubOverview(api=self._api, url=graphql_of(api_url))
        self._issues = GitHubIssues(api=self._api, login=self.login)
        self._fork_patience = fork_patience
        self._fork_owner = fork_owner
        self._lock = threading.Lock()
        self._known_account: Account | None = None
        self._kinds: dict[str, str] = {}

    def git_environment(self) -> Mapping[str, str]:
        """Return what git needs in its environment to fetch from and push to this GitHub; to be asked for each time."""
        return git_environment(self._sign_in.token(), self.site)

    def login(self) -> str:
        """Return the account of the token; `name[bot]` for an App."""
        return self._account().login

    def owner(self) -> str:
        """Return whose forks carry our branches: the requested account, the token's owner, or the App's installer.

        Raises CredentialsError.
        """
        owner = self._fork_owner or self._account().owner
        if owner.endswith("[bot]"):
            raise CredentialsError(
                f"the token belongs to {owner}, which can't have forks",
                hint="The token of an Actions job can't open requests elsewhere: make a classic token of an account "
                "for the bot, with the scopes `public_repo` and `workflow`, and use it as a secret.",
            )
        return owner

    def repository(self, full_name: str) -> Repo:
        """Return a repository under its name of now; raises NotFoundError."""
        if not _FULL_NAME.fullmatch(full_name) or full_name.endswith(("/.", "/..")):
            raise InputError(f"{full_name!r} is not the name of a repository, expected owner/name")
        return self._repo(self._api.get(path_of("/repos/{repo}", repo=full_name)))

    def fork(self, repo: Repo) -> Repo:
        """Return the fork, made and waited for if there is none.

        Raises ArchivedError if nothing could come of it, UnknownError if GitHub takes longer than the patience.
        """
        if repo.archived:
            raise ArchivedError(f"{repo.full_name} is archived: it takes no pull requests", status=403)
        owner = self.owner()
        if _same(repo.full_name.partition("/")[0], owner):
            return repo
        known = self._fork_named(f"{owner}/{repo.full_name.partition('/')[2]}", repo)
        if known is not None:
            return known
        # One that is there under another name is what is answered.
        path = path_of("/repos/{repo}/forks", repo=repo.full_name)
        body = {} if _same(owner, self.login()) else {"organization": owner}
        try:
            made = self._api.change("POST", path, body, make=partial(self._understood, path, shapes.repo))
        except NotOnForgeError as error:
            # The repository was read a moment ago.
            raise NoAccessError(
                f"{repo.full_name}: GitHub does not let this token make a fork for {owner} ({error.status})",
                hint=NO_ACCESS_HINT,
                status=error.status,
                said=error.said,
            ) from error
        return self._waited_for(made.full_name)

    def wait_for(self, repo: Repo) -> Repo:
        """Return a fork that GitHub makes in the background, once it is ready."""
        return self._waited_for(repo.full_name)

    def pull_requests(
        self, repo: Repo, *, state: Literal["open", "closed", "all"] = "open", head: str = "", base: str = ""
    ) -> Iterator[PullRequest]:
        """Yield pull requests, newest first; `head` is `owner:branch`."""
        path = path_of("/repos/{repo}/pulls", repo=repo.full_name)
        query = {"state": state, **({"head": head} if head else {}), **({"base": base} if base else {})}
        for each in self._api.pages(path, query):
            found = self._understood(path, shapes.pull_request, each)
            # A branch that GitHub can't read as `owner:branch` would not be heeded at all.
            if not head or _same_head(found.head, head):
                yield found

    def pull_request(self, repo: Repo, number: int) -> PullRequest:
        """Return one pull request, with who closed or merged it."""
        path = path_of("/repos/{repo}/pulls/{number}", repo=repo.full_name, number=number)
        content = self._api.get(path)
        found = self._understood(path, shapes.pull_request, content)
        if found.state != "closed":
            return found
        issue = self._api.get(path_of("/repos/{repo}/issues/{number}", repo=repo.full_name, number=number))
        closed_by = self._understood(path, lambda each: shapes.login(each.get("closed_by")), issue)
        return self._understood(path, partial(shapes.pull_request, closed_by=closed_by), content)

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
        """Return a new pull request, or the open one from `head` to `base`.

        Maintainers can be let in only to a fork that a person owns: elsewhere `maintainer_can_modify` is not asked for.
        Raises NothingNewError, NoBranchError, and ValidationError for what else GitHub does not accept.
        """
        path = path_of("/repos/{repo}/pulls", repo=repo.full_name)

        def there() -> PullRequest | None:
            return next(self.pull_requests(repo, head=head, base=base), None)

        def post(modify: bool) -> PullRequest:
            wanted = {"title": title, "head": head, "base": base, "body": body, "maintainer_can_modify": modify}
            wanted |= {"draft": True} if draft else {}
            return self._api.change(
                "POST", path, wanted, happened=there, make=partial(self._understood, path, shapes.pull_request)
            )

        modify = maintainer_can_modify and self._may_let_in(repo, head)
        try:
            try:
                return post(modify)
            except ValidationError as error:
                if not modify or "fork_collab" not in error.fields:
                    raise
                return post(False)
        except ValidationError as error:
            if error.problem == "exists" and (found := there()) is not None:
                return found
            raise _of_opening(error, repo, head, base) from None

    def edit(self, repo: Repo, number: int, *, title: str = "", body: str = "", state: str = "") -> PullRequest:
        """Change title, body or state of a request; what is "" stays."""
        path = path_of("/repos/{repo}/pulls/{number}", repo=repo.full_name, number=number)
        wanted = {name: value for name, value in (("title", title), ("body", body), ("state", state)) if value}
        return self._api.change("PATCH", path, wanted, make=partial(self._understood, path, shapes.pull_request))

    def comments(self, repo: Repo, number: int) -> Iterator[Comment]:
        """Yield the comments, oldest first."""
        return self._comments(repo, number, {})

    def comment(self, repo: Repo, number: int, body: str) -> None:
        """Say something, once."""
        path = path_of("/repos/{repo}/issues/{number}/comments", repo=repo.full_name, number=number)
        login = self.login()
        start = datetime.fromtimestamp(self._pace.now() - 1, UTC).replace(microsecond=0)

        def there() -> Comment | None:
            since = {"since": start.strftime("%Y-%m-%dT%H:%M:%SZ")}
            said = (each for each in self._comments(repo, number, since) if each.created >= start)
            return next((each for each in said if _same(each.author, login) and same_text(each.body, body)), None)

        make = partial(self._understood, path, shapes.comment)
        self._api.change("POST", path, {"body": body}, happened=there, make=make)

    def label(self, repo: Repo, number: int, name: str) -> None:
        """Put a label on a pull request or issue."""
        path = path_of("/repos/{repo}/issues/{number}/labels", repo=repo.full_name, number=number)
        self._api.change("POST", path, {"labels": [name]}, make=bool)

    def unlabel(self, repo: Repo, number: int, name: str) -> None:
        """Take a label off; one that is not there is fine."""
        path = path_of("/repos/{repo}/issues/{number}/labels/{name}", repo=repo.full_name, number=number, name=name)
        try:
            self._api.change("DELETE", path, make=bool)
        except NotOnForgeError as error:
            if error.problem != "no-label":
                raise

    def was_given(self, repo: Repo, number: int) -> frozenset[str]:
        """Return the labels and reviewers that a request ever had."""
        path = path_of("/repos/{repo}/issues/{number}/events", repo=repo.full_name, number=number)
        owner = repo.full_name.partition("/")[0]
        events = (self._understood(path, partial(shapes.given, owner), each) for each in self._api.pages(path))
        return frozenset(each for each in events if each)

    def ask_for_review(self, repo: Repo, number: int, reviewers: Sequence[str]) -> None:
        """Ask users and teams (`organisation/team`) to review a request."""
        path = path_of("/repos/{repo}/pulls/{number}/requested_reviewers", repo=repo.full_name, number=number)
        names = [name.removeprefix("@") for name in reviewers]
        wanted = {
            "reviewers": [name for name in names if "/" not in name],
            "team_reviewers": [name.partition("/")[2] for name in names if "/" in name],
        }
        self._api.change("POST", path, {key: value for key, value in wanted.items() if value}, make=bool)

    def checks(self, repo: Repo, sha: str) -> CheckReport:
        """Return the verdict of all check runs and statuses on a commit."""
        path = path_of("/repos/{repo}/commits/{sha}/", repo=repo.full_name, sha=sha)
        runs = list(self._api.pages(f"{path}check-runs", inside="check_runs"))
        combined = self._api.get(f"{path}status", {"per_page": "100"})
        return self._understood(path, partial(shapes.checks, runs), combined)

    def heads(self, wanted: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], BranchHead] | None:
        """Return the newest commits of many branches; see GitHubOverview."""
        return self._overview.heads(wanted)

    def own_requests(self) -> tuple[OwnRequest, ...] | None:
        """Return our open requests everywhere; see GitHubOverview."""
        return self._overview.requests()

    def delete_branch(self, repo: Repo, branch: str) -> None:
        """Remove a branch; one that is gone is fine."""
        path = path_of("/repos/{repo}/git/refs/heads/{branch}", repo=repo.full_name, branch=branch)
        try:
            self._api.change("DELETE", path, make=bool)
        except ValidationError as error:
            if error.problem != "gone":
                raise

    def issue(self, repo: Repo, *, title: str, body: str) -> str:
        """Return the URL of our issue with this title; see GitHubIssues."""
        return self._issues.kept(repo, title=title, body=body)

    def own_issue(self, repo: Repo, title: str) -> str:
        """Return the body of our open issue of this title; see GitHubIssues."""
        return self._issues.body(repo, title)

    def keep_issue(self, repo: Repo, *, title: str, body: str) -> str:
        """Give our open issue of this title another body, or open it, and return its URL; see GitHubIssues."""
        return self._issues.current(repo, title=title, body=body)

    def _account(self) -> Account:
        with self._lock:
            if self._known_account is None:
                self._known_account = self._sign_in.account(self._api)
            return self._known_account

    def _repo(self, content: Any) -> Repo:
        owner, kind = self._understood("/repos", shapes.owner_kind, content)
        self._kinds[owner.lower()] = kind
        return self._understood("/repos", shapes.repo, content)

    def _comments(self, repo: Repo, number: int, query: Mapping[str, str]) -> Iterator[Comment]:
        path = path_of("/repos/{repo}/issues/{number}/comments", repo=repo.full_name, number=number)
        for each in self._api.pages(path, query):
            yield self._understood(path, shapes.comment, each)

    def _fork_named(self, full_name: str, repo: Repo) -> Repo | None:
        try:
            found = self.repository(full_name)
        except NotOnForgeError:
            return None
        return found if _same(found.parent, repo.full_name) else None

    def _waited_for(self, full_name: str) -> Repo:
        """Return a fork that is being made: it is there once it has a branch (409 while it is empty)."""
        deadline, pause = self._clock.steady() + self._fork_patience, 1.0
        while True:
            try:
                found = self.repository(full_name)
                self._api.get(
                    path_of("/repos/{repo}/git/ref/heads/{branch}", repo=found.full_name, branch=found.default_branch)
                )
            except (NotOnForgeError, ConflictError):
                if self._clock.steady() + pause > deadline:
                    raise UnknownError(
                        f"{full_name}: the fork is not ready after {self._fork_patience / 60:g} min",
                        hint="GitHub makes forks in the background. Run it again later.",
                    ) from None
            else:
                return found
            self._clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _may_let_in(self, repo: Repo, head: str) -> bool:
        owner = head.partition(":")[0]
        if _same(owner, repo.full_name.partition("/")[0]):
            return False
        if owner.lower() not in self._kinds:
            path = path_of("/users/{login}", login=owner)
            self._kinds[owner.lower()] = self._understood(path, lambda each: str(each["type"]), self._api.get(path))
        return self._kinds[owner.lower()] == "User"

    def _understood(self, path: str, make: Callable[[Any], T], content: object) -> T:
        return shapes.understood(f"{self._api.url}{path}", make, content)


def _of_opening(error: ValidationError, repo: Repo, head: str, base: str) -> ValidationError:
    """Return the error of its own that some refusals of a pull request have."""
    if error.problem == "no-commits":
        return NothingNewError(
            f"{repo.full_name}: {head} has nothing that {base} lacks", status=error.status, said=error.said
        )
    for name, branch in (("head", head), ("base", base)):
        if name in error.fields:
            return NoBranchError(
                f"{repo.full_name}: there is no branch {branch} for a pull request",
                status=error.status,
                said=error.said,
            )
    return error


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _same_head(one: str, other: str) -> bool:
    """Whether two are the same `owner:branch`: branches that differ in case are two."""
    owner, _, branch = one.partition(":")
    wanted, _, name = other.partition(":")
    return _same(owner, wanted) and branch == name
