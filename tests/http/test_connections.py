"""Connections: TLS is verified, names are looked up once, every address is tried."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.http import Http, UnreachableError
from support.server import Answer, Server

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(lambda _: Answer(body=b"secret"), certificate=CERTIFICATE) as server:
        yield server


@pytest.fixture
def http(monkeypatch: pytest.MonkeyPatch) -> Iterator[Http]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with Http(cache=None) as http:
        yield http


def test_a_certificate_that_is_not_trusted(server: Server, http: Http) -> None:
    with pytest.raises(UnreachableError) as error:
        http.page(f"{server.url}/x", limit=99)
    said = error.value.message
    assert said.startswith(f"{server.url}/x: its TLS certificate is not accepted: self")
    assert error.value.hint == "If the network inspects TLS, name its CA bundle in REQUESTS_CA_BUNDLE."
    assert server.log == []


def test_a_certificate_that_is_trusted(server: Server, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    assert http.page(server.url, limit=99).body == b"secret"


def test_a_certificate_for_another_name(server: Server, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with pytest.raises(UnreachableError) as error:
        http.page(f"https://127.0.0.1:{server.port}/x", limit=99)
    assert "its TLS certificate is not accepted: IP address mismatch" in error.value.message


def test_a_bundle_that_is_not_there(
    server: Server, http: Http, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(empty))
    with pytest.raises(UnreachableError) as error:
        http.page(f"{server.url}/x", limit=99)
    assert error.value.message.startswith(f"{server.url}/x can't be read: the CA bundle {empty} can't be read (")


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """two.example has a dead and a living address of this machine; the names that were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(name: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(name)
        if name != "two.example":
            return real(name, port, *args, **kwargs)
        dead = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))
        return [dead, *real("127.0.0.1", port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_is_looked_up_once_and_the_address_that_answers_is_used(two_addresses: list[str]) -> None:
    hang_up = Answer(body=b"x", headers={"Connection": "close"}, hang_up=True)
    with Server(lambda _: hang_up) as server, Http(cache=None) as http:
        for _ in range(3):
            assert http.page(f"http://two.example:{server.port}/", limit=1).body == b"x"
    assert two_addresses == ["two.example", "127.0.0.1", "127.0.0.1", "127.0.0.1"]


def test_the_next_address_is_tried(two_addresses: list[str]) -> None:
    hang_up = Answer(body=b"x", headers={"Connection": "close"}, hang_up=True)
    with Server(lambda _: hang_up) as server, Http(cache=None) as http:
        url = f"http://two.example:{server.port}/"
        http._exchange._hosts._host("two.example", server.port).result = ("::1", "127.0.0.1")
        assert http.page(url, limit=1).body == b"x"
        http._exchange._hosts._host("two.example", server.port).result = ("::1",)
        with pytest.raises(UnreachableError) as error:
            http.page(url, limit=1)
    assert error.value.message == f"{url} can't be reached: no connection"
