"""The index client against a loopback index."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.http import Http, Page, UnreachableError
from dirac_forge.upstream.index.client import IndexClient, UnknownProjectError
from dirac_forge.upstream.index.page import read_page
from support.archives import sdist, wheel
from support.index import IndexFile, PackageIndex
from support.server import Answer, dead_port

FILES: dict[str, bytes | IndexFile] = {
    "demo-1.0.tar.gz": sdist("demo", "1.0", {"setup.py": ""}),
    "demo-1.0-py3-none-any.whl": IndexFile(content=wheel("demo", "1.0"), requires_python=">=3.9"),
    "demo-0.9.zip": IndexFile(content=b"zip", yanked="broken", sha256=""),
    "demo-2.0rc1.tar.gz": IndexFile(content=b"tar", yanked="", sha256="AB" * 32),
    "demo-2004d.tar.gz": b"old",
    "demo-1.0.win32.exe": b"MZ",
}


@pytest.mark.parametrize("html_only", [False, True])
@pytest.mark.parametrize("absolute", [False, True])
def test_a_project_is_read(html_only: bool, absolute: bool) -> None:
    with PackageIndex({"demo": FILES}, html_only=html_only, absolute=absolute) as served, Http(cache=None) as http:
        project = IndexClient(http, url=served.url.rstrip("/")).project("Demo")
        assert [str(release.version) for release in project.releases] == ["0.9", "1.0", "2.0rc1"]
        assert project.unreadable == ("demo-2004d.tar.gz",)
        old, final, new = project.releases
        assert [file.filename for file in final.files] == ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"]
        (first, second) = final.files
        assert (first.kind, first.requires_python) == ("wheel", ">=3.9")
        assert first.metadata_hashes is not None
        assert second.metadata_hashes is None
        assert second.url == served.file_url("demo", "demo-1.0.tar.gz")
        assert second.sha256 is not None
        assert (old.yanked, final.yanked, new.yanked) == ("broken", None, "")
        assert (old.files[0].sha256, new.files[0].sha256) == (None, "ab" * 32)
        if not html_only:
            assert second.uploaded == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
            assert second.size == len(sdist("demo", "1.0", {"setup.py": ""}))
        assert served.lines() == ["GET /simple/demo/"]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("1.2", ["1.2", "1.2.0", "v1.2.0.0", "1.2rc1", "1.2.post1"]),
        ("1.2.0", ["1.2", "1.2.0", "v1.2.0.0", "1.2rc1", "1.2.post1"]),
        ("2026.4.1", ["2026.04.01"]),
        ("12", ["12"]),
    ],
)
def test_file_names_of_one_version_are_read_however_it_is_spelled(asked: str, names: list[str]) -> None:
    others = ["0.1.2", "1.20", "1.2.1", "11.2", "120", "1.12", "2026.4.11"]
    spelled = ["1.2", "1.2.0", "v1.2.0.0", "1.2rc1", "1.2.post1", "2026.04.01", "12"]
    files = [
        {"filename": f"de-mo-{text}.tar.gz", "url": f"https://host/{text}", "hashes": {}}
        for text in [*spelled, *others]
    ]
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "de-mo", "files": files}).encode()
    page = Page(url="https://host/", body=body, headers={"content-type": "application/vnd.pypi.simple.v1+json"})
    found = read_page(page, "de-mo", only=Version(asked))
    assert {file.url for release in found.releases for file in release.files} == {
        f"https://host/{text}" for text in names
    }


def test_an_unknown_project_names_the_nearest() -> None:
    with PackageIndex({}) as served, Http(cache=None) as http:
        with pytest.raises(UnknownProjectError) as caught:
            IndexClient(http, url=served.url, known=lambda: ["DIRAC", "DIRACCommon", "suds"]).project("dirak")
        assert str(caught.value) == f"There is no project dirak on {served.url}.\nDid you mean DIRAC?"


def test_the_name_that_was_refused_is_not_suggested() -> None:
    with PackageIndex({}) as served, Http(cache=None) as http:
        with pytest.raises(UnknownProjectError) as caught:
            IndexClient(http, url=served.url, known=lambda: ["Requests", "requestz"]).project("requests")
        assert str(caught.value) == f"There is no project requests on {served.url}.\nDid you mean requestz?"
        with pytest.raises(UnknownProjectError) as caught:
            IndexClient(http, url=served.url).project("dirak")
        assert str(caught.value) == f"There is no project dirak on {served.url}."


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "dirac\n", "x/y"])
def test_what_is_no_name_is_never_asked(name: str) -> None:
    with PackageIndex({}) as served, Http(cache=None) as http:
        with pytest.raises(InputError, match="can't be the name of a project"):
            IndexClient(http, url=served.url).project(name)
        assert served.lines() == []


JSON = "application/vnd.pypi.simple.v1+json"


@pytest.mark.parametrize(
    ("kind", "body", "what"),
    [
        (
            "text/html",
            b"<html><body><h1>Please log in</h1><a href='/login'>login</a></body></html>",
            "HTML that lists no file",
        ),
        ("text/html", b"", "HTML that lists no file"),
        ("text/html; charset=klingon", b"\xff\xfe<a", "HTML"),
        (JSON, b'{"files": [', "broken JSON"),
        (JSON, b'{"files": [{"filename": "d\xe9mo-1.0.tar.gz"}]}', "JSON that is not UTF-8"),
        (JSON, b"[]", "JSON without `files`"),
        (JSON, b'{"files": {}}', "JSON without `files`"),
        (
            JSON,
            b'{"files": [{"filename": "demo-1.0.tar.gz"}]}',
            "JSON whose file 'demo-1.0.tar.gz' is not as PEP 691 says",
        ),
        (JSON, b'{"files": [{"filename": 3}]}', "JSON whose file 3 is not as PEP 691 says"),
        (JSON, b'{"files": ["demo"]}', "JSON whose file 'demo' is not as PEP 691 says"),
        (JSON, b'{"meta": {"api-version": "2.0"}, "files": []}', "version '2.0' of the Simple API"),
        (JSON, b"[" * 100_000, "broken JSON"),
        (JSON, b'{"files": [' + b"0," * 100_000 + b"0]}", "JSON with 100001 files, more than any project has"),
        ("text/html", b"<a>" * 120_001, "HTML with too many tags"),
        ("text/html", b"<!--" * 1_001, "HTML with too many tags"),
        ("text/html", b"<![" * 9, "HTML that can't be read"),
        ("application/zip", b"PK", "content of type 'application/zip'"),
    ],
)
def test_nonsense_leaves_the_question_open(kind: str, body: bytes, what: str) -> None:
    failures = {"/simple/demo/": Answer(headers={"Content-Type": kind}, body=body)}
    with PackageIndex({"demo": {}}, failures=failures) as served, Http(cache=None) as http:
        with pytest.raises(UnreachableError) as caught:
            IndexClient(http, url=served.url).project("demo")
        assert what in caught.value.message
        assert caught.value.message.startswith(f"{served.url}demo/ answered ")
        assert caught.value.hint is not None


def test_a_dead_index_is_unreachable() -> None:
    with Http(cache=None) as http, pytest.raises(UnreachableError):
        IndexClient(http, url=f"http://127.0.0.1:{dead_port()}/simple/").project("demo")


def test_credentials_are_not_shown() -> None:
    page = Page(url="https://me:secret@example.org/simple/demo/", headers={"content-type": "text/plain"}, body=b"")
    with pytest.raises(UnreachableError) as caught:
        read_page(page, "demo")
    assert "secret" not in str(caught.value)


def test_values_that_cannot_be_read_are_not_there() -> None:
    entry = f'{{"filename": "demo-1.0.tar.gz", "url": "demo.tgz", "size": {"9" * 5000}, "yanked": [1], "hashes": 7}}'
    body = f'{{"name": 3, "files": [{entry}], "versions": [NOT_READ]}}'.replace("NOT_READ", "1" * 5000).encode()
    page = Page(url="https://example.org/x/demo/", headers={"content-type": JSON}, body=body)
    project = read_page(page, "demo")
    (file,) = project.releases[0].files
    assert (project.name, file.size, file.yanked, dict(file.hashes)) == ("demo", None, "", {})


def test_the_renamed_key_of_pep_714_wins() -> None:
    given: list[dict[str, object]] = [
        {"core-metadata": {"sha256": "aa" * 32}, "dist-info-metadata": {"sha256": "bb" * 32}},
        {"dist-info-metadata": True},
        {"core-metadata": False, "dist-info-metadata": True},
        {},
    ]
    files = [
        {"filename": f"demo-{n}.0-py3-none-any.whl", "url": f"demo-{n}.whl", **keys} for n, keys in enumerate(given)
    ]
    body = json.dumps({"name": "demo", "files": files}).encode()
    page = Page(url="https://example.org/x/demo/", headers={"content-type": JSON}, body=body)
    project = read_page(page, "demo")
    assert [release.files[0].metadata_hashes for release in project.releases] == [
        {"sha256": "aa" * 32},
        {},
        None,
        None,
    ]
    assert project.releases[0].files[0].url == "https://example.org/x/demo/demo-0.whl"


def test_versions_are_sorted_as_versions() -> None:
    files = [{"filename": f"demo-{v}.tar.gz", "url": v} for v in ("1.10", "1.9", "1.9.post1", "2.0a1", "2.0")]
    page = Page(url="https://e.org/", headers={"content-type": JSON}, body=json.dumps({"files": files}).encode())
    versions = [release.version for release in read_page(page, "demo").releases]
    assert versions == sorted(versions)
    assert versions[-1] == Version("2.0")
