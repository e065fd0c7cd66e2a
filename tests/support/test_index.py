"""The loopback index answers as the standards say; otherwise the tests that lean on it prove nothing."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
import zipfile
from io import BytesIO

import pytest

from support.index import IndexFile, PackageIndex

JSON = "application/vnd.pypi.simple.v1+json"


def wheel(version: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            f"demo-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: demo\nVersion: {version}\n"
        )
    return buffer.getvalue()


def ask(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_json_page_lists_files_with_hashes_and_metadata() -> None:
    content = wheel("1.0")
    with PackageIndex({"De.mo": {"demo-1.0-py3-none-any.whl": content}}) as index:
        _, headers, body = ask(index.url + "de-mo/", Accept=JSON)
        listed = json.loads(body)
        (file,) = listed["files"]
        assert headers["Content-Type"] == JSON
        assert listed["name"] == "De.mo"
        assert file["hashes"] == {"sha256": hashlib.sha256(content).hexdigest()}
        assert ask(file["url"])[2] == content
        assert ask(file["url"] + ".metadata")[2] == b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
        assert index.lines() == [
            "GET /simple/de-mo/",
            "GET /files/de-mo/demo-1.0-py3-none-any.whl",
            "GET /files/de-mo/demo-1.0-py3-none-any.whl.metadata",
        ]


def test_html_page_where_json_is_not_asked_for_or_not_had() -> None:
    with PackageIndex({"demo": {"demo-1.0.tar.gz": IndexFile(content=b"x", yanked="broken <all>")}}) as index:
        html = ask(index.url + "demo/")[2].decode()
        assert 'data-yanked="broken &lt;all&gt;"' in html
        assert ">demo-1.0.tar.gz</a>" in html
        index.html_only = True
        assert ask(index.url + "demo/", Accept=JSON)[2].decode() == html


def test_relative_urls_on_demand() -> None:
    with PackageIndex({"demo": {"demo-1.0.tar.gz": b"x"}}, absolute=False) as index:
        listed = json.loads(ask(index.url + "demo/", Accept=JSON)[2])
        assert listed["files"][0]["url"] == "../../files/demo/demo-1.0.tar.gz"


@pytest.mark.parametrize(
    ("asked", "status", "content_range", "body"),
    [
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("bytes=8-", 206, "bytes 8-9/10", b"89"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=10-12", 416, "bytes */10", b""),
    ],
)
def test_ranges(asked: str, status: int, content_range: str, body: bytes) -> None:
    with PackageIndex({"demo": {"demo-1.0.tar.gz": b"0123456789"}}) as index:
        got, headers, content = ask(index.file_url("demo", "demo-1.0.tar.gz"), Range=asked)
        assert (got, headers["Content-Range"], content) == (status, content_range, body)
        index.ranges = False
        assert ask(index.file_url("demo", "demo-1.0.tar.gz"), Range=asked)[::2] == (200, b"0123456789")


def test_etags_and_a_later_release() -> None:
    with PackageIndex({"demo": {"demo-1.0.tar.gz": b"1"}}) as index:
        etag = ask(index.url + "demo/", Accept=JSON)[1]["ETag"]
        assert ask(index.url + "demo/", Accept=JSON, If_None_Match=etag)[::2] == (304, b"")
        index.publish("demo", "demo-2.0.tar.gz", b"2")
        assert ask(index.url + "demo/", Accept=JSON, If_None_Match=etag)[0] == 200


def test_failures() -> None:
    with PackageIndex({"demo": {}}, failures={"/simple/demo/": 503}) as index:
        assert ask(index.url + "demo/")[0] == 503
        del index.failures["/simple/demo/"]
        assert ask(index.url + "demo/")[0] == 200
        assert ask(index.url + "nothing/")[0] == 404
