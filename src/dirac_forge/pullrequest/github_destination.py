"""Where changes go with a token: to pull requests on GitHub, from branches of a fork."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from dirac_forge.errors import ForgeError
from dirac_forge.git import MissingRefError, RefusedPushError
from dirac_forge.pullrequest.branches import PREFIX, commits_fingerprint
from dirac_forge.pullrequest.clones import Author, CloneLog, Clones, Tip
from dirac_forge.pullrequest.destination import Closing, RepositoryPlace, Request, Sent, TakenError
from dirac_forge.pullrequest.forge import Forge, PullRequest, Repo
from dirac_forge.pullrequest.headers import read_header
from dirac_forge.pullrequest.others import OtherRequest, announces, carries
from dirac_forge.pullrequest.records import Identity
from dirac_forge.pullrequest.refusals import NO_ACCESS_HINT, NoAccessError, NotOnForgeError, RestrictedError
from dirac_forge.report.foreign import quiet

SERVICES = frozenset(
    {
        "conda-forge-webservices[bot]",
        "conda-forge-admin",
        "conda-forge-curator[bot]",
        "conda-forge-linter",
        "pre-commit-ci[bot]",
    }
)
"""Whose commits on our branches are no person's work: they come again when they are asked for again."""
_NEWEST = 200
_CLOSINGS: tuple[Closing, ...] = ("superseded", "retracted")
_MAY_LABEL = {"triage", "write", "admin"}


