"""What goes wrong at GitHub, or on the way: in each case one thing is done once, and the error is clear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from dirac_forge.errors import ForgeError
from dirac_forge.http import Http, UnreachableError
from dirac_forge.progress import Silent
from dirac_forge.pullrequest.forge import Repo
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.github.answers import NonsenseError
from dirac_forge.pullrequest.refusals import (
    ArchivedError,
    ConflictError,
    CredentialsError,
    ForbiddenError,
    ForgeRefusedError,
    LimitError,
    NotOnForgeError,
    ValidationError,
)
from dirac_forge.pullrequest.tokens import Token
from support.github import Fault, GitHub, bare
from support.github.clock import StandingClock
from support.server import dead_port

UPSTREAM = "conda-forge/demo-feedstock"
FORK = "bot/demo-feedstock"
TOKEN = "ghp_0123456789abcdef0123456789abcdef0123"
SOURCES = (
    "GITHUB_TOKEN_FILE (the path of a file), the keyring (service dirac-forge, user github), `gh auth login`, "
    "GITHUB_TOKEN or GH_TOKEN, or a GitHub App's GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY"
)
TOKENS = "https://github.com/settings/tokens"
ARCHIVED = "Repository was archived so is read-only."
AGAIN = "Try again later; https://www.githubstatus.com says more."


@pytest.fixture
def http(request: pytest.FixtureRequest) -> Iterator[Http]:
    """Impatient where it is about that."""
    with Http(cache=None, timeout=0.3 if "late" in request.node.name else 10) as http:
        yield http


@pytest.mark.parametrize(
    ("status", "kind", "said", "hint", "headers"),
    [
        (
            401,
            CredentialsError,
            "Bad credentials",
            f"The token is wrong, expired or revoked. It is taken from {SOURCES}.",
            {},
        ),
        (
            403,
            ForbiddenError,
            "Resource not accessible by personal access token",
            "The token is not allowed to do this: check its permissions, and its owner's on that repository.",
            {},
        ),
        (
            403,
            ForbiddenError,
            "Resource not accessible by personal access token",
            "The token lacks a permission; this needs: pull_requests=write.",
            {"X-Accepted-GitHub-Permissions": "pull_requests=write"},
        ),
        (
            403,
            ForbiddenError,
            "Resource protected by organization SAML enforcement.",
            f"The organisation requires single sign-on: authorise the token at {TOKENS}.",
            {"X-GitHub-SSO": "required; url=https://github.com/orgs/x/sso?authorization_request=abc"},
        ),
        (
            403,
            ArchivedError,
            "Repository was archived so is read-only.",
            "An archived repository takes no changes.",
            {},
        ),
        (404, NotOnForgeError, "Not Found", "It does not exist, or the token can't see it.", {}),
        (410, NotOnForgeError, "This issue was deleted", "It does not exist, or the token can't see it.", {}),
        (409, ConflictError, "Git Repository is empty.", None, {}),
        (418, ForgeRefusedError, "I'm a teapot", None, {}),
        (422, ValidationError, "Validation Failed", None, {}),
        (451, ForgeRefusedError, "Repository access blocked", None, {}),
    ],
)
def test_a_refusal_is_said_once(
    github: GitHub,
    client: Client,
    status: int,
    kind: type[ForgeRefusedError],
    said: str,
    hint: str | None,
    headers: dict[str, str],
) -> None:
    github.faults = [Fault(status=status, headers=headers, body=f'{{"message": "{said}"}}', times=99)]
    with pytest.raises(ForgeRefusedError) as error:
        client.repository(UPSTREAM)
    assert type(error.value) is kind
    assert error.value.message == f"{github.api_url}/repos/{UPSTREAM}: GitHub says {status} ({said})"
    assert (error.value.hint, error.value.status, error.value.said) == (hint, status, said)
    assert error.value.exit_code == 2
    assert len(github.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_server_is_asked_again(github: GitHub, client: Client, time: StandingClock, status: int) -> None:
    github.faults = [Fault(status=status, times=2)]
    assert client.repository(UPSTREAM).full_name == UPSTREAM
    assert time.slept == [1, 2]
    github.faults = [Fault(status=status, body="<html>Unicorn!</html>", times=99)]
    github.forget()
    with pytest.raises(UnreachableError) as error:
        client.repository(UPSTREAM)
    assert str(error.value) == f"{github.api_url}/repos/{UPSTREAM}: GitHub says {status}\n{AGAIN}"
    assert error.value.exit_code == 3
    assert len(github.requests) == 4


def test_a_server_that_says_when_it_is_back(github: GitHub, client: Client, time: StandingClock) -> None:
    github.faults = [Fault(status=503, headers={"Retry-After": "120"})]
    assert client.repository(UPSTREAM).full_name == UPSTREAM
    assert time.slept == [1, 119]
    github.faults = [Fault(status=503, headers={"Retry-After": "1200"})]
    with pytest.raises(
        LimitError,
        match=r"^GitHub is out of order and is limiting requests: it can be asked again "
        r"at ",
    ):
        client.repository(UPSTREAM)


def test_a_change_to_what_is_elsewhere(github: GitHub, client: Client, repo: Repo) -> None:
    github.faults = [Fault(method="POST", status=301, headers={"Location": "/x"}, body='{"message": "Moved"}')]
    with pytest.raises(ForgeRefusedError) as error:
        client.issue(repo, title="t", body="")
    assert str(error.value) == (
        f"POST {github.api_url}/repos/{UPSTREAM}/issues: GitHub says 301 (Moved)\n"
        "It was moved, probably renamed: look up the repository again."
    )


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(), "the connection broke"),
        (Fault(status=200, body="{"), "GitHub answers 200 with invalid JSON"),
        (Fault(status=200, body="<html>Log in to the hotel's network"), "GitHub answers 200 with invalid JSON"),
        (Fault(status=200, body="[" * 100_000), "GitHub answers 200 with invalid JSON"),
    ],
)
def test_an_answer_that_is_none(github: GitHub, client: Client, fault: Fault, said: str) -> None:
    github.faults = [replace(fault, times=2)]
    assert client.repository(UPSTREAM).full_name == UPSTREAM
    github.faults = [replace(fault, times=99, seen=0)]
    with pytest.raises(UnreachableError) as error:
        client.repository(UPSTREAM)
    assert error.value.message == f"{github.api_url}/repos/{UPSTREAM}: {said}"


def test_an_answer_that_comes_too_late(github: GitHub, client: Client) -> None:
    github.faults = [Fault(hang=0.5)]
    assert client.repository(UPSTREAM).full_name == UPSTREAM
    assert len(github.requests) == 2


@pytest.mark.parametrize("body", ["{}", "[]", '"text"', "null", "", '{"full_name": 1, "owner": {}}'])
def test_an_answer_of_another_shape(github: GitHub, client: Client, body: str) -> None:
    github.faults = [Fault(status=200, body=body, times=99)]
    with pytest.raises(NonsenseError, match="GitHub's answer does not match its API description") as error:
        client.repository(UPSTREAM)
    assert error.value.exit_code == 3


def test_a_page_that_leads_elsewhere(github: GitHub, client: Client, repo: Repo) -> None:
    link = {"Link": '<https://elsewhere.example/?page=2>; rel="next"'}
    github.faults = [Fault(status=200, body="[]", headers=link)]
    with pytest.raises(NonsenseError) as error:
        list(client.pull_requests(repo))
    assert error.value.message == (
        f"{github.api_url}/repos/{UPSTREAM}/pulls: the next page is on another host (https://elsewhere.example/?page=2)"
    )


def test_pages_without_end(github: GitHub, client: Client, repo: Repo) -> None:
    link = {"Link": f'<{github.api_url}/repos/{UPSTREAM}/pulls?page=2>; rel="next", <x>; rel="last"'}
    github.faults = [Fault(status=200, body="[]", headers=link, times=1000)]
    with pytest.raises(NonsenseError, match="more than 100 pages"):
        list(client.pull_requests(repo))
    assert len(github.requests) == 100


def test_nobody_is_there(http: Http, time: StandingClock) -> None:
    url = f"http://127.0.0.1:{dead_port()}/api/v3"
    client = Client(http, Token(TOKEN), api_url=url, clock=time.clock())
    with pytest.raises(UnreachableError) as error:
        client.repository(UPSTREAM)
    assert error.value.message == f"{url}/repos/{UPSTREAM} can't be reached: connection refused"
    assert time.slept == []


LOST = {
    "500 before": Fault(status=500),
    "500 after": Fault(status=500, act=True),
    "502 before": Fault(status=502),
    "502 after": Fault(status=502, act=True),
    "503 after": Fault(status=503, act=True),
    "broken before": Fault(),
    "broken after": Fault(act=True),
    "late, not done": Fault(hang=0.5),
    "late, done": Fault(hang=0.5, act=True),
    "nonsense after": Fault(status=200, body="{", act=True),
    "secondary limit": Fault(status=403, body='{"message": "secondary rate limit"}', headers={"Retry-After": "7"}),
    "too many": Fault(status=429, headers={"Retry-After": "7"}),
}
"""How an answer to a change is lost, whether or not the change was made."""

Do = Callable[[Client, Repo], object]
Count = Callable[[GitHub], object]

CHANGES: dict[str, tuple[str, str, Do, Count, object]] = {
    "open": (
        "POST",
        "/repos/.*/pulls",
        lambda client, repo: client.open(repo, head="bot:v2", base="main", title="t", body="b").number,
        lambda github: [each.number for each in github.pulls(UPSTREAM)],
        [1, 2],
    ),
    "comment": (
        "POST",
        "/repos/.*/comments",
        lambda client, repo: client.comment(repo, 1, "please rerender\r\n"),
        lambda github: [each.body for each in github.get(UPSTREAM).tickets[1].comments],
        ["please rerender", "please rerender\r\n"],
    ),
    "issue": (
        "POST",
        "/repos/.*/issues",
        lambda client, repo: client.issue(repo, title="i", body=""),
        lambda github: [each.title for each in github.get(UPSTREAM).tickets.values()],
        ["old", "i"],
    ),
    "label": (
        "POST",
        "/repos/.*/labels",
        lambda client, repo: client.label(repo, 1, "automerge"),
        lambda github: github.get(UPSTREAM).tickets[1].labels,
        ["bug", "automerge"],
    ),
    "unlabel": (
        "DELETE",
        "/repos/.*/labels/bug",
        lambda client, repo: client.unlabel(repo, 1, "bug"),
        lambda github: github.get(UPSTREAM).tickets[1].labels,
        [],
    ),
    "edit": (
        "PATCH",
        "/repos/.*/pulls/1",
        lambda client, repo: client.edit(repo, 1, title="new", state="closed"),
        lambda github: [(each.title, each.state) for each in github.get(UPSTREAM).tickets.values()],
        [("new", "closed")],
    ),
    "delete branch": (
        "DELETE",
        "/repos/.*/git/refs/heads/v1",
        lambda client, repo: client.delete_branch(replace(repo, full_name=FORK), "v1"),
        lambda github: sorted(bare.branches(github.path(FORK))),
        ["main", "v2"],
    ),
    "fork": (
        "POST",
        "/repos/.*/forks",
        lambda client, repo: client.fork(replace(repo, full_name="conda-forge/other-feedstock")),
        lambda github: sorted(each.full_name for each in github.repositories.values())[:2],
        [FORK, "bot/other-feedstock"],
    ),
}
"""Method and path of a change, what makes it, and what is there when it was made once."""


@pytest.mark.parametrize(
    ("lost", "change"),
    # To wait for what is late takes its time, and it is the same code for all.
    [(lost, change) for lost in LOST for change in CHANGES if "late" not in lost or change in ("open", "comment")],
)
def test_a_change_whose_answer_is_lost_is_made_once(
    github: GitHub, client: Client, repo: Repo, branch: str, time: StandingClock, lost: str, change: str
) -> None:
    method, path, do, count, wanted = CHANGES[change]
    github.get(UPSTREAM).permissions["bot"] = "triage"
    github.repository("conda-forge/other-feedstock", {"a": "1"})
    bare.commit(github.path(FORK), "v1", {"a": "1"}, start="main")
    client.open(repo, head="bot:v1", base="main", title="old", body="b")
    github.get(UPSTREAM).tickets[1].labels.append("bug")
    client.comment(repo, 1, "please rerender")  # the same words, said earlier, are not these
    time.sleep(60)
    github.forget()
    github.faults = [replace(LOST[lost], method=method, path=path)]
    do(client, repo)
    assert count(github) == wanted
    assert sum(each.method == method for each in github.requests) <= 2


@pytest.mark.parametrize("change", ["open", "comment", "issue"])
def test_a_change_that_never_succeeds(github: GitHub, client: Client, repo: Repo, branch: str, change: str) -> None:
    github.new_ticket(github.get(UPSTREAM), title="old", body="", author="bot")
    method, path, do, _, _ = CHANGES[change]
    github.faults = [Fault(method=method, path=path, status=502, times=99)]
    with pytest.raises(UnreachableError, match=r"^POST http.*: GitHub says 502 \(Server Error\)"):
        do(client, repo)
    assert sum(each.method == "POST" for each in github.requests) == 4
    assert list(github.get(UPSTREAM).tickets) == [1]
    assert github.get(UPSTREAM).tickets[1].comments == []


def test_the_last_answer_is_lost_too(github: GitHub, client: Client, repo: Repo, branch: str) -> None:
    github.faults = [Fault(method="POST", times=3, status=502), Fault(method="POST", nth=4, act=True)]
    assert client.open(repo, head=branch, base="main", title="t", body="b").number == 1


def test_what_github_says_is_shown_safely(github: GitHub, client: Client) -> None:
    hostile = f'{{"message": "\\u001b[31mno\\u0007\\n\\u202e{TOKEN} {"x" * 1000}"}}'
    github.faults = [Fault(status=403, body=hostile)]
    with pytest.raises(ForbiddenError) as error:
        client.repository(UPSTREAM)
    text = str(error.value)
    assert "GitHub says 403 ([31mno *** xxx" in text
    assert len(text) < 600
    assert text.replace("\n", "").isprintable()


def test_a_token_of_no_known_form_is_hidden_too(github: GitHub, http: Http, time: StandingClock) -> None:
    client = Client(http, Token("s3cret-of-a-proxy"), api_url=github.api_url, clock=time.clock())
    github.faults = [Fault(status=403, body='{"message": "s3cret-of-a-proxy is not welcome"}')]
    with pytest.raises(ForbiddenError, match=r"GitHub says 403 \(\*\*\* is not welcome\)"):
        client.repository(UPSTREAM)


def test_the_token_is_nowhere(
    github: GitHub, client: Client, repo: Repo, branch: str, observer: Silent, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    texts = []
    for fault in LOST.values():
        for status in (fault.status, 401, 404, 422):
            github.faults = [replace(fault, status=status, times=99, hang=0.0, seen=0)]
            with pytest.raises(ForgeError) as error:
                client.open(repo, head=branch, base="main", title="t", body="b")
            chain: BaseException | None = error.value
            while chain is not None:
                texts += [str(chain), repr(chain), repr(vars(chain).get("args"))]
                chain = chain.__cause__ or chain.__context__
    texts += [repr(client), repr(vars(client)), repr(vars(client._sign_in)), caplog.text, *observer.warnings]
    assert len(texts) > 100
    assert not [text for text in texts if TOKEN in text]
