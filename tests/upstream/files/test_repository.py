import hashlib

import pytest

from dirac_forge.http import Http, NotFoundError, Page, UnreachableError
from dirac_forge.upstream.files.repository import licence_file

RAW = "https://raw.githubusercontent.com/example/demo/refs/tags"


class Pages(Http):
    """Answers from memory; what is not there is a 404."""

    def __init__(self, pages: dict[str, bytes], *, kind: str = "text/plain") -> None:
        super().__init__(cache=None)
        self.pages = pages
        self.kind = kind
        self.asked: list[str] = []

    def page(self, url: str, *, accept: str | None = None, limit: int) -> Page:
        self.asked.append(url)
        if url not in self.pages:
            raise NotFoundError(f"{url}: nothing there")
        return Page(url=url, headers={"content-type": self.kind}, body=self.pages[url])


@pytest.mark.parametrize(
    "repository",
    [
        "https://github.com/example/demo",
        "https://github.com/example/demo.git",
        "http://www.github.com/example/demo/tree/main#readme",
    ],
)
def test_the_file_at_the_tag_with_the_hash_of_what_was_read(repository: str) -> None:
    with Pages({f"{RAW}/v1.0/LICENSE": b"MIT License"}) as http:
        found = licence_file(http, repository, "1.0")
    assert found is not None
    assert (found.url, found.name, found.text) == (f"{RAW}/v1.0/LICENSE", "LICENSE", "MIT License")
    assert found.sha256 == hashlib.sha256(b"MIT License").hexdigest()


def test_names_that_metadata_gives_come_first_and_tags_may_lack_the_v() -> None:
    with Pages({f"{RAW}/1.0/COPYING.LESSER": b"LGPL", f"{RAW}/v1.0/LICENSE": b"MIT"}) as http:
        found = licence_file(http, "https://github.com/example/demo", "1.0", names=["COPYING.LESSER", "../../etc"])
        assert not any(".." in url for url in http.asked)
    assert found is not None
    assert found.url == f"{RAW}/1.0/COPYING.LESSER"


def test_gitlab_has_groups_and_raw_files_elsewhere() -> None:
    url = "https://gitlab.cern.ch/group/sub/demo/-/raw/v1.0/LICENSE"
    with Pages({url: b"GPL"}) as http:
        found = licence_file(http, "https://gitlab.cern.ch/group/sub/demo/", "1.0")
    assert found is not None
    assert found.url == url


def test_a_login_page_is_no_licence() -> None:
    with Pages({f"{RAW}/v1.0/LICENSE": b"<html>"}, kind="text/html; charset=utf-8") as http:
        assert licence_file(http, "https://github.com/example/demo", "1.0") is None


def test_other_hosts_are_not_asked() -> None:
    with Pages({}) as http:
        assert licence_file(http, "https://example.org/demo", "1.0") is None
        assert http.asked == []


def test_a_host_that_is_down_leaves_the_question_open() -> None:
    class Down(Pages):
        def page(self, url: str, *, accept: str | None = None, limit: int) -> Page:
            raise UnreachableError(f"{url} can't be reached")

    with Down({}) as http, pytest.raises(UnreachableError):
        licence_file(http, "https://github.com/example/demo", "1.0")
