"""GitHub as a forge, where all is well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from dirac_forge.errors import InputError, UnknownError
from dirac_forge.http import Http
from dirac_forge.pullrequest.forge import Comment, Forge, PullRequest, Repo
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.refusals import (
    ArchivedError,
    NoBranchError,
    NothingNewError,
    NotOnForgeError,
    ValidationError,
)
from dirac_forge.pullrequest.tokens import Token
from support.github import GitHub, bare
from support.github.clock import StandingClock

UPSTREAM = "conda-forge/demo-feedstock"
FORK = "bot/demo-feedstock"
START = datetime.fromtimestamp(1_800_000_000, UTC)


def test_it_is_a_forge(client: Client) -> None:
    forge: Forge = client
    assert forge.login() == "bot"


def test_repository(github: GitHub, client: Client) -> None:
    assert client.repository(UPSTREAM) == Repo(
        full_name=UPSTREAM,
        default_branch="main",
        clone_url=f"{github.url}/{UPSTREAM}.git",
        archived=False,
        permission="read",
        parent="",
    )
    (request,) = github.requests
    assert request.headers["x-github-api-version"] == "2022-11-28"
    assert request.headers["accept"] == "application/vnd.github+json"


@pytest.mark.parametrize("right", ["read", "triage", "write", "admin"])
def test_permission(github: GitHub, client: Client, right: str) -> None:
    github.get(UPSTREAM).permissions["bot"] = right  # type: ignore[assignment]
    assert client.repository(UPSTREAM).permission == right


def test_a_renamed_repository_is_found_under_its_name_of_now(github: GitHub, client: Client, branch: str) -> None:
    old = client.repository(UPSTREAM)
    github.rename(UPSTREAM, "conda-forge/new-feedstock")
    assert client.repository(UPSTREAM).full_name == "conda-forge/new-feedstock"
    # Who knew the old name still gets there: a POST is sent on by hand.
    assert client.open(old, head=branch, base="main", title="t", body="b").number == 1
    assert [each.number for each in client.pull_requests(old)] == [1]
    assert len(github.pulls("conda-forge/new-feedstock")) == 1


@pytest.mark.parametrize("name", ["demo", "a/b/c", "../x", "a/..", "a b/c", "a/b?x=1", "-/\n", ""])
def test_what_is_no_name(github: GitHub, client: Client, name: str) -> None:
    with pytest.raises(InputError, match="is not the name of a repository, expected owner/name"):
        client.repository(name)
    assert github.lines() == []


def test_a_fork_is_made_and_waited_for(github: GitHub, client: Client, repo: Repo, time: StandingClock) -> None:
    github.fork_polls = 3
    fork = client.fork(repo)
    assert (fork.full_name, fork.parent, fork.permission) == (FORK, UPSTREAM, "admin")
    assert github.lines() == [
        f"GET /repos/{FORK}",
        f"POST /repos/{UPSTREAM}/forks",
        *[f"GET /repos/{FORK}"] * 4,
        f"GET /repos/{FORK}/git/ref/heads/main",
    ]
    assert time.slept == [1, 2, 4]
    github.forget()
    assert client.fork(repo) == fork
    assert github.lines() == [f"GET /repos/{FORK}"]


def test_a_fork_that_is_not_ready_in_time(github: GitHub, client: Client, repo: Repo, time: StandingClock) -> None:
    github.fork_polls = 1000
    with pytest.raises(UnknownError) as error:
        client.fork(repo)
    assert str(error.value) == (
        f"{FORK}: the fork is not ready after 5 min\nGitHub makes forks in the background. Run it again later."
    )
    assert 285 <= sum(time.slept) <= 300
    github.get(FORK).polls_left = 0
    assert client.fork(repo).full_name == FORK
    assert [each.full_name for each in github.repositories.values()] == [UPSTREAM, FORK]


def test_a_fork_of_another_name(github: GitHub, client: Client, repo: Repo) -> None:
    github.repository(FORK, {"a": "something else of the same name"})
    assert client.fork(repo).full_name == f"{FORK}-1"
    assert client.fork(repo).full_name == f"{FORK}-1"


def test_no_fork_of_ones_own(github: GitHub, client: Client) -> None:
    github.repository("bot/mine", {"a": "1"})
    mine = client.repository("bot/mine")
    assert client.fork(mine) == mine


def test_no_fork_of_what_is_archived(github: GitHub, client: Client) -> None:
    github.archive(UPSTREAM)
    repo = client.repository(UPSTREAM)
    assert repo.archived
    github.forget()
    with pytest.raises(ArchivedError, match=f"^{UPSTREAM} is archived: it takes no pull requests$"):
        client.fork(repo)
    assert github.lines() == []


def test_an_organisation_may_own_the_forks(github: GitHub, http: Http, time: StandingClock) -> None:
    github.organization("our-bots", members=("bot",))
    token = next(iter(github.tokens))
    client = Client(http, Token(token), api_url=github.api_url, clock=time.clock(), fork_owner="our-bots")
    repo = client.repository(UPSTREAM)
    fork = client.fork(repo)
    assert fork.full_name == "our-bots/demo-feedstock"
    bare.commit(github.path(fork.full_name), "v2", {"a": "1"}, start="main")
    client.open(repo, head="our-bots:v2", base="main", title="t", body="b")
    # GitHub lets maintainers in only to forks of people, and refuses the whole request else.
    assert [each.body for each in github.requests if each.line == f"POST /repos/{UPSTREAM}/pulls"] == [
        {"title": "t", "head": "our-bots:v2", "base": "main", "body": "b", "maintainer_can_modify": False}
    ]


def test_open(github: GitHub, client: Client, repo: Repo, branch: str) -> None:
    made = client.open(repo, head=branch, base="main", title="demo v2", body="Body é\n")
    sha = bare.branches(github.path(FORK))["v2"]
    assert made == PullRequest(
        number=1,
        url=f"{github.url}/{UPSTREAM}/pull/1",
        state="open",
        title="demo v2",
        body="Body é\n",
        head="bot:v2",
        head_sha=sha,
        base="main",
        author="bot",
        created=made.created,
        updated=made.created,
    )
    assert made.created >= START
    (ticket,) = github.pulls(UPSTREAM)
    assert ticket.pull is not None
    assert ticket.pull.maintainer_can_modify
    again = client.open(repo, head=branch, base="main", title="another", body="")
    assert again == made
    assert len(github.pulls(UPSTREAM)) == 1


def test_maintainers_are_not_let_in_where_they_are_at_home(github: GitHub, client: Client) -> None:
    repo = github.repository("bot/mine", {"a": "1"})
    bare.commit(github.path("bot/mine"), "v2", {"a": "2"}, start="main")
    client.open(client.repository(repo.full_name), head="bot:v2", base="main", title="t", body="")
    assert github.requests[-1].body == {
        "title": "t",
        "head": "bot:v2",
        "base": "main",
        "body": "",
        "maintainer_can_modify": False,
    }


def test_where_the_token_may_not_let_maintainers_in(github: GitHub, client: Client, repo: Repo, branch: str) -> None:
    client._kinds["bot"] = "User"
    github.users["bot"].kind = "Organization"  # GitHub refuses for reasons that can't be seen from outside
    made = client.open(repo, head=branch, base="main", title="t", body="")
    assert made.number == 1
    bodies = [each.body for each in github.requests]
    assert [each["maintainer_can_modify"] for each in bodies if isinstance(each, dict)] == [True, False]


def test_what_opens_nothing(github: GitHub, client: Client, repo: Repo, branch: str) -> None:
    with pytest.raises(NoBranchError, match=f"^{UPSTREAM}: there is no branch bot:v3 for a pull request$"):
        client.open(repo, head="bot:v3", base="main", title="t", body="")
    with pytest.raises(NoBranchError, match=f"^{UPSTREAM}: there is no branch v1.x for a pull request$"):
        client.open(repo, head=branch, base="v1.x", title="t", body="")
    bare.commit(github.path(FORK), "same", {}, start="main")
    bare.git(github.path(FORK), "update-ref", "refs/heads/same", "refs/heads/main")
    with pytest.raises(NothingNewError, match=f"^{UPSTREAM}: bot:same has nothing that main lacks$"):
        client.open(repo, head="bot:same", base="main", title="t", body="")
    with pytest.raises(ValidationError, match="body is too long") as error:
        client.open(repo, head=branch, base="main", title="t", body="x" * 65_537)
    assert error.value.message == (
        f"POST {github.api_url}/repos/{UPSTREAM}/pulls: GitHub says 422 "
        "(Validation Failed: body is too long (maximum is 65536 characters))"
    )
    assert (error.value.status, error.value.fields) == (422, ("body",))
    assert github.pulls(UPSTREAM) == []


def test_two_at_once_open_one(github: GitHub, client: Client, repo: Repo, branch: str) -> None:
    def open_it(number: int) -> int:
        return client.open(repo, head=branch, base="main", title=f"t{number}", body="").number

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(open_it, range(8))) == {1}
    assert len(github.pulls(UPSTREAM)) == 1


def test_pull_requests(github: GitHub, client: Client, repo: Repo) -> None:
    github.fork(github.get(UPSTREAM), "bot")
    for number in range(7):
        bare.commit(github.path(FORK), f"v{number}", {"a": str(number)}, start="main")
        client.open(repo, head=f"bot:v{number}", base="main", title=f"v{number}", body="")
    client.edit(repo, 2, state="closed")
    github.merge(UPSTREAM, 3, by="chrisburr")
    github.largest_page = 2
    github.forget()
    numbers = client.pull_requests(repo, state="all")
    assert [next(numbers).number, next(numbers).number] == [7, 6]
    assert len(github.requests) == 1  # the rest is asked for when it is wanted
    assert [each.number for each in numbers] == [5, 4, 3, 2, 1]
    assert len(github.requests) == 4
    assert [(each.number, each.state) for each in client.pull_requests(repo, state="closed")] == [
        (3, "merged"),
        (2, "closed"),
    ]
    assert [each.number for each in client.pull_requests(repo)] == [7, 6, 5, 4, 1]
    assert [each.number for each in client.pull_requests(repo, state="all", head="bot:v4")] == [5]
    assert list(client.pull_requests(repo, state="all", base="v1.x")) == []
    assert [each.number for each in client.pull_requests(repo, state="all", head="Bot:v4")] == [5]
    assert list(client.pull_requests(repo, state="all", head="bot:V4")) == []
    # GitHub heeds no `head` without an owner, and would list them all.
    assert list(client.pull_requests(repo, state="all", head="v4")) == []


def test_who_closed_and_who_merged(github: GitHub, client: Client, repo: Repo) -> None:
    github.fork(github.get(UPSTREAM), "bot")
    for number in (1, 2):
        bare.commit(github.path(FORK), f"v{number}", {str(number): "1"}, start="main")
        client.open(repo, head=f"bot:v{number}", base="main", title=f"v{number}", body="")
    github.close(UPSTREAM, 1, by="chaen")
    commit = github.merge(UPSTREAM, 2, by="chrisburr")
    closed, merged = client.pull_request(repo, 1), client.pull_request(repo, 2)
    assert (closed.state, closed.closed_by, closed.merge_commit) == ("closed", "chaen", "")
    assert closed.closed is not None
    assert (merged.state, merged.closed_by, merged.merge_commit) == ("merged", "chrisburr", commit)
    with pytest.raises(NotOnForgeError):
        client.pull_request(repo, 99)


def test_edit(github: GitHub, client: Client, repo: Repo, branch: str) -> None:
    client.open(repo, head=branch, base="main", title="t", body="b")
    assert client.edit(repo, 1, title="t2").title == "t2"
    assert github.requests[-1].body == {"title": "t2"}
    assert client.edit(repo, 1, body="b2").body == "b2"
    closed = client.edit(repo, 1, state="closed")
    assert (closed.state, closed.title, closed.body) == ("closed", "t2", "b2")
    assert client.edit(repo, 1, state="open").state == "open"


def test_comments(github: GitHub, client: Client, repo: Repo, branch: str) -> None:
    client.open(repo, head=branch, base="main", title="t", body="b")
    for number in range(5):
        github.say(UPSTREAM, 1, "chaen", f"remark {number}")
    client.comment(repo, 1, "@conda-forge-admin, please rerender")
    github.largest_page = 2
    said = list(client.comments(repo, 1))
    assert [each.body for each in said[:5]] == [f"remark {number}" for number in range(5)]
    assert said[5] == Comment(author="bot", body="@conda-forge-admin, please rerender", created=said[5].created)


def test_labels(github: GitHub, client: Client, repo: Repo, branch: str) -> None:
    github.get(UPSTREAM).permissions["bot"] = "triage"
    client.open(repo, head=branch, base="main", title="t", body="b")
    client.label(repo, 1, "automerge")
    client.label(repo, 1, "a label/with? signs")
    client.label(repo, 1, "automerge")
    assert client.pull_request(repo, 1).labels == ("automerge", "a label/with? signs")
    client.unlabel(repo, 1, "a label/with? signs")
    client.unlabel(repo, 1, "a label/with? signs")
    assert client.pull_request(repo, 1).labels == ("automerge",)
    with pytest.raises(NotOnForgeError):
        client.unlabel(repo, 99, "automerge")


@pytest.mark.parametrize(
    ("runs", "statuses", "verdict"),
    [
        ({}, {}, "none"),
        ({"a": "success", "b": "skipped", "c": "neutral"}, {}, "green"),
        ({"a": "success"}, {"x": "success"}, "green"),
        ({}, {"x": "success"}, "green"),
        ({"a": "success", "b": None}, {"x": "success"}, "pending"),
        ({"a": "success"}, {"x": "pending"}, "pending"),
        ({"a": None, "b": "failure"}, {}, "red"),
        ({"a": "cancelled"}, {}, "red"),
        ({"a": "timed_out"}, {}, "red"),
        ({"a": "action_required"}, {}, "red"),
        ({"a": None}, {"x": "failure"}, "red"),
        ({"a": "success"}, {"x": "error", "y": "success"}, "red"),
    ],
)
def test_checks(
    github: GitHub,
    client: Client,
    repo: Repo,
    runs: dict[str, str | None],
    statuses: dict[str, str],
    verdict: str,
) -> None:
    sha = bare.branches(github.path(UPSTREAM))["main"]
    for name, conclusion in runs.items():
        github.check_run(UPSTREAM, sha, name, conclusion=conclusion)
    for name, state in statuses.items():
        github.status(UPSTREAM, sha, name, state)
    github.largest_page = 1
    assert client.checks(repo, sha).verdict == verdict


def test_a_branch_goes(github: GitHub, client: Client, branch: str) -> None:
    fork = client.repository(FORK)
    bare.commit(github.path(FORK), "with/slashes", {"a": "1"}, start="main")
    client.delete_branch(fork, "with/slashes")
    client.delete_branch(fork, "v2")
    client.delete_branch(fork, "v2")
    assert list(bare.branches(github.path(FORK))) == ["main"]


@pytest.mark.parametrize("name", ["..", "../../..", "a/../b", "", "/", "a//b", "./a", "a/."])
def test_nothing_leaves_its_place(github: GitHub, client: Client, repo: Repo, name: str) -> None:
    """`requests` takes dots out of a path as a browser does: this would delete the repository, or all labels."""
    with pytest.raises(InputError, match="is not a branch that GitHub can have"):
        client.delete_branch(repo, name)
    assert github.lines() == []


def test_no_label_is_all_labels(github: GitHub, client: Client, repo: Repo) -> None:
    with pytest.raises(InputError, match=r"^'\.\.' is not a name that GitHub can have$"):
        client.unlabel(repo, 1, "..")
    with pytest.raises(InputError, match=r"^'\.\.' is not a sha that GitHub can have$"):
        client.checks(repo, "..")
    assert github.lines() == []


def test_an_issue_is_opened_once(github: GitHub, client: Client, repo: Repo, branch: str) -> None:
    client.open(repo, head=branch, base="main", title="The same", body="b")
    github.user("somebody")
    github.new_ticket(github.get(UPSTREAM), title="The same", body="", author="somebody")
    url = client.issue(repo, title="The same", body="how to")
    assert url == f"{github.url}/{UPSTREAM}/issues/3"
    assert client.issue(repo, title="The same", body="how to") == url
    github.close(UPSTREAM, 3)
    assert client.issue(repo, title="The same", body="how to") == url, "who closed it has answered"


def test_the_token_of_actions_has_no_user(github: GitHub, http: Http, time: StandingClock) -> None:
    app = github.app("helper", "", installed_on=("conda-forge",))
    token = github.new_token("helper[bot]", installation="conda-forge")
    client = Client(http, Token(token), api_url=github.api_url, clock=time.clock())
    assert client.login() == "helper[bot]"
    assert app.slug == "helper"
    assert github.lines() == ["GET /user", "POST /graphql"]


@pytest.mark.parametrize(
    ("api_url", "site"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.github.com/", "https://github.com"),
        ("https://github.example.org/api/v3", "https://github.example.org"),
        ("https://api.tenant.ghe.com", "https://tenant.ghe.com"),
        ("http://127.0.0.1:8080/api/v3", "http://127.0.0.1:8080"),
    ],
)
def test_site(http: Http, api_url: str, site: str) -> None:
    assert Client(http, Token("x"), api_url=api_url).site == site


@pytest.mark.parametrize("api_url", ["http://github.example.org/api/v3", "ftp://x", "github.com", ""])
def test_a_token_is_not_sent_in_the_clear(http: Http, api_url: str) -> None:
    with pytest.raises(InputError, match="is not an https URL"):
        Client(http, Token("x"), api_url=api_url)
