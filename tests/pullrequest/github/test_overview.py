"""Many things asked of GitHub at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.errors import UnknownError
from dirac_forge.http import Http
from dirac_forge.pullrequest.forge import BranchHead
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.tokens import Token
from support.bots import TOKEN
from support.github import Fault, GitHub, bare
from support.github.clock import StandingClock


@pytest.fixture
def site(tmp_path: Path):  # type: ignore[no-untyped-def]
    clock = StandingClock()
    with GitHub(tmp_path / "github", clock=clock.time) as github, Http(cache=None) as http:
        github.user("bot", token=TOKEN)
        yield github, Client(http, Token(TOKEN), api_url=github.api_url, clock=clock.clock()), clock


def test_the_heads_of_hundreds_of_branches_are_a_few_queries(site) -> None:  # type: ignore[no-untyped-def]
    github, client, clock = site
    names = [f"conda-forge/f{number}-feedstock" for number in range(230)]
    for name in names[::50]:
        github.repository(name, {"a": "x\n"})
    bare.git(github.path(names[0]), "branch", "v1.x", "main")
    found = client.heads([*((name, "") for name in names), (names[0], "v1.x"), (names[0], "gone")])
    commit = bare.branches(github.path(names[0]))["main"]
    assert found[names[0], ""] == BranchHead(branch="main", commit=commit)
    assert found[names[0], "v1.x"] == BranchHead(branch="v1.x", commit=commit)
    assert set(found) == {*((name, "") for name in names[::50]), (names[0], "v1.x")}
    assert github.lines() == ["POST /graphql"] * 3
    assert clock.slept == []  # a query changes nothing: it waits for no turn


def test_names_can_not_break_out_of_a_query(site) -> None:  # type: ignore[no-untyped-def]
    _, client, _ = site
    assert client.heads([('x/y") { id } viewer { login } r9: repository(owner: "a', 'b" name: "')]) is None


def test_all_our_open_requests_are_listed_page_by_page_with_what_changes(site) -> None:  # type: ignore[no-untyped-def]
    from support.github.state import Pull  # noqa: PLC0415

    github, client, _ = site
    github.repository("conda-forge/demo-feedstock", {"a": "x\n"})
    repo = github.get("conda-forge/demo-feedstock")
    fork = github.fork(repo, "bot")
    sha = bare.branches(github.path(fork.full_name))["main"]
    for number in range(60):
        ticket = github.new_ticket(repo, title="x", body="", author="bot")
        ticket.pull = Pull(head_owner="bot", head_repo=fork.id, head_ref="main", head_sha=sha, base_ref="main")
        if number % 2:
            ticket.state = "closed"
    found = client.own_requests()
    assert (len(found), found[0].repository, found[0].branch) == (30, "conda-forge/demo-feedstock", "main")
    before = {each.number: each.state for each in found}
    github.check_run("conda-forge/demo-feedstock", sha, "linux", conclusion="failure")
    assert before[1] != {each.number: each.state for each in client.own_requests()}[1]


def test_a_github_without_graphql_gives_no_answer_and_one_that_fails_is_unknown(site) -> None:  # type: ignore[no-untyped-def]
    github, client, _ = site
    github.graphql = False
    assert client.heads([("conda-forge/demo-feedstock", "")]) is None
    assert client.own_requests() is None
    github.faults.append(Fault(path=".*graphql", times=99, status=502))
    with pytest.raises(UnknownError):
        client.own_requests()