@dataclass(kw_only=True)
class GitHubDestination:
    """A Destination on a forge. `clones` must have what git needs to push there."""

    forge: Forge
    clones: Clones
    repository: Callable[[str], str] = "conda-forge/{}-feedstock".format
    """Feedstock to `owner/name`."""
    staged: str = "conda-forge/staged-recipes"
    """Where new recipes go."""
    by: Author | None = None
    """Who commits are by; the token's owner if it isn't given."""
    prepares: bool = field(default=False, init=False)
    _repos: dict[str, Repo] = field(default_factory=dict, init=False, repr=False)
    _listed: dict[tuple[str, str], tuple[PullRequest, ...]] = field(default_factory=dict, init=False, repr=False)
    _carried: dict[tuple[str, Identity], bool] = field(default_factory=dict, init=False, repr=False)

    def place(self, identity: Identity) -> RepositoryPlace:
        """Return where it goes, followed through renames."""
        asked = self.staged if identity.kind == "recipe" else self.repository(identity.feedstock)
        repo = self.forge.repository(asked)
        for key in [key for key in list(self._listed) if key[0] == repo.full_name]:
            self._listed.pop(key, None)
        self._repos[repo.full_name] = repo
        return RepositoryPlace(
            full_name=repo.full_name,
            url=repo.clone_url,
            default_branch=repo.default_branch,
            archived=repo.archived,
            may_label=repo.permission in _MAY_LABEL,
        )

    def author(self) -> Author:
        """Return the author of our commits."""
        return self.by or Author.of(self.forge.login())

    def requests(self, place: RepositoryPlace, base: str, branch: str, *, beside: bool) -> tuple[Request, ...]:
        """Return our own requests; see Destination. One page of the open ones is enough where it is among them."""
        repo = self._repo(place)
        others: list[Request] = []
        if beside:
            others += map(self._request, self._ours(self._open_requests(repo, base)))
            if mine := [each for each in others if each.branch == branch]:
                return (*mine, *(each for each in others if each.branch != branch))
        if not branch:
            return tuple(others)
        return (*self._on_branch(repo, base, branch), *others)

    def _on_branch(self, repo: Repo, base: str, branch: str) -> list[Request]:
        """Return our requests from a branch, an open one first; of a closed one that is first, also who closed it."""
        head = f"{self.forge.owner()}:{branch}"
        found = list(self._ours(self.forge.pull_requests(repo, state="all", head=head, base=base)))
        found.sort(key=lambda pull: pull.state != "open")
        mine = [self._request(pull) for pull in found]
        if found and found[0].state == "closed":
            mine[0] = self._whole(repo, found[0])
        return mine

    def own_requests(self, full_name: str, *, over: bool = False) -> tuple[str, tuple[Request, ...]]:
        """Return our open requests on a repository, to whatever branch, and the repository's name of now.

        With `over` also those among its newest requests that are merged or closed.
        """
        repo = self.forge.repository(full_name)
        listed = islice(self.forge.pull_requests(repo, state="all" if over else "open"), _NEWEST if over else None)
        found = sorted(self._ours(listed), key=lambda pull: pull.state != "open")
        return repo.full_name, tuple(self._whole(repo, pull) for pull in found)

    def others(self, place: RepositoryPlace, base: str, identity: Identity) -> tuple[OtherRequest, ...]:
        """Open requests of others that make the same change: they say so, or the files at their head have it."""
        repo = self._repo(place)
        ours = {pull.number for pull in self._ours(self._open_requests(repo, base))}
        foreign = [pull for pull in self._open_requests(repo, base) if pull.number not in ours]
        return tuple(
            other
            for pull in foreign
            if announces(other := _other(pull), identity) or self._carries(place, base, pull, identity)
        )

    def _open_requests(self, repo: Repo, base: str) -> tuple[PullRequest, ...]:
        """Return all open requests to a branch, listed once for each delivery: `place` begins one."""
        key = (repo.full_name, base)
        if key not in self._listed:
            self._listed[key] = tuple(self.forge.pull_requests(repo, state="open", base=base))
        return self._listed[key]

    def _carries(self, place: RepositoryPlace, base: str, pull: PullRequest, identity: Identity) -> bool:
        """Whether the files at the head of a request have the change; if they can't be read the title decides."""
        repo, key = self._repo(place), (pull.head_sha, identity)
        if key not in self._carried:
            try:
                tip = self.clones.refresh(place.full_name, place.url, base, default=place.default_branch)
                before = self.clones.read(tip, under=("recipe/", ".ci_support/migrations/"))
                files = self.clones.files_of_request(repo.full_name, repo.clone_url, pull.number)
            except ForgeError:
                return False
            self._carried[key] = carries(files, identity, before)
        return self._carried[key]

    def send(self, place: RepositoryPlace, tip: Tip, sent: Sent, *, known: str) -> None:
        """Push to the fork, which is made if there is none."""
        fork = self.forge.fork(self._repo(place))
        try:
            self._push(fork, tip, sent, known)
        except MissingRefError:
            # GitHub knows the fork, and makes it in the background, perhaps for a run that was killed.
            self._push_when_ready(fork, tip, sent, known)
        except RefusedPushError as exc:
            if exc.cause != "moved":
                raise
            # The branch moved while it was looked at: what is there now may be somebody's.
            self._push(fork, tip, sent, known)

    def _push_when_ready(self, fork: Repo, tip: Tip, sent: Sent, known: str) -> None:
        fork = self.forge.wait_for(fork)
        try:
            self._push(fork, tip, sent, known)
        except MissingRefError as exc:
            raise NoAccessError(
                f"{fork.full_name}: GitHub shows the fork, but git does not find it: the token has no access",
                hint=NO_ACCESS_HINT,
                status=404,
            ) from exc

    def _push(self, fork: Repo, tip: Tip, sent: Sent, known: str) -> None:
        there = self.clones.log(tip, fork.clone_url, sent.branch)
        if there and there[0].commit == sent.commit:
            return
        if there and there[0].commit not in {known, tip.commit} and not _is_ours(there, self.author()):
            raise TakenError(
                f"{fork.full_name}: {sent.branch} has commits of {there[0].name}, which a push would remove",
                hint="Merge or close the request, or remove the commits from the branch.",
            )
        self.clones.push(tip, fork.clone_url, sent.commit, sent.branch, expected=there[0].commit if there else "")

    def request(self, place: RepositoryPlace, sent: Sent, *, title: str, body: str, old: Request | None) -> Request:
        """Open a request for what was sent, or bring the open one up to date."""
        if old is not None:
            return self.edit_text(place, old, title=title, body=body)
        head = f"{self.forge.owner()}:{sent.branch}"
        opened = self.forge.open(self._repo(place), head=head, base=sent.base, title=title, body=body, draft=sent.draft)
        return self._request(opened)

    def edit_text(self, place: RepositoryPlace, request: Request, *, title: str, body: str) -> Request:
        """Write another title and body for an open request."""
        return self._request(self.forge.edit(self._repo(place), request.number, title=title, body=body))

    def say(self, place: RepositoryPlace, request: Request, text: str, *, mark: str) -> bool:
        """Comment once for each mark; a rerender is asked for once, whichever bot asks.

        Returns whether it is there; it is not where the conversation is locked.
        """
        shared = text if mark.startswith("rerender ") else ""
        if self.has_said(place, request, mark=mark, shared=shared):
            return True
        try:
            self.forge.comment(self._repo(place), request.number, f"{text}\n\n{_hidden(mark)}\n")
        except RestrictedError:
            return False
        return True

    def has_said(self, place: RepositoryPlace, request: Request, *, mark: str, shared: str = "") -> bool:
        """Whether a comment of ours with this mark is there, or of anybody with it and the text that is `shared`."""
        repo, login = self._repo(place), self.forge.login()
        return any(
            _hidden(mark) in comment.body and (comment.author == login or (bool(shared) and shared in comment.body))
            for comment in self.forge.comments(repo, request.number)
        )

    def has_foreign_commits(self, place: RepositoryPlace, request: Request) -> bool:
        """Whether someone else, no service of conda-forge's, has committed to its branch in our fork."""
        fork = self.forge.fork(self._repo(place))
        folder = self.clones.folder / f"{place.full_name}.git"
        tip = Tip(folder=folder, full_name=place.full_name, url=place.url, branch=request.branch, commit="")
        there = self.clones.log(tip, fork.clone_url, request.branch)
        return bool(there) and not _is_ours(there, self.author())

    def label(self, place: RepositoryPlace, request: Request, name: str, *, on: bool) -> None:
        """Put a label on it, or take it off; what is so already is not asked for."""
        if on != (name in request.labels):
            (self.forge.label if on else self.forge.unlabel)(self._repo(place), request.number, name)

    def was_given(self, place: RepositoryPlace, request: Request) -> frozenset[str]:
        """Return the labels and reviewers that a request ever had, whoever set or removed them."""
        return self.forge.was_given(self._repo(place), request.number)

    def ask_for_review(self, place: RepositoryPlace, request: Request, reviewers: Sequence[str]) -> None:
        """Ask users and teams to review it; its author can't be asked."""
        author = self.forge.login().lower()
        wanted = [each for each in reviewers if each.removeprefix("@").lower() != author]
        if wanted:
            self.forge.ask_for_review(self._repo(place), request.number, wanted)

    def by_number(self, place: RepositoryPlace, number: int, branch: str) -> Request | None:
        """Return the request of this number, where its branch is what we called it, or None if it is another's."""
        repo = self._repo(place)
        try:
            pull = self.forge.pull_request(repo, number)
        except NotOnForgeError:
            return None
        if pull.head.partition(":")[2] != branch:
            return None
        return self._closed(repo, pull) if pull.state == "closed" else self._request(pull)

    def close(self, place: RepositoryPlace, request: Request, text: str, *, mark: Closing, keep_branch: bool) -> None:
        """Close it, saying why; the words come first, so that a killed run leaves no silent close."""
        repo = self._repo(place)
        self.say(place, request, text, mark=mark)
        self.forge.edit(repo, request.number, state="closed")
        if not keep_branch:
            self.forge.delete_branch(self.forge.fork(repo), request.branch)

    def _repo(self, place: RepositoryPlace) -> Repo:
        return self._repos[place.full_name]

    def _ours(self, pulls: Iterable[PullRequest]) -> Iterator[PullRequest]:
        """Yield those whose author and fork are ours: anybody may open a request from a branch of anybody's fork."""
        start = f"{self.forge.owner()}:{PREFIX}".lower()
        for pull in pulls:
            if pull.author == self.forge.login() and pull.head.lower().startswith(start):
                yield pull

    def _request(self, pull: PullRequest) -> Request:
        return Request(
            number=pull.number,
            url=pull.url,
            state=pull.state,
            branch=pull.head.partition(":")[2],
            head_sha=pull.head_sha,
            header=read_header(pull.body),
            title=pull.title,
            body=pull.body,
            labels=pull.labels,
            draft=pull.draft,
            author=pull.author,
            conflicts=pull.conflicts,
        )

    def _whole(self, repo: Repo, listed: PullRequest) -> Request:
        """Return one out of a list; of a closed one that says not enough."""
        if listed.state != "closed":
            return self._request(listed)
        return self._closed(repo, self.forge.pull_request(repo, listed.number))

    def _closed(self, repo: Repo, pull: PullRequest) -> Request:
        """Return a closed request with who closed it; our own account counts only if there is a comment of ours."""
        number, login = pull.number, self.forge.login()
        said = "\n".join(each.body for each in self.forge.comments(repo, number) if each.author == login)
        when = f" on {pull.closed:%Y-%m-%d}" if pull.closed else ""
        return replace(
            self._request(pull),
            closed=f"#{number} was closed{when}{f' by {pull.closed_by}' if pull.closed_by else ''}",
            closing=next((mark for mark in _CLOSINGS if _hidden(mark) in said), None),
        )


def _hidden(mark: str) -> str:
    return f"<!-- dirac-forge: {mark} -->"


def _other(pull: PullRequest) -> OtherRequest:
    return OtherRequest(
        number=pull.number,
        url=pull.url,
        author=pull.author,
        title=quiet(pull.title, longest=200),
        branch=pull.head.partition(":")[2],
        head_sha=pull.head_sha,
        header=read_header(pull.body),
    )


def _is_ours(there: Sequence[CloneLog], author: Author) -> bool:
    """Whether a branch, newest commit first, has nothing but our change, our rerender, and what services added."""
    for commit in there:
        ours = (commit.name, commit.email) == (author.name, author.email)
        if not ours and commit.name not in SERVICES:
            return False
        if ours and commits_fingerprint(commit.message):
            return True
    return False
