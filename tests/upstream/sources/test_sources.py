"""Places are asked in order, once, and what they can't tell is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dirac_forge.errors import InputError
from dirac_forge.http import Http, UnreachableError
from dirac_forge.store import Store
from dirac_forge.upstream.index.project import Project
from dirac_forge.upstream.sources.github import GitHubAccess
from dirac_forge.upstream.sources.offers import Offers
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.source import SourceQuery
from dirac_forge.upstream.sources.sources import ReleaseSources
from support.repositories import bare_repository, git, served
from support.server import Answer, Asked, Server, dead_port

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def nobody(name: str) -> Project:
    raise AssertionError(name)


def places(
    http: Http, *, store: Store | None = None, api: str = "", token: str = "", offline: bool = False, now: float = 0
) -> ReleaseSources:
    return ReleaseSources(
        http,
        store or Store(None),
        project=nobody,
        github=GitHubAccess(url=api, token=token),
        offline=offline,
        clock=lambda: now,
    )


def hub(server: str, *, tag: str = "v1.0", asset: bool = True) -> Origin:
    return Origin(
        kind="github",
        name="github.com/a/b",
        url=f"{server}/b-1.0.tar.gz",
        repository=f"{server}/a/b",
        tag=tag,
        asset=asset,
    )


def versions(offers: Offers) -> set[str]:
    return {str(offer.version) for offer in offers.offers}


def listed(tag: str, **more: object) -> dict[str, object]:
    return {"tag_name": tag, "assets": [{"name": f"b-{tag[1:]}.tar.gz"}], **more}


@needs_git
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Answer(status=403), "access is refused (403)"),
        (Answer(body=b"{}"), "answered something other than GitHub's releases"),
    ],
)
def test_without_releases_tags_tell_less_and_that_is_said(status: Answer, said: str, tmp_path: Path) -> None:
    bare_repository(tmp_path / "a/b", ["v1.0", "v1.1"])
    server = Server(lambda asked: status if asked.path.startswith("/repos") else served(tmp_path, asked))
    with server, Http(cache=None) as http:
        found = places(http, api=server.url).ask(
            SourceQuery(origin=hub(server.url), ways=("github", "tags"), version="1.0", assets=("b-1.0.tar.gz",))
        )
    assert versions(found) == {"1.0", "1.1"}
    (note,) = found.notes
    assert note.startswith("GitHub's releases could not be read (")
    assert note.endswith("), so only tags were seen: they tell neither dates nor pre-releases nor attached files")
    assert said in note


@needs_git
def test_a_repository_without_releases_has_its_tags(tmp_path: Path) -> None:
    bare_repository(tmp_path / "a/b", ["v1.0", "v1.1"])
    api = Answer(body=b"[]")
    server = Server(lambda asked: api if asked.path.startswith("/repos") else served(tmp_path, asked))
    with server, Http(cache=None) as http:
        asking = places(http, api=server.url)
        place = SourceQuery(origin=hub(server.url), ways=("github", "tags"), version="1.0")
        assert versions(asking.ask(place)) == {"1.0", "1.1"}
        assert asking.ask(SourceQuery(origin=hub(server.url), ways=("github",), version="1.0")).offers == ()


@needs_git
def test_where_nobody_tells_all_reasons_are_given() -> None:
    dead = f"http://127.0.0.1:{dead_port()}"
    with Http(cache=None) as http, pytest.raises(UnreachableError) as error:
        places(http, api=dead).ask(SourceQuery(origin=hub(dead), ways=("github", "tags"), version="1.0"))
    host = dead.removeprefix("http://")
    assert error.value.message == f"{host} can't be reached: connection refused"


@needs_git
def test_tags_are_kept_for_ten_minutes_and_for_offline_runs(tmp_path: Path) -> None:
    bare_repository(tmp_path / "web/a/b", ["v1.0"])
    store = Store(tmp_path / "cache")
    with Server(lambda asked: served(tmp_path / "web", asked)) as server:

        def look(now: float, *, offline: bool = False) -> set[str]:
            with Http(cache=None, offline=offline) as http:
                place = SourceQuery(origin=hub(server.url), ways=("tags",), version="1.0")
                return versions(places(http, store=store, offline=offline, now=now).ask(place))

        assert look(0) == {"1.0"}
        repository = tmp_path / "web/a/b"
        git(repository, "tag", "v1.1", "v1.0")
        git(repository, "update-server-info")
        assert look(599) == {"1.0"}
        assert look(601) == {"1.0", "1.1"}
        server.forget()
        assert look(9999, offline=True) == {"1.0", "1.1"}
        assert server.lines() == []
        assert look(-1) == {"1.0", "1.1"}  # a clock that was set back is no reason to trust what is kept
        assert server.lines() != []


def test_offline_without_anything_kept_is_unknown(tmp_path: Path) -> None:
    with Http(cache=None, offline=True) as http, pytest.raises(UnreachableError, match="this run is offline") as error:
        places(http, offline=True).ask(SourceQuery(origin=hub("https://github.com"), ways=("tags",), version="1.0"))
    assert error.value.hint == "Leave out --offline to ask it."


def test_what_github_says_of_one_tag() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/repos/a/b/releases/tags/core%2F1.1":
            return Answer(body=json.dumps(listed("core/1.1", prerelease=True)).encode())
        return Answer(status=404)

    with Server(answer) as server, Http(cache=None) as http:
        asking = places(http, api=server.url)
        found = asking.about(hub(server.url), "core/1.1")
        assert found is not None
        assert found.prerelease
        assert asking.about(hub(server.url), "v9") is None
        assert asking.about(Origin(kind="gitlab", name="gitlab.com/a/b", url=""), "v1") is None
    with Http(cache=None) as http, pytest.raises(UnreachableError):
        places(http, api=f"http://127.0.0.1:{dead_port()}").about(hub("https://github.com"), "v1")


def files(root: dict[str, bytes]) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        body = root.get(asked.path)
        kind = "text/html" if asked.path.endswith("/") else "application/gzip"
        return Answer(status=404) if body is None else Answer(body=body, headers={"Content-Type": kind})

    return answer


ARCHIVE = b"\x1f\x8b" + b"0" * 100


def ask_files(root: dict[str, bytes], path: str) -> tuple[Offers, list[str]]:
    with Server(files(root)) as server, Http(cache=None) as http:
        url = f"{server.url}{path}"
        origin = Origin(kind="url", name="127.0.0.1", url=url.replace("@", "1.0.0"))
        place = SourceQuery(
            origin=origin, ways=("url",), version="1.0.0", urls=lambda version: [url.replace("@", version)]
        )
        return places(http).ask(place), server.lines()


def test_folders_named_after_versions_may_lack_the_file() -> None:
    # As python.org has folders of versions that are only pre-releases so far.
    page = b'<a href="1.0.0/">1.0.0/</a><a href="1.1.0/">1.1.0/</a><a href="1.2.0/">1.2.0/</a>'
    root = {"/ftp/": page, "/ftp/1.1.0/x-1.1.0.tgz": ARCHIVE, "/ftp/1.2.0/x-1.2.0.tgz": b"<html>sorry"}
    found, _ = ask_files(root, "/ftp/@/x-@.tgz")
    said = {str(offer.version): offer.objection.rpartition(": ")[2] for offer in found.offers}
    assert said == {"1.0.0": "", "1.1.0": "", "1.2.0": "the server sent a web page"}


def test_without_an_index_page_files_are_tried() -> None:
    root = {"/x-1.0.0.tgz": ARCHIVE, "/x-1.0.1.tgz": ARCHIVE}
    found, asked = ask_files(root, "/x-@.tgz")
    assert versions(found) == {"1.0.0", "1.0.1"}
    assert asked[0] == "GET /"


def test_an_index_page_that_lists_only_what_is_old_is_not_believed() -> None:
    root = {"/": b'<a href="x-0.9.0.tgz">', "/x-1.0.0.tgz": ARCHIVE, "/x-1.1.0.tgz": ARCHIVE}
    assert versions(ask_files(root, "/x-@.tgz")[0]) == {"1.0.0", "1.1.0"}


def test_no_way_at_all() -> None:
    with Http(cache=None) as http, pytest.raises(InputError, match=r"github\.com/a/b: its versions can't be looked up"):
        places(http).ask(SourceQuery(origin=hub("https://github.com"), ways=(), version="1.0"))
