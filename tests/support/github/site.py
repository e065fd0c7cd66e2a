"""People and repositories of the local GitHub, and what people do there."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from support.github import bare, views
from support.github.state import App, CheckRun, Comment, Limit, Repository, Right, Status, Ticket, Token, User

__all__ = ["Site"]

Json = dict[str, Any]


class Site:
    """The state and its changes; `GitHub` serves it."""

    limit: Limit
    largest_page: int
    url: str
    api_url: str

    def __init__(self, folder: Path, *, clock: Callable[[], float]) -> None:
        self.graphql = True
        """Whether it has GraphQL for more than the viewer's name."""
        self.folder = folder
        self.clock = clock
        self.fork_polls = 0
        self.largest_page = 100
        self.token_seconds = 3600.0
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[int, Repository] = {}
        self.names: dict[str, int] = {}
        """`owner/name` in small letters to the repository's number."""
        self.old_names: dict[str, int] = {}
        self.networks: dict[int, list[int]] = {}
        """The forks of a repository, by numbers."""
        self._ids = iter(range(1000, 10_000_000))
        self._lock = threading.RLock()

    # Who and what there is.

    def user(self, login: str, *, token: str = "") -> User:
        """Somebody, with a token where one is given."""
        made = self.users.setdefault(login, User(id=next(self._ids), login=login))
        if token:
            self.tokens[token] = Token(login=login)
        return made

    def organization(self, login: str, *, members: tuple[str, ...] = ()) -> User:
        """An organisation; its members may write to all its repositories."""
        return self.users.setdefault(
            login, User(id=next(self._ids), login=login, kind="Organization", members=set(members))
        )

    def app(self, slug: str, public_key: str, *, installed_on: tuple[str, ...] = ()) -> App:
        """A GitHub App, installed on some accounts."""
        made = App(id=next(self._ids), slug=slug, public_key=public_key)
        made.installations = {next(self._ids): account for account in installed_on}
        self.apps[str(made.id)] = made
        self.users[f"{slug}[bot]"] = User(id=next(self._ids), login=f"{slug}[bot]", kind="Bot")
        return made

    def new_token(self, login: str, *, expires: float | None = None, installation: str = "") -> str:
        """A token in the form that GitHub's have."""
        value = f"{'ghs' if installation else 'ghp'}_{secrets.token_hex(18)}"
        self.tokens[value] = Token(login=login, expires=expires, installation=installation)
        return value

    def repository(
        self,
        full_name: str,
        files: Mapping[str, str | bytes] | None = None,
        *,
        branch: str = "main",
        permissions: Mapping[str, Right] | None = None,
        private: bool = False,
    ) -> Repository:
        """A repository with one commit (with none where `files` is None); its owner is made where it is not known.

        A bare repository that is in its place already is taken as it is.
        """
        owner, _, name = full_name.partition("/")
        self.users.setdefault(owner, User(id=next(self._ids), login=owner, kind="Organization"))
        made = Repository(
            id=next(self._ids),
            owner=owner,
            name=name,
            default_branch=branch,
            private=private,
            permissions=dict(permissions or {}),
        )
        if not self.path(full_name).exists():
            bare.make(self.path(full_name), branch)
            if files is not None:
                bare.commit(self.path(full_name), branch, files, message="First commit")
        with self._lock:
            self.repositories[made.id] = made
            self.names[full_name.lower()] = made.id
            self.old_names.pop(full_name.lower(), None)
        return made

    def path(self, full_name: str) -> Path:
        """The folder of the bare repository."""
        return self.folder / f"{full_name}.git"

    # What is asked about it.

    def by_id(self, number: int) -> Repository | None:
        """A repository by its number."""
        return self.repositories.get(number)

    def find(self, full_name: str) -> Repository | None:
        """A repository by the name it has now; as on GitHub the case of letters does not matter."""
        return self.repositories.get(self.names.get(full_name.lower(), 0))

    def get(self, full_name: str) -> Repository:
        """A repository that there is."""
        found = self.find(full_name)
        assert found is not None, full_name
        return found

    def pulls(self, full_name: str) -> list[Ticket]:
        """Pull requests, oldest first, as they stand."""
        repo = self.get(full_name)
        with self._lock:
            for each in repo.pulls:
                self.refresh(repo, each)
            return repo.pulls

    def in_network(self, repo: Repository, owner: str) -> Repository | None:
        """The repository of the same network that somebody has."""
        root = repo.parent or repo.id
        family = [self.repositories[each] for each in (root, *self.networks.get(root, ())) if each in self.repositories]
        return next((each for each in family if each.owner == owner), None)

    def right(self, token: Token, repo: Repository) -> Right:
        """What a token may do."""
        owner = self.users[repo.owner]
        if repo.owner in (token.login, token.installation) or token.login in owner.members:
            return "admin"
        return repo.permissions.get(token.login, "none" if repo.private else "read")

    # What happens on it.

    def fork(self, repo: Repository, account: str) -> Repository:
        """A fork, at hand after `fork_polls` polls; the one that there is already."""
        known = self.in_network(repo, account)
        if known is not None:
            return known
        name = repo.name
        while self.find(f"{account}/{name}"):
            name = f"{name}-1"
        made = Repository(
            id=next(self._ids),
            owner=account,
            name=name,
            default_branch=repo.default_branch,
            parent=repo.parent or repo.id,
            polls_left=self.fork_polls,
        )
        shutil.copytree(self.path(repo.full_name), self.path(made.full_name))
        self.repositories[made.id] = made
        self.names[made.full_name.lower()] = made.id
        self.networks.setdefault(made.parent, []).append(made.id)
        return made

    def new_ticket(self, repo: Repository, *, title: str, body: str, author: str) -> Ticket:
        """The next issue."""
        now = self.clock()
        number = len(repo.tickets) + 1
        made = Ticket(number=number, title=title, body=body, author=author, created=now, updated=now)
        repo.tickets[number] = made
        return made

    def add_comment(self, ticket: Ticket, author: str, body: str) -> Comment:
        """Somebody says something."""
        made = Comment(id=next(self._ids), author=author, body=body, created=self.clock())
        ticket.comments.append(made)
        ticket.updated = made.created
        return made

    def say(self, full_name: str, number: int, author: str, body: str) -> None:
        """Somebody comments on a pull request or issue."""
        self.user(author)
        with self._lock:
            self.add_comment(self.get(full_name).tickets[number], author, body)

    def refresh(self, repo: Repository, ticket: Ticket) -> None:
        """An open pull request follows its branch, and is closed where that is gone."""
        pull = ticket.pull
        if pull is None or ticket.state == "closed":
            return
        head = self.by_id(pull.head_repo)
        sha = bare.branches(self.path(head.full_name)).get(pull.head_ref) if head else None
        if sha is None:
            ticket.state, ticket.closed, ticket.closed_by = "closed", self.clock(), pull.head_owner
            ticket.updated = self.clock()
        elif sha != pull.head_sha and head is not None:
            pull.head_sha, ticket.updated = sha, self.clock()
            ticket.labels = [each for each in ticket.labels if each != "automerge"]  # conda-forge's service does that

    def publish(self, repo: Repository) -> None:
        """Put the heads of pull requests where git finds them (`refs/pull/<number>/head`), as late as can be."""
        for each in repo.pulls:
            pull = each.pull
            self.refresh(repo, each)
            head = self.by_id(pull.head_repo) if pull else None
            if pull is not None and head is not None and pull.published != pull.head_sha:
                refs = f"+{pull.head_sha}:refs/pull/{each.number}/head"
                bare.fetch(self.path(repo.full_name), self.path(head.full_name), refs)
                pull.published = pull.head_sha

    def merge(self, full_name: str, number: int, *, by: str = "maintainer", squash: bool = True) -> str:
        """Somebody merges a pull request; the commit on its base branch."""
        self.user(by)
        with self._lock:
            repo = self.get(full_name)
            ticket = repo.tickets[number]
            self.publish(repo)
            assert ticket.pull is not None
            assert ticket.state == "open"
            message = f"{ticket.title} (#{number})"
            made = bare.merge(self.path(full_name), ticket.pull.base_ref, ticket.pull.head_sha, message, squash=squash)
            ticket.pull.merged = ticket.closed = ticket.updated = self.clock()
            ticket.pull.merged_by, ticket.pull.merge_commit = by, made
            ticket.closed_by, ticket.state = by, "closed"
            return made

    def close(self, full_name: str, number: int, *, by: str = "maintainer") -> None:
        """Somebody closes a pull request or issue."""
        self.user(by)
        with self._lock:
            ticket = self.get(full_name).tickets[number]
            ticket.state, ticket.closed_by = "closed", by
            ticket.closed = ticket.updated = self.clock()

    def rename(self, full_name: str, new_name: str) -> None:
        """A repository gets another name (`owner/name`); the old one leads to it."""
        with self._lock:
            repo = self.get(full_name)
            self.path(new_name).parent.mkdir(parents=True, exist_ok=True)
            self.path(full_name).rename(self.path(new_name))
            repo.owner, _, repo.name = new_name.partition("/")
            self.users.setdefault(repo.owner, User(id=next(self._ids), login=repo.owner, kind="Organization"))
            self.old_names[full_name.lower()] = repo.id
            self.names[new_name.lower()] = self.names.pop(full_name.lower())

    def archive(self, full_name: str) -> None:
        """A repository becomes read-only."""
        self.get(full_name).archived = True

    def delete(self, full_name: str) -> None:
        """A repository goes."""
        with self._lock:
            del self.repositories[self.names.pop(full_name.lower())]
            shutil.rmtree(self.path(full_name))

    def check_run(self, full_name: str, sha: str, name: str, *, conclusion: str | None = "success") -> None:
        """A check says something of a commit; `conclusion` None: it still runs."""
        runs = self.get(full_name).check_runs.setdefault(sha, [])
        runs[:] = [each for each in runs if each.name != name]
        state = "completed" if conclusion else "in_progress"
        runs.append(CheckRun(id=next(self._ids), name=name, status=state, conclusion=conclusion))

    def status(self, full_name: str, sha: str, context: str, state: str = "success") -> None:
        """A service sets the status of a commit: success, failure, error or pending."""
        known = self.get(full_name).statuses.setdefault(sha, [])
        known[:] = [each for each in known if each.context != context]
        known.append(Status(context=context, state=state))

    # Views.

    def repository_view(self, repo: Repository, token: Token | None, *, whole: bool = True) -> Json:
        """A repository's JSON."""
        parent = self.by_id(repo.parent) if whole else None
        inside = None if parent is None else self.repository_view(parent, token, whole=False)
        right = "read" if token is None else self.right(token, repo)
        return views.repository(repo, self.users[repo.owner], self.url, right, inside)

    def pull_view(self, repo: Repository, ticket: Ticket, *, whole: bool) -> Json:
        """A pull request's JSON."""
        assert ticket.pull is not None
        base = bare.branches(self.path(repo.full_name)).get(ticket.pull.base_ref, "0" * 40)
        head = self.by_id(ticket.pull.head_repo) if whole and ticket.state == "open" else None
        conflicts = head is not None and bare.conflict(
            self.path(repo.full_name), base, ticket.pull.head_sha, self.path(head.full_name)
        )
        return views.pull(
            ticket,
            repo,
            author=self.users[ticket.author],
            merged_by=self.users.get(ticket.pull.merged_by),
            base_sha=base,
            site=self.url,
            whole=whole,
            mergeable=None if head is None else not conflicts,
        )

    def issue_view(self, repo: Repository, ticket: Ticket) -> Json:
        """An issue's JSON."""
        return views.issue(ticket, repo, self.users[ticket.author], self.users.get(ticket.closed_by), self.url)

    def comment_view(self, comment: Comment) -> Json:
        """A comment's JSON."""
        return views.comment(comment, self.users[comment.author], self.url)

    def git(self, full_name: str, *arguments: str) -> str:
        """What git prints in a bare repository."""
        try:
            return bare.git(self.path(full_name), *arguments)
        except subprocess.CalledProcessError as error:
            raise AssertionError(error.stderr.decode(errors="replace")) from error
