"""Hosts that the settings name, and addresses that other people's URLs may not lead to."""

from __future__ import annotations

import ast
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import dirac_forge
from dirac_forge.http import Http, Trust, UnreachableError
from dirac_forge.http.hosts import Hosts
from support.server import Answer, Server

PUBLIC = Trust.of(services=["https://pypi.org/simple/", "conda-forge", "/a/folder"])
HINT = "If this host is yours, list its name in internal-hosts of [tool.dirac-forge]."


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Name to address; every other name is looked up as always."""
    known: dict[str, str] = {}
    real = socket.getaddrinfo

    def look_up(name: str, *arguments: object, **options: object) -> object:
        return real(known.get(name, name), *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@contextmanager
def recipes(trust: Trust) -> Iterator[Http]:
    with Http(cache=None, trust=trust) as http:
        yield http


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("169.254.169.254", "169.254.169.254"),
        ("10.0.0.1", "10.0.0.1"),
        ("192.168.1.1", "192.168.1.1"),
        ("100.64.0.1", "100.64.0.1"),
        ("[::1]", "::1"),
        ("[fe80::1]", "fe80::1"),
        ("[fd00::1]", "fd00::1"),
        ("[::ffff:10.0.0.1]", "::ffff:10.0.0.1"),
    ],
)
def test_an_address_that_is_not_public_is_not_asked(host: str, address: str) -> None:
    with recipes(PUBLIC) as http, pytest.raises(UnreachableError) as error:
        http.page(f"http://{host}:9/x.tar.gz", limit=10)
    said = f"its address {address} is not public, and the settings do not name this host"
    assert error.value.message == f"http://{host}:9/x.tar.gz is not asked: {said}"
    assert error.value.hint == HINT


def test_a_name_that_resolves_to_loopback_is_not_asked(names: dict[str, str]) -> None:
    names["innocent.example"] = "127.0.0.1"
    with Server(lambda _: Answer(body=b"secret")) as server, recipes(PUBLIC) as http:
        url = f"http://innocent.example:{server.port}/"
        with pytest.raises(UnreachableError, match=r"its address 127\.0\.0\.1 is not public"):
            http.page(url, limit=10)
        assert http.refuses(url)
        assert (server.connections, server.log) == (0, [])


def test_a_redirect_to_loopback_is_not_followed(names: dict[str, str]) -> None:
    names["outside.example"] = "127.0.0.1"
    outside = Trust.of(services=[], internal_hosts=["outside.example"])
    with Server(lambda _: Answer(body=b"secret")) as inside, recipes(outside) as http:
        there = {"Location": f"http://127.0.0.1:{inside.port}/latest/meta-data"}
        with Server(lambda _: Answer(status=302, headers=there)) as server:
            with pytest.raises(UnreachableError, match="latest/meta-data is not asked: its address"):
                http.page(f"http://outside.example:{server.port}/x", limit=10)
            assert len(server.log) == 1
        assert (inside.connections, inside.log) == (0, [])


def test_a_name_is_looked_up_once_so_that_it_leads_nowhere_else_later(names: dict[str, str]) -> None:
    names["rebound.example"] = "127.0.0.1"
    listed = Trust.of(services=[], internal_hosts=["rebound.example"])
    with Server(lambda _: Answer(body=b"first")) as server:
        hosts = Hosts(trust=listed)
        url = f"http://rebound.example:{server.port}/"
        assert hosts.problem(url) is None
        names["rebound.example"] = "10.0.0.1"
        assert hosts.problem(url) is None
        assert hosts.addresses("rebound.example", server.port) == ("127.0.0.1",)
        assert hosts.addresses("rebound.example.", server.port) == ("127.0.0.1",)


def test_a_listed_host_is_asked(names: dict[str, str]) -> None:
    names["git.example.org"] = "127.0.0.1"
    with (
        Server(lambda _: Answer(body=b"ours")) as server,
        recipes(Trust.of(services=["https://pypi.org/simple/"], internal_hosts=["Git.Example.org"])) as http,
    ):
        assert http.page(f"http://git.example.org:{server.port}/", limit=10).body == b"ours"


@pytest.mark.parametrize("index", ["http://127.0.0.1:8000/simple/", "http://localhost:8000/simple/"])
def test_an_index_on_this_machine_allows_loopback_and_nothing_else(index: str) -> None:
    trust = Trust.of(services=[index])
    assert trust.allows("any.example", "127.0.0.1")
    assert trust.allows("any.example", "::1")
    assert not trust.allows("any.example", "10.0.0.1")
    assert not trust.allows("any.example", "169.254.169.254")


def test_an_index_on_an_internal_network_allows_its_own_host_only() -> None:
    trust = Trust.of(services=["https://pypi.corp.example/simple/"])
    assert trust.allows("PyPI.corp.example.", "10.0.0.1")
    assert not trust.allows("git.corp.example", "10.0.0.1")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert PUBLIC.allows("any.example", address)


@pytest.mark.parametrize("address", ["64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "::", "no address"])
def test_addresses_that_lead_to_others_are_refused(address: str) -> None:
    assert not PUBLIC.allows("any.example", address)


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "localhost", "a.localhost", "127.1"])
def test_a_proxy_is_not_asked_for_this_machine(host: str) -> None:
    with Server(lambda _: Answer()) as proxy:
        hosts = Hosts(trust=PUBLIC)
        assert "is not public" in str(hosts.problem(f"http://{host}:9/", proxy=proxy.url))
        assert hosts.problem("http://public.example/", proxy=proxy.url) is None


def test_that_the_proxy_was_asked_does_not_allow_its_address() -> None:
    with Server(lambda _: Answer()) as proxy:
        hosts = Hosts(trust=PUBLIC)
        assert hosts.problem("http://public.example/", proxy=proxy.url) is None
        assert "is not public" in str(hosts.problem(proxy.url))


@pytest.mark.parametrize("path", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_away_from_the_web_is_not_followed(path: str) -> None:
    with (
        Server(lambda _: Answer(status=302, headers={"Location": path})) as server,
        recipes(Trust(loopback=True)) as http,
        pytest.raises(UnreachableError, match="expected an http or https URL"),
    ):
        http.page(server.url, limit=10)


def test_netrc_goes_over_https_to_hosts_of_the_settings_only() -> None:
    trust = Trust.of(
        services=[
            "https://pypi.corp.example/simple/",
            "https://conda.corp.example/c",
            "https://github.corp.example/api",
        ],
        feedstocks="https://git.corp.example/{name}",
        internal_hosts=["files.corp.example"],
    )
    hosts = ["pypi", "conda", "github", "git", "files", "other"]
    given = [host for host in hosts if trust.gives_credentials(f"https://{host}.corp.example/x")]
    assert given == ["pypi", "conda", "github"]
    assert not trust.gives_credentials("http://pypi.corp.example/x")
    assert not trust.gives_credentials("https://pypi.corp.example.evil.example/x")


@pytest.mark.parametrize("trust", [None, Trust.of(services=["http://127.0.0.1/simple/"])])
def test_netrc_is_not_sent_without_tls(trust: Trust | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Server(lambda _: Answer(body=b"{}")) as server, Http(cache=None, trust=trust) as http:
        http.page(server.url, limit=10)
        http.call("GET", server.url, limit=10)
        assert ["authorization" in asked.headers for asked in server.log] == [False, False]


def test_every_session_of_the_program_knows_whom_to_trust() -> None:
    texts = [file.read_text(encoding="utf-8") for file in Path(dirac_forge.__file__).parent.rglob("*.py")]
    calls = [
        call
        for text in texts
        if "Http(" in text
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Http"
    ]
    assert calls
    assert all("trust" in [keyword.arg for keyword in call.keywords] for call in calls)


def test_files_of_pypi_are_trusted_where_pypi_is() -> None:
    trust = Trust.of(services=["https://pypi.org/simple/"])
    assert trust.allows("files.pythonhosted.org", "10.0.0.1")
    assert not trust.gives_credentials("https://files.pythonhosted.org/x")
    assert not Trust.of(services=["https://index.example.org/"]).allows("files.pythonhosted.org", "10.0.0.1")


def test_files_that_an_internal_index_lists_are_asked_and_other_urls_of_their_host_are_not(
    names: dict[str, str],
) -> None:
    names["index.corp.test"] = "127.0.0.1"
    trust = Trust(internal=frozenset({"index.corp.test"}))
    with Server(lambda _: Answer(body=b"x")) as server, recipes(trust) as http:
        page = http.page(f"http://index.corp.test:{server.port}/simple/demo/", limit=10)
        file = f"http://127.0.0.1:{server.port}/a b.whl"
        with pytest.raises(UnreachableError):
            http.page(file, limit=10)
        http.allow_listed(page.url, [file])
        assert http.page(file, limit=10).body == b"x"
        with pytest.raises(UnreachableError, match=r"is not asked: its address 127\.0\.0\.1 is not public"):
            http.page(f"http://127.0.0.1:{server.port}/other.whl", limit=10)


def test_an_index_with_a_public_address_vouches_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with recipes(PUBLIC) as http:
        monkeypatch.setattr(Hosts, "addresses", lambda *_: ("151.101.0.223",))
        http.allow_listed("https://pypi.org/simple/demo/", ["http://127.0.0.1:9/x.whl"])
        with pytest.raises(UnreachableError, match="is not public"):
            http.page("http://127.0.0.1:9/x.whl", limit=10)
