"""Hosts that do not answer: found out once, within seconds, however many ask."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dirac_forge.http import Http, UnreachableError
from dirac_forge.http.hosts import Hosts
from support.server import Answer, Server, dead_port


def test_a_host_that_answers_is_asked_once() -> None:
    with Server(lambda _: Answer()) as server:
        hosts = Hosts()
        assert [hosts.problem(server.url + "/a"), hosts.problem(server.url + "/b")] == [None, None]
        assert server.connections <= 1


def test_a_refused_connection() -> None:
    assert Hosts().problem(f"http://127.0.0.1:{dead_port()}/") == "connection refused"


def test_a_name_that_does_not_resolve() -> None:
    assert Hosts().problem("https://no-such-host.invalid/") == "its name does not resolve"
    assert Hosts().problem(f"https://{'a' * 70}.invalid/") == "its name does not resolve"


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Name look-ups that take for ever, as with a name server that drops packets; the names that were looked up."""
    asked: list[str] = []

    def look_up(name: str, *args: object, **kwargs: object) -> list[object]:
        asked.append(name)
        threading.Event().wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_dead_host_is_looked_up_once_for_all_who_wait(slow_names: list[str]) -> None:
    hosts = Hosts(seconds=0.2)
    with ThreadPoolExecutor(16) as executor:
        problems = list(executor.map(hosts.problem, ["https://dead.example/x"] * 50))
    assert problems == ["no answer within 0.2 s"] * 50
    assert slow_names == ["dead.example"]


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(lambda _: Answer()) as server:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        addresses = [(*kind, ("127.0.0.1", dead_port())), (*kind, ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        assert Hosts().problem("https://two.example/") is None


def test_a_host_that_was_lost_stays_lost() -> None:
    with Server(lambda _: Answer()) as server:
        hosts = Hosts()
        assert hosts.problem(server.url) is None
        hosts.lost(server.url, "gone")
        assert hosts.problem(server.url + "/y") == "gone"


def test_with_a_proxy_the_proxy_is_what_must_answer() -> None:
    address = f"127.0.0.1:{dead_port()}"
    with Server(lambda _: Answer()) as server:
        assert Hosts().problem("https://no-such-host.invalid/", proxy=server.url) is None
        assert Hosts().problem(server.url, proxy=f"http://{address}") == f"the proxy {address}: connection refused"


def test_requests_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(lambda asked: Answer(body=asked.path.encode())) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with Http(cache=None) as http:
            assert http.page("http://no-such-host.invalid/x", limit=99).body == b"http://no-such-host.invalid/x"
            assert http.reachable("http://no-such-host.invalid/x")


def test_reachable() -> None:
    with Server(lambda _: Answer(status=500)) as server, Http(cache=None) as http:
        assert http.reachable(server.url)
        assert not http.reachable(f"http://127.0.0.1:{dead_port()}/")
        assert server.log == []


def test_later_requests_to_a_dead_host_fail_at_once(slow_names: list[str]) -> None:
    with Http(cache=None) as http:
        http._exchange._hosts._seconds = 0.1
        assert not http.reachable("https://dead.example/")
        for _ in range(3):
            with pytest.raises(UnreachableError) as error:
                http.page("https://dead.example/simple/x/", limit=1)
            assert error.value.message == "https://dead.example/simple/x/ can't be reached: no answer within 0.1 s"
    assert slow_names == ["dead.example"]


def test_a_host_that_goes_away_in_the_middle_of_a_run() -> None:
    with Http(cache=None) as http:
        with Server(lambda _: Answer(headers={"Connection": "close"}, body=b"x", hang_up=True)) as server:
            assert http.page(server.url, limit=1).body == b"x"
        for _ in range(2):
            with pytest.raises(UnreachableError) as error:
                http.page(f"{server.url}/y", limit=1)
            assert error.value.message == f"{server.url}/y can't be reached: no connection"


def test_a_lost_packet_of_a_look_up_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    real, asked = socket.getaddrinfo, []

    def look_up(name: str, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(name)
        if len(asked) == 1:
            threading.Event().wait(5)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr("dirac_forge.http.hosts._SECOND_LOOK_UPS", (0.01,))
    with Server(lambda _: Answer()) as server:
        assert Hosts(seconds=4).problem(server.url) is None
    assert asked == ["127.0.0.1", "127.0.0.1"]
