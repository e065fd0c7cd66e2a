"""Index pages of plain web servers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from dirac_forge.http import Http, UnreachableError
from dirac_forge.upstream.sources import listings as folders
from dirac_forge.upstream.sources.listings import ListedFiles, folder_offers, links
from support.server import Answer, Asked, Server, dead_port

HTML = {"Content-Type": "text/html;charset=UTF-8"}


def serving(pages: Mapping[str, str]) -> Server:
    def answer(asked: Asked) -> Answer:
        page = pages.get(asked.path)
        return Answer(status=404) if page is None else Answer(body=page.encode(), headers=HTML)

    return Server(answer)


def index(*names: str) -> str:
    return "<html><h1>Index</h1>" + "".join(f'<a href="{name}">{name}</a>\n' for name in names)


def look(pages: Mapping[str, str], path: str, version: str) -> tuple[ListedFiles, list[str]]:
    with serving(pages) as server, Http(cache=None) as http:
        return folder_offers(http, f"{server.url}{path}", version), server.lines()


def versions(found: ListedFiles) -> set[str]:
    return {str(offer.version) for offer in found.offers}


def test_files_of_a_folder() -> None:
    names = (
        "../",
        "demo-1.0.tar.gz",
        "demo-1.1.tar.gz",
        "demo-1.1.tar.gz.asc",
        "demo-1.2.zip",
        "other-3.0.tar.gz",
        "?C=M",
    )
    found, asked = look({"/files/": index(*names)}, "/files/demo-1.0.tar.gz", "1.0")
    assert (versions(found), found.complete, asked) == ({"1.0", "1.1"}, True, ["GET /files/"])


def test_folders_named_after_versions() -> None:
    page = index("1.90.0/", "1.91.0/", "1.92.0.beta1/", "latest/")
    found, asked = look({"/release/": page}, "/release/1.90.0/source/boost_1_90_0.tar.bz2", "1.90.0")
    assert (versions(found), found.complete, asked) == ({"1.90.0", "1.91.0", "1.92.0b1"}, False, ["GET /release/"])


def test_folders_of_release_lines_own_and_newer_ones_are_opened() -> None:
    pages = {
        "/glib/": index("2.86/", "2.88/", "2.90/", "cache.json"),
        "/glib/2.88/": index("glib-2.88.1.tar.xz", "glib-2.88.2.tar.xz"),
        "/glib/2.90/": index("glib-2.90.0.tar.xz"),
    }
    found, asked = look(pages, "/glib/2.88/glib-2.88.1.tar.xz", "2.88.1")
    assert versions(found) == {"2.88.1", "2.88.2", "2.90.0"}
    assert asked == ["GET /glib/", "GET /glib/2.90/", "GET /glib/2.88/"]


def test_a_line_folder_that_can_t_be_listed_is_still_looked_into() -> None:
    pages = {"/tarball/25.x/": index("25.10.1/", "25.11.0/")}
    found, _ = look(pages, "/tarball/25.x/25.10.1/release/condor-25.10.1-src.tar.gz", "25.10.1")
    assert (versions(found), found.complete) == ({"25.10.1", "25.11.0"}, False)


def test_an_endless_tree_is_not_walked_to_its_end() -> None:
    class Endless(dict[str, str]):
        def get(self, key: str, default: object = None) -> str:
            return index(*(f"v{number}/" for number in range(1, 50)))

    found, asked = look(Endless(), "/v1/1.2/1.2.3/x-1.2.3.tar.gz", "1.2.3")
    assert len(asked) <= 8
    assert found.pages == len(asked)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=403),
        Answer(body=b"\x00" * 10, headers={"Content-Type": "application/octet-stream"}),
        Answer(headers={"Content-Length": str(10 * 1024**3), **HTML}, hang_up=True),
        Answer(body=b"<html>nothing here", headers=HTML),
    ],
)
def test_a_server_that_shows_no_index(answer: Answer) -> None:
    with Server(lambda asked: answer) as server, Http(cache=None) as http:
        assert folder_offers(http, f"{server.url}/demo-1.0.tar.gz", "1.0").offers == ()


def test_a_dead_server_is_unknown() -> None:
    with Http(cache=None) as http, pytest.raises(UnreachableError):
        folder_offers(http, f"http://127.0.0.1:{dead_port()}/demo-1.0.tar.gz", "1.0")


def test_a_name_that_does_not_say_the_version_asks_nobody() -> None:
    found, asked = look({}, "/2026/sqlite-autoconf-3530400.tar.gz", "3.53.4")
    assert (found.offers, asked) == ((), [])


def test_dates_of_apache_and_nginx() -> None:
    page = (
        '<a href="a-1.tar.gz">a-1</a>   2026-07-15 09:12  1.2M\n<a href="/x/b-1.tar.gz">b</a> 05-Jan-2026 10:00 7\n'
        '<a href="c?x=1">c</a> 99-Foo-2026 10:00<a name="d">d</a><a href="../">up</a>'
    )
    assert links(page) == {
        "a-1.tar.gz": datetime(2026, 7, 15, 9, 12, tzinfo=UTC),
        "b-1.tar.gz": datetime(2026, 1, 5, 10, 0, tzinfo=UTC),
        "c": None,
        "..": None,
    }


def test_sourceforge_has_a_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = (
        "<rss><item><title><![CDATA[/gsoap_2.8/gsoap_2.8.139.zip]]></title>"
        "<pubDate>Sat, 04 Jan 2026 10:11:12 UT</pubDate></item>"
        "<item><title>/gsoap_2.8/gsoap_2.8.140.zip</title><pubDate>Sat, 99 Foo 2026 10:11:12 UT</pubDate></item>"
        "<item><title>/readme</title></item><item></item></rss>"
    )
    with Server(lambda asked: Answer(body=feed.encode())) as server, Http(cache=None) as http:
        monkeypatch.setattr(folders, "SOURCEFORGE", server.url)
        found = folder_offers(http, "https://downloads.sourceforge.net/gsoap2/gsoap_2.8.123.zip", "2.8.123")
        assert server.lines() == ["GET /projects/gsoap2/rss?path=/"]
        assert (
            folder_offers(http, "https://sourceforge.net/projects/gsoap2/files/latest/download", "1.0") == ListedFiles()
        )
    assert versions(found) == {"2.8.139", "2.8.140"}
    assert found.offers[0].released == datetime(2026, 1, 4, 10, 11, 12, tzinfo=UTC)
    assert found.complete
