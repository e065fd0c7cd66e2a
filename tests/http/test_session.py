"""What is kept on disk, for how long, and what is served from it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from dirac_forge.http import Http, NotFoundError, UnreachableError
from dirac_forge.http.session import Entries
from support.server import Answer, Asked, Server, dead_port

LIMIT = 1_000_000


class Site:
    """A page whose headers and body a test may change, and that answers conditional requests."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b"one"
        self.server = Server(self.answer)

    def answer(self, asked: Asked) -> Answer:
        etag, modified = self.headers.get("ETag"), self.headers.get("Last-Modified")
        same = [etag and asked.headers.get("if-none-match") == etag]
        same.append(modified and asked.headers.get("if-modified-since") == modified)
        if any(same):
            return Answer(status=304, headers=self.headers)
        return Answer(status=self.status, headers=self.headers, body=self.body)

    @property
    def url(self) -> str:
        return f"{self.server.url}/x"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with site.server:
        yield site


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., bytes]:
    """The page as one run of its own gets it."""

    def run(url: str, *, offline: bool = False, accept: str | None = None) -> bytes:
        with Http(cache=tmp_path / "cache", offline=offline) as http:
            return http.page(url, limit=LIMIT, accept=accept).body

    return run


def ago(seconds: float) -> str:
    return formatdate(time.time() - seconds, usegmt=True)


def test_fresh_pages_are_not_asked_for_again(site: Site, run: Callable[..., bytes]) -> None:
    site.headers = {"Cache-Control": "max-age=600"}
    assert [run(site.url), run(site.url)] == [b"one", b"one"]
    assert len(site.server.log) == 1


def test_fresh_pages_need_no_host_that_answers(site: Site, run: Callable[..., bytes]) -> None:
    site.headers = {"Cache-Control": "max-age=600"}
    run(site.url)
    site.server.__exit__(None, None, None)
    assert run(site.url) == b"one"
    site.server = Server(site.answer).__enter__()


def test_pages_without_a_word_on_freshness_are_fresh_for_ten_minutes(site: Site, run: Callable[..., bytes]) -> None:
    site.headers = {"Date": ago(590)}
    run(site.url)
    assert run(site.url) == b"one"
    assert len(site.server.log) == 1
    site.headers = {"Date": ago(610)}
    site.body = b"two"
    other = site.url + "?other"
    assert [run(other), run(other)] == [b"two", b"two"]
    assert len(site.server.log) == 3


@pytest.mark.parametrize("said", ["no-store", "no-cache", "max-age=0", "must-revalidate", "private, max-age=0"])
def test_pages_that_must_not_be_taken_from_the_cache(site: Site, run: Callable[..., bytes], said: str) -> None:
    site.headers = {"Cache-Control": said}
    run(site.url)
    site.body = b"two"
    assert run(site.url) == b"two"


@pytest.mark.parametrize("status", [404, 410])
def test_that_there_is_nothing_is_kept_as_long_as_a_page(status: int, site: Site, run: Callable[..., bytes]) -> None:
    site.status = status
    site.headers = {"Date": ago(590)}
    for offline in (False, False, True):
        with pytest.raises(NotFoundError, match=f"there is nothing here \\({status}"):
            run(site.url, offline=offline)
    assert len(site.server.log) == 1


def test_what_was_missing_is_found_once_that_is_stale(site: Site, run: Callable[..., bytes]) -> None:
    site.status = 404
    site.headers = {"Date": ago(610)}
    with pytest.raises(NotFoundError):
        run(site.url)
    site.status = 200
    assert run(site.url) == b"one"


def test_stale_pages_are_asked_for_by_etag(site: Site, run: Callable[..., bytes]) -> None:
    site.headers = {"Cache-Control": "max-age=600", "Date": ago(700), "ETag": '"v1"'}
    run(site.url)
    site.headers["Date"] = ago(0)
    assert run(site.url) == b"one"
    assert site.server.log[1].headers["if-none-match"] == '"v1"'
    assert run(site.url) == b"one"
    assert len(site.server.log) == 2  # 304 made it fresh again


def test_stale_pages_are_asked_for_by_date(site: Site, run: Callable[..., bytes]) -> None:
    site.headers = {"Date": ago(700), "Last-Modified": ago(9999)}
    run(site.url)
    site.headers["Date"] = ago(0)
    site.body = b"not sent"
    assert run(site.url) == b"one"
    assert site.server.log[1].headers["if-modified-since"] == site.headers["Last-Modified"]
    assert run(site.url) == b"one"
    assert len(site.server.log) == 2


def test_stale_pages_that_changed(site: Site, run: Callable[..., bytes]) -> None:
    site.headers = {"Cache-Control": "max-age=600", "Date": ago(700), "ETag": '"v1"'}
    run(site.url)
    site.headers["ETag"], site.body = '"v2"', b"two"
    assert run(site.url) == b"two"


