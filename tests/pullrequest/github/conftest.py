"""A local GitHub with one feedstock, and clients of it whose clock only moves when they sleep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dirac_forge.http import Http
from dirac_forge.progress import Silent
from dirac_forge.pullrequest.forge import PullRequest, Repo
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.tokens import Token
from support.github import GitHub, bare
from support.github.clock import StandingClock

UPSTREAM = "conda-forge/demo-feedstock"
TOKEN = "ghp_0123456789abcdef0123456789abcdef0123"

Open = Callable[..., PullRequest]


@pytest.fixture
def time() -> StandingClock:
    return StandingClock()


@pytest.fixture
def github(tmp_path: Path, time: StandingClock) -> Iterator[GitHub]:
    with GitHub(tmp_path / "github", clock=time.time) as github:
        github.user("bot", token=TOKEN)
        github.repository(UPSTREAM, {"recipe/meta.yaml": "version: 1\n"})
        yield github


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(cache=None, timeout=10) as http:
        yield http


@pytest.fixture
def observer() -> Silent:
    return Silent()


@pytest.fixture
def client(github: GitHub, http: Http, time: StandingClock, observer: Silent) -> Client:
    return Client(http, Token(TOKEN), api_url=github.api_url, clock=time.clock(), observer=observer)


@pytest.fixture
def repo(github: GitHub, client: Client) -> Repo:
    """The feedstock, as the client knows it; nothing of that stays in the log."""
    found = client.repository(UPSTREAM)
    client.login()
    github.forget()
    return found


@pytest.fixture
def branch(github: GitHub) -> str:
    """The head of a pull request that could be opened."""
    github.fork(github.get(UPSTREAM), "bot")
    bare.commit(github.path("bot/demo-feedstock"), "v2", {"recipe/meta.yaml": "version: 2\n"}, start="main")
    return "bot:v2"
