"""Hashes of files: given, listed, or of what was downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from dirac_forge.errors import InputError
from dirac_forge.http import Http, NotFoundError, TooLargeError
from dirac_forge.upstream.digests import Ask, Digests, chunks, project_of, read_known
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.index.project import Project
from support.index import IndexFile, PackageIndex
from support.server import Answer, Server

ARCHIVE = b"\x1f\x8b an archive"
SHA256, MD5 = hashlib.sha256(ARCHIVE).hexdigest(), hashlib.md5(ARCHIVE, usedforsecurity=False).hexdigest()
SOURCE = "https://pypi.org/packages/source/d/demo/demo-1.0.tar.gz"


def ask(http: Http, index_url: str = "http://127.0.0.1:9/simple/") -> Ask:
    def download(url: str, limit: int) -> Iterator[bytes]:
        with http.download(url, limit=limit) as file:
            yield from chunks(file)

    return Ask(project=IndexClient(http, url=index_url).project, download=download)


def nobody(*_: object) -> Project:
    raise AssertionError("nobody may be asked")


def answer(**bodies: Answer) -> Server:
    return Server(lambda asked: bodies.get(asked.path.strip("/").split(".")[0], Answer(status=404)))


@pytest.mark.parametrize(
    "url",
    [
        SOURCE,
        "https://pypi.io/packages/source/d/demo/demo-1.0.tar.gz",
        "https://files.pythonhosted.org/packages/source/d/Demo/demo-1.0.tar.gz",
    ],
)
def test_given_hashes_ask_nobody_whichever_host_of_pypi_it_is(url: str) -> None:
    digests = Digests({SOURCE: {"sha256": "a" * 64}}, Ask(project=nobody, download=nobody))  # type: ignore[arg-type]
    found = digests.of(url, {"sha256"})
    assert (found.url, found.hashes, found.origin) == (url, {"sha256": "a" * 64}, "given")


def test_the_index_has_hashes_of_its_files() -> None:
    with PackageIndex({"demo": {"demo-1.0.tar.gz": ARCHIVE}}) as index, Http(cache=None) as http:
        digests = Digests({}, ask(http, index.url))
        found = digests.of(SOURCE, {"sha256"})
        assert (found.hashes["sha256"], found.origin) == (SHA256, "index")
        with pytest.raises(NotFoundError, match=r"Demo-1.0.tar.gz: the index lists no such file"):
            digests.of(SOURCE.replace("/demo-", "/Demo-"), {"sha256"})
        assert index.lines() == ["GET /simple/demo/"]
        assert digests.listed(SOURCE.replace("/demo-", "/Demo-"), "1.0") == index.file_url("demo", "demo-1.0.tar.gz")
        assert digests.listed(SOURCE, "2.0") is None


def test_a_given_hash_that_the_index_denies_is_refused() -> None:
    with PackageIndex({"demo": {"demo-1.0.tar.gz": ARCHIVE}}) as index, Http(cache=None) as http:
        digests = Digests({SOURCE: {"sha256": "a" * 64}}, ask(http, index.url))
        with pytest.raises(InputError) as error:
            digests.of(SOURCE, {"sha256", "md5"})
        assert error.value.message == f"{SOURCE}: sha256 {'a' * 64} was expected, but the index has {SHA256}"
        assert index.lines() == ["GET /simple/demo/"]


def test_a_hash_that_the_index_lacks_is_the_file_s_and_the_others_must_agree() -> None:
    with PackageIndex({"demo": {"demo-1.0.tar.gz": ARCHIVE}}) as index, Http(cache=None) as http:
        found = Digests({}, ask(http, index.url)).of(SOURCE, {"md5"})
        assert (found.hashes["md5"], found.origin) == (MD5, "downloaded")
        index.publish("demo", "demo-1.0.tar.gz", IndexFile(content=ARCHIVE, sha256="a" * 64))
        with pytest.raises(InputError) as error:
            Digests({}, ask(http, index.url)).of(SOURCE, {"md5"})
        assert error.value.message == f"{SOURCE}: sha256 {'a' * 64} was expected, but the file has {SHA256}"


def test_other_files_are_downloaded() -> None:
    with answer(demo=Answer(body=ARCHIVE)) as server, Http(cache=None) as http:
        found = Digests({}, ask(http)).of(f"{server.url}/demo.tar.gz", {"sha256", "md5", "sha512"})
        assert (found.hashes["sha256"], found.hashes["md5"], found.origin) == (SHA256, MD5, "downloaded")
        assert found.hashes["sha512"] == hashlib.sha512(ARCHIVE).hexdigest()


def test_a_file_that_is_not_what_was_given_is_refused() -> None:
    with answer(demo=Answer(body=ARCHIVE)) as server, Http(cache=None) as http:
        url = f"{server.url}/demo.tar.gz"
        digests = Digests({url: {"sha256": "a" * 64}}, ask(http))
        with pytest.raises(InputError) as error:
            digests.of(url, {"sha256", "md5"})
        assert error.value.message == f"{url}: sha256 {'a' * 64} was expected, but the file has {SHA256}"


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("demo.tar.gz", b"<!DOCTYPE html><p>not found", "the server sent a web page"),
        ("demo.zip", b"not found", "the server sent something other than an archive"),
        ("demo.bin", b"<html>", "the server sent a web page"),
        ("demo.tar.gz", b"", "the file is empty"),
    ],
)
def test_what_is_no_archive_is_refused(name: str, body: bytes, message: str) -> None:
    with answer(demo=Answer(body=body)) as server, Http(cache=None) as http:
        with pytest.raises(InputError) as error:
            Digests({}, ask(http)).of(f"{server.url}/{name}", {"sha256"})
        assert error.value.message == f"{server.url}/{name}: {message}"


def test_ten_gigabytes_are_refused_before_they_come() -> None:
    huge = Answer(headers={"Content-Length": str(10 * 1024**3)}, body=ARCHIVE, hang_up=True)
    with answer(demo=huge) as server, Http(cache=None) as http, pytest.raises(TooLargeError):
        Digests({}, ask(http)).of(f"{server.url}/demo.tar.gz", {"sha256"})


def test_a_file_that_is_gone() -> None:
    with answer() as server, Http(cache=None) as http, pytest.raises(NotFoundError):
        Digests({}, ask(http)).of(f"{server.url}/demo.tar.gz", {"sha256"})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (SOURCE, ("demo", "demo-1.0.tar.gz")),
        ("https://pypi.org/packages/py3/p/pip/pip-25.0-py3-none-any.whl", ("pip", "pip-25.0-py3-none-any.whl")),
        (
            f"https://files.pythonhosted.org/packages/6a/5d/{'f' * 60}/demo_core-1.0.tar.gz",
            ("demo_core", "demo_core-1.0.tar.gz"),
        ),
        ("https://example.com/packages/source/d/demo/demo-1.0.tar.gz", None),
        ("https://pypi.org/project/demo", None),
    ],
)
def test_projects_of_urls(url: str, expected: tuple[str, str] | None) -> None:
    assert project_of(url) == expected


def test_known_hashes_are_read() -> None:
    assert read_known({"u": ["A" * 64, "d" * 128], "v": ["b" * 32, "c" * 40]}) == {
        "u": {"sha256": "a" * 64, "sha512": "d" * 128},
        "v": {"md5": "b" * 32, "sha1": "c" * 40},
    }
    for wrong, message in (
        ([], "expected a JSON mapping of URLs to hashes"),
        ({"u": "a" * 63}, f"u: '{'a' * 63}' is not a hash: expected hexadecimal sha256, another SHA or md5"),
        ({"u": None}, "u: None is not a hash: expected hexadecimal sha256, another SHA or md5"),
    ):
        with pytest.raises(InputError) as error:
            read_known(wrong)
        assert error.value.message == message
