"""Releases on GitHub, read from its API."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from packaging.version import Version

from dirac_forge.http import Http
from dirac_forge.store import Store
from dirac_forge.upstream.sources.github import GitHubRelease, from_releases, releases
from dirac_forge.upstream.sources.known import origin_of
from dirac_forge.upstream.sources.offers import Offers
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.recent import Recent
from dirac_forge.upstream.sources.source import GitHubAccess
from support.server import Answer, Asked, Server


def listed(tag: str, **more: object) -> dict[str, object]:
    return {"tag_name": tag, "assets": [{"name": f"b-{tag[1:]}.tar.gz"}], **more}


def said(offers: Offers) -> dict[str, str]:
    return {str(offer.version): offer.objection for offer in offers.offers}


def test_releases_are_asked_with_the_token_page_after_page(tmp_path: Path) -> None:
    pages = {
        "1": [listed(f"v0.{number}") for number in range(100)],
        "2": [listed("v1.1", prerelease=True, published_at="2026-02-03T00:00:00Z", html_url="https://x"), "odd"],
    }

    def answer(asked: Asked) -> Answer:
        assert asked.headers["authorization"] == "Bearer ghp_secret"
        assert asked.headers["x-github-api-version"] == "2022-11-28"
        return Answer(body=json.dumps(pages[asked.path.rpartition("=")[2]]).encode())

    with Server(answer) as server, Http(cache=None) as http:
        access = GitHubAccess(url=f"{server.url}/api/v3/", token="ghp_secret")
        assert "ghp_secret" not in repr(access)
        store = Store(tmp_path)
        found = releases(http, access, Origin(kind="github", name="github.com/a/b", url=""), recent=Recent(store))
        assert (
            releases(http, access, Origin(kind="github", name="github.com/a/b", url=""), recent=Recent(store)) == found
        )
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"ghp_secret" in path.read_bytes()]
        assert server.lines() == [f"GET /api/v3/repos/a/b/releases?per_page=100&page={number}" for number in (1, 2)]
    assert len(found) == 101
    assert (found[-1].tag, found[-1].prerelease, found[-1].files) == ("v1.1", True, ("b-1.1.tar.gz",))
    assert found[-1].published == datetime(2026, 2, 3, tzinfo=UTC)


def test_releases_say_more_than_tags() -> None:
    origin = origin_of("https://github.com/a/b/releases/download/v1.0/b-1.0.tar.gz", "1.0")
    assert origin is not None
    day = datetime(2026, 1, 2, tzinfo=UTC)
    releases = [
        GitHubRelease(tag="v1.4", draft=True, files=("b-1.4.tar.gz",)),
        GitHubRelease(tag="v1.3", prerelease=True, files=("b-1.3.tar.gz",)),
        GitHubRelease(tag="v1.2", files=("notes.txt",)),
        GitHubRelease(tag="v1.1", published=day, page="https://github.com/a/b/r", files=("x", "b-1.1.tar.xz")),
        GitHubRelease(tag="v1.0"),
        GitHubRelease(tag=""),
    ]
    found = from_releases(origin, releases, "1.0", ("b-1.0.tar.gz",))
    assert said(found) == {
        "1.4": "a draft",
        "1.3": "",
        "1.2": "no file like b-1.0.tar.gz is attached to it (it has notes.txt)",
        "1.1": "",
        "1.0": "no file like b-1.0.tar.gz is attached to it (it has none)",
    }
    assert [offer.prerelease for offer in found.offers] == [False, True, False, False, False]
    new = found.of(Version("1.1"))
    assert new is not None
    assert (new.released, new.page) == (day, "https://github.com/a/b/r")
    # A file whose name says no version has to be there as it is.
    assert set(said(from_releases(origin, releases, "1.0", ("x",))).values()) >= {"", "a draft"}
