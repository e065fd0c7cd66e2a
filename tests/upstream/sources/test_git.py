"""The git program and the tags of real repositories."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from packaging.version import Version

from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.git import GitError, MissingRefError, own_git
from dirac_forge.http import INTERNAL_HINT, Http, Trust
from dirac_forge.store import Store
from dirac_forge.upstream.index.project import Project
from dirac_forge.upstream.sources.git import Tags, clone_from_web, from_tags, parse_refs, remote_tags
from dirac_forge.upstream.sources.github import GitHubAccess
from dirac_forge.upstream.sources.known import git_origin, origin_of
from dirac_forge.upstream.sources.offers import Offers, UnreadTag
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.recent import Recent
from dirac_forge.upstream.sources.source import SourceAccess, SourceQuery
from dirac_forge.upstream.sources.tag_reasons import NoOwnTag, NoTags, NoVersionTag, OtherSpelling
from support.repositories import bare_repository, served
from support.server import Answer, Asked, Server, dead_port

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def test_tags_stand_for_commits_also_annotated_ones(tmp_path: Path) -> None:
    commits = bare_repository(tmp_path / "a/b.git", ["v1.0", "v1.1", "nightly/2"], annotated=["v1.1"])
    with Server(lambda asked: served(tmp_path, asked)) as server:
        assert remote_tags(f"{server.url}/a/b.git") == commits


def test_a_peeled_tag_goes_before_its_object() -> None:
    listing = (
        b"1" * 40 + b"\trefs/tags/v1\n" + b"2" * 40 + b"\trefs/tags/v1^{}\n" + b"3" * 40 + b"\trefs/heads/v2\nxx\n"
    )
    assert parse_refs(listing) == {"v1": "2" * 40}


@pytest.mark.parametrize(
    "url", ["file:///etc", "ext::sh -c true", "--upload-pack=x", "/tmp/x", "ssh://host/x", "https:///"]
)
def test_only_the_web_is_asked(url: str) -> None:
    with pytest.raises(InputError, match="only http and https repositories"):
        remote_tags(url)


def test_no_such_repository_and_no_such_host_are_told_apart(tmp_path: Path) -> None:
    with (
        Server(lambda asked: Answer(status=404)) as server,
        pytest.raises(MissingRefError, match="there is no such"),
    ):
        remote_tags(f"{server.url}/a/b")
    with pytest.raises(UnknownError, match="can't be reached"):
        remote_tags(f"http://127.0.0.1:{dead_port()}/a/b")


def test_a_redirect_to_another_protocol_is_not_followed(tmp_path: Path) -> None:
    bare_repository(tmp_path / "b.git", ["v1.0"])
    there = {"Location": (tmp_path / "b.git/info/refs").as_uri()}
    with Server(lambda asked: Answer(status=302, headers=there)) as server, pytest.raises((InputError, UnknownError)):
        remote_tags(f"{server.url}/b.git")


def test_a_redirect_is_left_to_who_checks_where_it_leads(tmp_path: Path) -> None:
    with Server(lambda _: Answer(status=404)) as inside:
        there = {"Location": f"{inside.url}/b.git/info/refs?service=git-upload-pack"}
        with Server(lambda _: Answer(status=301, headers=there)) as server, pytest.raises((InputError, UnknownError)):
            remote_tags(f"{server.url}/b.git")
        assert (inside.connections, inside.log) == (0, [])


def _no_project(name: str) -> Project:
    raise InputError(f"{name} is not asked for")


def _tags_of(url: str, trust: Trust) -> Offers:
    origin = Origin(kind="git", name="b", url=url, repository=url, tag="v1.0")
    with Http(cache=None, trust=trust) as http:
        access = SourceAccess(http, Recent(Store(None)), project=_no_project, github=GitHubAccess())
        return Tags().offers(SourceQuery(origin=origin, ways=("tags",), version="1.0"), access)


def test_a_repository_that_moved_is_read_where_it_is(tmp_path: Path) -> None:
    bare_repository(tmp_path / "new.git", ["v1.0", "v1.1"])

    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/old.git"):
            return Answer(status=301, headers={"Location": "/new.git/info/refs?service=git-upload-pack"})
        return served(tmp_path, asked)

    with Server(answer) as server:
        offers = _tags_of(f"{server.url}/old.git", Trust(loopback=True))
    assert sorted(str(offer.version) for offer in offers.offers) == ["1.0", "1.1"]


def test_a_repository_on_this_machine_is_not_asked(tmp_path: Path) -> None:
    with Server(lambda asked: served(tmp_path, asked)) as server:
        url = f"{server.url}/b.git"
        with pytest.raises(UnknownError) as error:
            _tags_of(url, Trust())
        assert (server.connections, server.log) == (0, [])
    problem = "its address 127.0.0.1 is not public, and the settings do not name this host"
    assert error.value.message == f"{url} can't be reached: {problem}"
    assert error.value.hint == INTERNAL_HINT


def test_a_repository_is_cloned_where_it_is(tmp_path: Path) -> None:
    commits = bare_repository(tmp_path / "new.git", ["v1.0", "v1.1"])

    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/old.git"):
            return Answer(status=301, headers={"Location": "/new.git/info/refs?service=git-upload-pack"})
        return served(tmp_path, asked)

    with Server(answer) as server, Http(cache=None, trust=Trust(loopback=True)) as http:
        clone_from_web(http, f"{server.url}/old.git", tmp_path / "clone", timeout=60)
    listed = own_git("for-each-ref", "--format=%(objectname)\t%(refname)", about="", folder=tmp_path / "clone")
    assert parse_refs(listed) == commits


@pytest.mark.parametrize("url", ["{}/b.git", "file:///b.git", "ssh://git@example.org/b.git", "git@example.org:b.git"])
def test_a_repository_that_is_not_public_is_not_cloned(tmp_path: Path, url: str) -> None:
    with Server(lambda asked: served(tmp_path, asked)) as server, Http(cache=None, trust=Trust()) as http:
        told = "its address 127.0.0.1 is not public" if url.startswith("{") else "only http and https repositories"
        with pytest.raises(ForgeError, match=told):
            clone_from_web(http, url.format(server.url), tmp_path / "clone", timeout=60)
        assert server.log == []
    assert not (tmp_path / "clone").exists()


def test_git_reads_no_netrc_for_a_repository_of_a_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    with Server(lambda _: Answer(status=401, headers={"WWW-Authenticate": "Basic realm=x"})) as server:
        with pytest.raises(InputError):
            remote_tags(f"{server.url}/b.git")
        assert [asked.headers.get("authorization") for asked in server.log] == [None] * len(server.log)
        assert server.log


def test_a_host_is_asked_at_the_address_that_was_checked(tmp_path: Path) -> None:
    commits = bare_repository(tmp_path / "b.git", ["v1.0"])
    with Server(lambda asked: served(tmp_path, asked)) as server:
        url = f"http://no-such-host.invalid:{server.port}/b.git"
        assert remote_tags(url, addresses=("127.0.0.1",)) == commits


def test_what_a_credential_is_stays_out_of_messages() -> None:
    with pytest.raises(UnknownError) as error:
        remote_tags(f"http://me:secret@127.0.0.1:{dead_port()}/a/b")
    assert "secret" not in str(error.value)


def test_git_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GitError, match="git is not installed"):
        remote_tags("https://example.org/a/b")


def test_a_list_of_tags_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_repository(tmp_path / "b.git", [f"v1.{minor}" for minor in range(3)])
    monkeypatch.setattr("dirac_forge.upstream.sources.git._LARGEST", 100)
    with (
        Server(lambda asked: served(tmp_path, asked)) as server,
        pytest.raises(InputError, match="git printed more than 100"),
    ):
        remote_tags(f"{server.url}/b.git")


def hub(url: str = "https://github.com/a/b/archive/v1.0.tar.gz") -> Origin:
    origin = origin_of(url, "1.0")
    assert origin is not None
    return origin


def said(offers: Offers) -> dict[str, str]:
    return {str(offer.version): offer.objection for offer in offers.offers}


def test_tags_are_versions_and_the_others_have_a_reason() -> None:
    found = from_tags(hub(), dict.fromkeys(("v1.0", "v1.1", "other-2.0", "latest"), ""), "1.0")
    assert said(found) == {"1.0": "", "1.1": ""}
    assert found.unread == (
        UnreadTag(tag="other-2.0", reason=OtherSpelling(tag="other-2.0", example="v1.2.3")),
        UnreadTag(tag="latest", reason=NoVersionTag(tag="latest")),
    )
    offer = found.of(Version("1.1"))
    assert offer is not None
    assert (offer.tag, offer.page, offer.released) == ("v1.1", "https://github.com/a/b/releases/tag/v1.1", None)


def test_the_same_version_under_two_tags_has_the_one_that_the_recipe_would_take() -> None:
    for tags in (("1.1", "v1.1", "v1.0"), ("v1.1", "1.1", "v1.0")):
        offer = from_tags(hub(), dict.fromkeys(tags, ""), "1.0").of(Version("1.1"))
        assert offer is not None
        assert offer.tag == "v1.1"


def test_a_commit_tells_which_tag_is_the_recipe_s() -> None:
    origin = git_origin("https://example.org/a/b", "1" * 40, "1.0")
    assert origin is not None
    tags = {"1.0": "2" * 40, "core-1.0": "1" * 40, "core-1.1": "3" * 40, "1.2": "4" * 40}
    found = from_tags(origin, tags, "1.0")
    assert (found.tag, said(found)) == ("core-1.0", {"1.0": "", "1.1": ""})


def test_where_no_tag_is_the_recipe_s_nothing_is_guessed() -> None:
    origin = git_origin("https://example.org/a/b", "1" * 40, "1.0")
    assert origin is not None
    found = from_tags(origin, {"release": ""}, "1.0")
    assert found.offers == ()
    assert found.unread == (UnreadTag(reason=NoOwnTag(place="example.org/a/b", version="1.0")),)
    assert from_tags(origin, {}, "1.0").unread == (UnreadTag(reason=NoTags(place="example.org/a/b")),)
