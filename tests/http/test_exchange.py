"""Calls of an API: one try, any status, credentials for one host only, and what a broken one says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dirac_forge.http import Http, LostError, TooLargeError, UnreachableError
from support.server import Answer, Serve, dead_port

SECRET = "ghp_0123456789abcdef0123456789abcdef0123"
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def http(tmp_path: Path) -> Iterator[Http]:
    with Http(cache=tmp_path / "cache", timeout=10) as http:
        yield http


def test_what_is_sent_and_what_comes_back(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(status=422, headers={"X-RateLimit-Remaining": "7"}, body=b'{"message": "no"}'))
    answer = http.call("PATCH", f"{server.url}/x?a=1", json={"title": "é"}, headers=BEARER, limit=1000)
    assert (answer.status, answer.body, answer.url) == (422, b'{"message": "no"}', f"{server.url}/x?a=1")
    assert answer.headers["x-ratelimit-remaining"] == "7"
    (asked,) = server.log
    assert asked.line == "PATCH /x?a=1"
    assert json.loads(asked.body) == {"title": "é"}
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_one_try(serve: Serve, http: Http, method: str, status: int) -> None:
    server = serve(lambda _: Answer(status=status, headers={"Retry-After": "1"}))
    assert http.call(method, server.url, limit=1000).status == status
    assert len(server.log) == 1


def test_nothing_is_kept(serve: Serve, http: Http, tmp_path: Path) -> None:
    server = serve(lambda _: Answer(headers={"Cache-Control": "max-age=600", "ETag": '"1"'}, body=b"{}"))
    for _ in range(2):
        http.call("GET", server.url, headers=BEARER, limit=1000)
    assert len(server.log) == 2
    assert not (tmp_path / "cache").exists()


def test_netrc_does_not_replace_credentials(
    serve: Serve, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password wrong\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve(lambda _: Answer(body=b"{}"))
    http.call("GET", server.url, headers=BEARER, limit=1000)
    assert server.log[0].headers["authorization"] == f"Bearer {SECRET}"


def test_a_get_follows_redirects_without_taking_credentials_elsewhere(serve: Serve, http: Http) -> None:
    other = serve(lambda _: Answer(body=b"there"))
    server = serve(
        lambda asked: (
            Answer(status=301, headers={"Location": "/second"})
            if asked.path == "/first"
            else Answer(status=302, headers={"Location": f"{other.url}/third"})
        )
    )
    answer = http.call("GET", f"{server.url}/first", headers=BEARER, limit=1000)
    assert (answer.url, answer.body) == (f"{other.url}/third", b"there")
    assert [asked.headers.get("authorization") for asked in server.log] == [f"Bearer {SECRET}"] * 2
    assert "authorization" not in other.log[0].headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_other_methods_are_told_of_redirects(serve: Serve, http: Http, status: int) -> None:
    server = serve(lambda _: Answer(status=status, headers={"Location": "/second"}))
    answer = http.call("POST", f"{server.url}/first", json={}, limit=1000)
    assert (answer.status, answer.headers["location"]) == (status, "/second")
    assert server.lines() == ["POST /first"]


def test_an_answer_that_does_not_come(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(status=0))
    with pytest.raises(LostError, match=r"the connection broke\nTry again later\.$") as error:
        http.call("POST", f"{server.url}/x", json={}, headers=BEARER, limit=1000)
    assert SECRET not in str(error.value)
    assert server.lines() == ["POST /x"]


def test_an_answer_that_breaks_off(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(headers={"Content-Length": "100"}, body=b"half", hang_up=True))
    with pytest.raises(LostError, match="the connection broke"):
        http.call("POST", f"{server.url}/x", json={}, limit=1000)


def test_an_answer_that_is_late(serve: Serve) -> None:
    server = serve(lambda _: Answer(body=b"{}"))
    server.latency = 0.3
    with Http(cache=None, timeout=0.05) as http, pytest.raises(LostError) as error:
        http.call("POST", f"{server.url}/x", json={}, limit=1000)
    assert error.value.message == f"{server.url}/x: no data for 0.05 s"


def test_a_host_that_is_not_there_was_sent_nothing(http: Http) -> None:
    url = f"http://127.0.0.1:{dead_port()}/x"
    with pytest.raises(UnreachableError) as error:
        http.call("POST", url, json={}, limit=1000)
    assert not isinstance(error.value, LostError)
    assert error.value.message == f"{url} can't be reached: connection refused"


def test_offline() -> None:
    with Http(cache=None, offline=True) as http, pytest.raises(UnreachableError) as error:
        http.call("GET", "https://api.github.com/user", limit=1000)
    assert str(error.value) == "https://api.github.com/user is not asked: this run is offline\nLeave out --offline."


def test_a_body_past_its_limit(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(body=b"x" * 1001))
    with pytest.raises(TooLargeError, match="larger than its limit of 1,000 bytes"):
        http.call("GET", server.url, limit=1000)
