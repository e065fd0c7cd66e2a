"""The local GitHub itself: what tests rely on."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.github import Fault, GitHub, Limit, bare

UPSTREAM = "conda-forge/demo-feedstock"
TOKEN = "ghp_0123456789abcdef0123456789abcdef0123"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github") as github:
        github.user("bot", token=TOKEN)
        github.repository(UPSTREAM, {"recipe/meta.yaml": "version: 1\n"})
        yield github


def ask(github: GitHub, method: str, path: str, body: object = None, token: str = TOKEN) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{github.api_url}{path}", data=data, method=method, headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        ("git", "-C", str(folder), *arguments),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )


def test_from_fork_to_merge(github: GitHub, tmp_path: Path) -> None:
    github.fork_polls = 2
    assert ask(github, "POST", f"/repos/{UPSTREAM}/forks", {})[0] == 202
    polls = [ask(github, "GET", "/repos/bot/demo-feedstock")[0] for _ in range(3)]
    assert polls == [404, 404, 200]
    clone = tmp_path / "clone"
    address = github.url.replace("://", f"://x-access-token:{TOKEN}@") + "/bot/demo-feedstock.git"
    assert git(tmp_path, "clone", address, str(clone)).returncode == 0
    (clone / "recipe" / "meta.yaml").write_text("version: 2\n", encoding="utf-8")
    who = ("-c", "user.name=Bot", "-c", "user.email=bot@example.org")
    git(clone, *who, "commit", "-am", "Version 2")
    assert git(clone, "push", "origin", "HEAD:refs/heads/v2").returncode == 0
    wanted = {"title": "v2", "head": "bot:v2", "base": "main", "maintainer_can_modify": True}
    status, made = ask(github, "POST", f"/repos/{UPSTREAM}/pulls", wanted)
    assert (status, made["number"], made["state"]) == (201, 1, "open")
    assert ask(github, "POST", f"/repos/{UPSTREAM}/pulls", wanted)[1]["errors"] == [
        {"resource": "PullRequest", "code": "custom", "message": "A pull request already exists for bot:v2."}
    ]
    (pull,) = github.pulls(UPSTREAM)
    assert pull.pull is not None
    assert pull.pull.maintainer_can_modify
    place = f"/repos/{UPSTREAM}/pulls/1"
    assert ask(github, "GET", place)[1]["mergeable"] is True
    for text, mergeable in (("version: 3\n", False), ("version: 2\n", True)):
        bare.commit(github.path(UPSTREAM), "main", {"recipe/meta.yaml": text})
        assert ask(github, "GET", place)[1]["mergeable"] is mergeable
    github.merge(UPSTREAM, 1, by="chrisburr")
    assert bare.files(github.path(UPSTREAM), "main") == {"recipe/meta.yaml": "version: 2"}
    merged = ask(github, "GET", place)[1]
    assert (merged["merged_by"]["login"], merged["mergeable"]) == ("chrisburr", None)


def test_only_who_may_pushes(github: GitHub, tmp_path: Path) -> None:
    work = tmp_path / "work"
    git(tmp_path, "clone", f"{github.url}/{UPSTREAM}", str(work))
    assert "Authentication failed" in git(work, "push", "origin", "HEAD:refs/heads/x").stderr
    address = github.url.replace("://", f"://x-access-token:{TOKEN}@") + f"/{UPSTREAM}.git"
    assert f"Permission to {UPSTREAM}.git denied to bot" in git(work, "push", address, "HEAD:refs/heads/x").stderr
    github.get(UPSTREAM).permissions["bot"] = "write"
    assert git(work, "push", address, "HEAD:refs/heads/x").returncode == 0
    github.archive(UPSTREAM)
    assert "archived so it is read-only" in git(work, "push", address, "HEAD:refs/heads/y").stderr
    assert sorted(bare.branches(github.path(UPSTREAM))) == ["main", "x"]


def test_renamed(github: GitHub, tmp_path: Path) -> None:
    github.rename(UPSTREAM, "conda-forge/new-feedstock")
    assert ask(github, "GET", f"/repos/{UPSTREAM}")[1]["full_name"] == "conda-forge/new-feedstock"
    assert git(tmp_path, "clone", f"{github.url}/{UPSTREAM}.git", "x").returncode == 0
    with pytest.raises(urllib.error.HTTPError, match="307"):  # a post is not sent on
        urllib.request.urlopen(
            urllib.request.Request(f"{github.api_url}/repos/{UPSTREAM}/issues", data=b'{"title": "t"}', method="POST")
        )


def test_a_pull_request_follows_its_branch_and_goes_with_it(github: GitHub) -> None:
    github.fork(github.get(UPSTREAM), "bot")
    fork = github.path("bot/demo-feedstock")
    first = bare.commit(fork, "v2", {"x": "1"}, start="main")
    ask(github, "POST", f"/repos/{UPSTREAM}/pulls", {"title": "t", "head": "bot:v2", "base": "main"})
    ticket = github.pulls(UPSTREAM)[0]
    assert ticket.pull is not None
    assert ticket.pull.head_sha == first
    second = bare.commit(fork, "v2", {"x": "2"})
    assert github.pulls(UPSTREAM)[0].pull.head_sha == second  # type: ignore[union-attr]
    bare.git(fork, "update-ref", "-d", "refs/heads/v2")
    assert github.pulls(UPSTREAM)[0].state == "closed"


def test_commits_are_those_of_git(github: GitHub, tmp_path: Path) -> None:
    folder = github.path(UPSTREAM)
    first = bare.branches(folder)["main"]
    changes: dict[str, str | bytes] = {"a": "1", "b/c": b"\x00", "b.d": "x", "b/e/f": "y", "b0": "z"}
    second = bare.commit(folder, "main", dict(changes), message="Second\n\nTwo lines")
    third = bare.commit(folder, "new/branch", {"b/c": None, "a": "2"}, start="main")
    assert bare.git(folder, "fsck", "--strict", "--full") == ""
    assert bare.git(folder, "rev-list", "new/branch").splitlines() == [third, second, first]
    assert bare.subjects(folder, "main") == ["Second", "First commit"]
    bare.git(folder, "gc", "--quiet")
    bare.commit(folder, "new/branch", {"g": "3"})
    assert bare.git(folder, "ls-tree", "-r", "--name-only", "new/branch").splitlines() == [
        *("a", "b.d", "b/e/f", "b0", "g", "recipe/meta.yaml"),
    ]
    bare.commit(folder, "main", {"only": "1"}, anew=True)
    assert bare.files(folder, "main") == {"only": "1"}


def test_heads_of_pull_requests_can_be_fetched(github: GitHub, tmp_path: Path) -> None:
    github.fork(github.get(UPSTREAM), "bot")
    fork = github.path("bot/demo-feedstock")
    sha = bare.commit(fork, "v2", {"x": "1"}, start="main")
    ask(github, "POST", f"/repos/{UPSTREAM}/pulls", {"title": "t", "head": "bot:v2", "base": "main"})
    bare.git(fork, "update-ref", "-d", "refs/heads/v2")
    listed = git(tmp_path, "ls-remote", f"{github.url}/{UPSTREAM}", "refs/pull/*/head").stdout
    assert listed == f"{sha}\trefs/pull/1/head\n"


def test_limits(github: GitHub) -> None:
    now = [1000.0]
    github.clock = lambda: now[0]
    github.limit = Limit(most=2, window=60)
    assert [ask(github, "GET", "/user")[0] for _ in range(3)] == [200, 200, 403]
    now[0] += 60
    assert ask(github, "GET", "/user")[0] == 200
    github.limit = Limit(most=100, window=60)
    github.writes = Limit(most=1, window=30)
    wanted = {"title": "t"}
    assert [ask(github, "POST", f"/repos/{UPSTREAM}/issues", wanted)[0] for _ in range(2)] == [201, 403]


def test_faults(github: GitHub) -> None:
    path = f"/repos/{UPSTREAM}/issues"
    github.faults = [
        Fault(method="POST", path=r"/repos/.*/issues", status=502),
        Fault(method="POST", path=r"/repos/.*/issues", nth=2, act=True),
    ]
    assert ask(github, "POST", path, {"title": "a"})[0] == 502
    with pytest.raises(http.client.RemoteDisconnected):
        ask(github, "POST", path, {"title": "b"})
    assert [each.title for each in github.get(UPSTREAM).tickets.values()] == ["b"]
    assert github.lines() == [f"POST {path}", f"POST {path}"]