def test_offline_serves_what_is_kept_however_stale(site: Site, run: Callable[..., bytes]) -> None:
    site.headers = {"Cache-Control": "max-age=600", "Date": ago(9_999_999)}
    run(site.url)
    assert run(site.url, offline=True) == b"one"
    with pytest.raises(UnreachableError) as error:
        run(site.url + "y", offline=True)
    assert str(error.value) == (
        f"{site.url}y is not in the cache, and this run is offline\nLeave out --offline to ask for it."
    )
    assert len(site.server.log) == 1


def test_offline_nothing_is_asked(site: Site, tmp_path: Path) -> None:
    with Http(cache=tmp_path, offline=True) as http:
        assert not http.reachable(site.url)
        with pytest.raises(UnreachableError, match="this run is offline"):
            http.part(site.url, length=5)
        with pytest.raises(UnreachableError, match="this run is offline"), http.download(site.url, limit=LIMIT):
            pytest.fail("a file from nowhere")
    assert site.server.connections == 0


def test_the_form_that_was_asked_for_is_served(site: Site, run: Callable[..., bytes]) -> None:
    site.headers = {"Cache-Control": "max-age=600", "Vary": "Accept"}
    run(site.url, accept="text/html")
    site.body = b"json"
    assert run(site.url, accept="application/json") == b"json"
    assert run(site.url, accept="application/json") == b"json"
    assert len(site.server.log) == 2


def test_credentials_are_not_written(site: Site, run: Callable[..., bytes], tmp_path: Path) -> None:
    site.headers = {"Cache-Control": "max-age=600", "Vary": "Authorization"}
    with_secret = site.url.replace("http://", "http://me:s3cret@")
    assert [run(with_secret), run(with_secret)] == [b"one", b"one"]
    assert len(site.server.log) == 1
    run(site.url)
    assert len(site.server.log) == 2  # someone else's
    (entry,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert b"bWU6czNjcmV0" not in entry.read_bytes()
    assert b"s3cret" not in entry.read_bytes()


def test_downloads_and_parts_are_not_kept(site: Site, tmp_path: Path) -> None:
    site.headers = {"Cache-Control": "max-age=600"}
    with Http(cache=tmp_path) as http:
        with http.download(site.url, limit=LIMIT) as file:
            assert file.read() == b"one"
        assert http.part(site.url, length=1) is None
    assert list(tmp_path.iterdir()) == []


def test_broken_off_bodies_are_not_kept(site: Site, tmp_path: Path) -> None:
    answers = [
        Answer(headers={"Cache-Control": "max-age=600", "Content-Length": "5"}, body=b"on", hang_up=True),
        Answer(headers={"Cache-Control": "max-age=600"}, body=b"whole"),
    ]
    site.server.answer = lambda _: answers.pop(0)
    with Http(cache=tmp_path) as http:
        assert http.page(site.url, limit=LIMIT).body == b"whole"
        assert http.page(site.url, limit=LIMIT).body == b"whole"


def test_broken_entries_cost_time_only(site: Site, run: Callable[..., bytes], tmp_path: Path) -> None:
    site.headers = {"Cache-Control": "max-age=600"}
    run(site.url)
    (entry,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    whole = entry.read_bytes()
    for broken in (b"", whole[:-1], whole[:-1] + b"!", bytes(len(whole))):
        entry.write_bytes(broken)
        assert run(site.url) == b"one"
    assert len(site.server.log) == 5


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder that can't be written")
def test_a_folder_that_can_not_be_written_costs_time_only(
    site: Site, run: Callable[..., bytes], tmp_path: Path
) -> None:
    (tmp_path / "cache").mkdir(mode=0o500)
    assert run(site.url) == b"one"


def test_a_cache_that_is_no_folder_costs_time_only(site: Site, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    with Http(cache=tmp_path / "cache") as http:
        assert http.page(site.url, limit=LIMIT).body == b"one"
        assert http.page(site.url, limit=LIMIT).body == b"one"


def test_entries_are_read_back(tmp_path: Path) -> None:
    entries = Entries(tmp_path)
    assert entries.get("https://a/") is None
    entries.set("https://a/", b"x")
    entries.delete("https://a/")
    assert Entries(tmp_path).get("https://a/") == b"x"


def test_permanent_redirects_are_kept(site: Site, tmp_path: Path) -> None:
    site.server.answer = lambda asked: (
        Answer(status=301, headers={"Location": "/y"}) if asked.path == "/x" else Answer(body=b"there")
    )
    for _ in range(2):
        with Http(cache=tmp_path) as http:
            page = http.page(site.url, limit=LIMIT)
            assert (page.url, page.body) == (f"{site.server.url}/y", b"there")
    assert site.server.lines() == ["GET /x", "GET /y"]


def test_a_dead_host_and_nothing_kept(run: Callable[..., bytes]) -> None:
    url = f"http://127.0.0.1:{dead_port()}/x"
    with pytest.raises(UnreachableError) as error:
        run(url)
    assert str(error.value) == (
        f"{url} can't be reached: connection refused\n"
        "Check the network and the proxy settings; --offline serves what the cache has."
    )
