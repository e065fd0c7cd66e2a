"""What is asked of GitHub is what GitHub describes. Every local GitHub is held to the description when it ends; here is
what shows that this finds something, that everything is asked for once, and that GitHub's own examples are understood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.http import Http
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.github import shapes
from dirac_forge.pullrequest.tokens import Token
from support.github import GitHub, Request, bare
from support.github.clock import StandingClock
from support.github.description import Description, description

UPSTREAM = "conda-forge/demo-feedstock"
TOKEN = "ghp_0123456789abcdef0123456789abcdef0123"
GOOD = Request(
    method="POST",
    path=f"/repos/{UPSTREAM}/pulls",
    query={},
    headers={},
    body={"title": "t", "head": "bot:v2", "base": "main"},
    status=201,
    answer={"number": 1, "state": "open", "title": "t", "merged_at": None},
)
LIST = replace(GOOD, method="GET", body=None, status=200, answer=[], query={"per_page": "100", "state": "all"})


@pytest.fixture(scope="module")
def described() -> Description:
    found = description()
    if found is None:
        pytest.skip("GitHub's description of its API is not here; `python tests` fetches it where npm is")
    return found


def test_all_that_is_asked_for(described: Description, tmp_path: Path) -> None:
    time = StandingClock()
    with Http(cache=None) as http, GitHub(tmp_path, clock=time.time) as github:
        github.user("bot", token=TOKEN)
        github.repository(UPSTREAM, {"a": "1"}, permissions={"bot": "triage"})
        github.largest_page = 2
        client = Client(http, Token(TOKEN), api_url=github.api_url, clock=time.clock())
        repo = client.repository(UPSTREAM)
        fork = client.fork(repo)
        sha = bare.commit(github.path(fork.full_name), "v2", {"a": "2"}, start="main")
        made = client.open(repo, head="bot:v2", base="main", title="t", body="b")
        client.edit(repo, made.number, title="t2", body="b2", state="closed")
        for number in range(3):
            client.comment(repo, made.number, f"{number}")
            github.check_run(UPSTREAM, sha, f"{number}")
            client.issue(repo, title=f"i{number}", body="")
        client.label(repo, made.number, "automerge")
        client.label(repo, made.number, "bug")
        client.unlabel(repo, made.number, "automerge")
        assert client.was_given(repo, made.number) == {"automerge", "bug"}
        client.checks(repo, sha)
        assert len(list(client.comments(repo, made.number))) == 3
        assert len(list(client.pull_requests(repo, state="all", head="bot:v2", base="main"))) == 1
        client.pull_request(repo, made.number)
        client.delete_branch(fork, "v2")
        asked = {
            f"{each.method} {known[0]}"
            for each in github.requests
            if (known := described.operation(each.method, each.path)) is not None
        }
        assert described.violations(github.requests) == []
    one = "/repos/{owner}/{repo}"
    assert asked == {
        "GET /user",
        f"GET {one}",
        f"POST {one}/forks",
        f"GET {one}/git/ref/{{ref}}",
        f"POST {one}/pulls",
        f"GET {one}/pulls",
        f"GET {one}/pulls/{{pull_number}}",
        f"PATCH {one}/pulls/{{pull_number}}",
        f"GET {one}/issues",
        f"POST {one}/issues",
        f"GET {one}/issues/{{issue_number}}",
        f"GET {one}/issues/{{issue_number}}/comments",
        f"POST {one}/issues/{{issue_number}}/comments",
        f"POST {one}/issues/{{issue_number}}/labels",
        f"DELETE {one}/issues/{{issue_number}}/labels/{{name}}",
        f"GET {one}/issues/{{issue_number}}/events",
        f"GET {one}/commits/{{ref}}/check-runs",
        f"GET {one}/commits/{{ref}}/status",
        f"DELETE {one}/git/refs/{{ref}}",
    }


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (GOOD, []),
        (LIST, []),
        (replace(GOOD, path="/repos/x/pulls"), ["GitHub has no such operation"]),
        (replace(GOOD, method="PUT"), ["GitHub has no such operation"]),
        (replace(GOOD, body=None), ["its body is missing"]),
        (
            replace(GOOD, body={"title": "t", "head": 1, "base": "main", "labels": []}),
            ["body: head: 1 is not of type 'string'", "body: there is no labels"],
        ),
        (replace(GOOD, body={"title": "t", "head": "x"}), ["body: 'base' is a required property"]),
        (replace(LIST, body={}), ["it takes no body"]),
        (replace(LIST, query={"author": "bot"}), ["there is no query parameter author"]),
        (
            replace(LIST, query={"state": "merged"}),
            ["query parameter state: 'merged' is not one of ['open', 'closed', 'all']"],
        ),
        (replace(LIST, query={"page": "two"}), ["query parameter page: 'two' is not of type 'integer'"]),
        (replace(GOOD, answer={"number": "1"}), ["answer 201: number: '1' is not of type 'integer'"]),
        (replace(GOOD, answer={"title": None}), ["answer 201: title: None is not of type 'string'"]),
        (replace(GOOD, answer={"closed_by": "bot"}), ["answer 201: there is no closed_by"]),
        (replace(LIST, answer={}), ["answer 200: {} is not of type 'array'"]),
        (replace(GOOD, status=200), ["it does not answer 200"]),
    ],
)
def test_what_is_found(described: Description, request_: Request, said: list[str]) -> None:
    found = Description(described.content).violations([request_])
    assert found == [f"{request_.line}: {each}" for each in said]


def attributes(value: object, *names: str) -> tuple[object, ...]:
    return tuple(getattr(value, name) for name in names)


@pytest.mark.parametrize(
    ("example", "understand", "wanted"),
    [
        (
            "full-repository",
            lambda content: attributes(shapes.repo(content), "full_name", "default_branch", "permission"),
            ("octocat/Hello-World", "master", "read"),
        ),
        (
            "pull-request",
            lambda content: attributes(
                shapes.pull_request(content), "number", "state", "head", "base", "author", "labels"
            ),
            (1347, "merged", "octocat:new-topic", "master", "octocat", ("bug",)),
        ),
        (
            "pull-request-simple-items",
            lambda content: [(pull.number, pull.created) for pull in map(shapes.pull_request, content)],
            [(1347, datetime(2011, 1, 26, 19, 1, 12, tzinfo=UTC))],
        ),
        (
            "issue-comment-items",
            lambda content: [(said.author, said.body) for said in map(shapes.comment, content)],
            [("octocat", "Me too")],
        ),
        ("combined-commit-status", lambda content: shapes.checks([], content).verdict, "green"),
        (
            "check-run-paginated",
            lambda content: shapes.checks(content["check_runs"], {"total_count": 0, "state": "pending"}).verdict,
            "green",
        ),
    ],
)
def test_githubs_own_examples(
    described: Description, example: str, understand: Callable[[Any], object], wanted: object
) -> None:
    assert understand(described.content["components"]["examples"][example]["value"]) == wanted
