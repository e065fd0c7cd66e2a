"""Where a source comes from, as its URL tells."""

from __future__ import annotations

import pytest

from dirac_forge.upstream.sources.known import git_origin, origin_of


@pytest.mark.parametrize(
    ("url", "version", "kind", "name", "repository", "tag", "asset"),
    [
        (
            "https://github.com/a/b/releases/download/v1.5.3/b-1.5.3.tar.gz",
            "1.5.3",
            "github",
            "github.com/a/b",
            "https://github.com/a/b",
            "v1.5.3",
            True,
        ),
        (
            "https://github.com/a/b/archive/refs/tags/v1.0.tar.gz",
            "1.0",
            "github",
            "github.com/a/b",
            "https://github.com/a/b",
            "v1.0",
            False,
        ),
        (
            "https://github.com/a/b/archive/refs/tags/core/1.0.zip",
            "1.0",
            "github",
            "github.com/a/b",
            "https://github.com/a/b",
            "core/1.0",
            False,
        ),
        (
            "https://codeload.github.com/a/b/tar.gz/v1.0",
            "1.0",
            "github",
            "github.com/a/b",
            "https://github.com/a/b",
            "v1.0",
            False,
        ),
        (
            "https://raw.githubusercontent.com/a/b/refs/tags/v9.1.9/LICENSE",
            "9.1.9",
            "github",
            "github.com/a/b",
            "https://github.com/a/b",
            "v9.1.9",
            False,
        ),
        (
            "https://gitlab.cern.ch/x/dmc/b/-/archive/v2.1/b-v2.1.tar.gz",
            "2.1",
            "gitlab",
            "gitlab.cern.ch/x/dmc/b",
            "https://gitlab.cern.ch/x/dmc/b.git",
            "v2.1",
            False,
        ),
        (
            "https://source.example.org/n/arc/-/archive/v6.1.0/arc-v6.1.0.tar.gz",
            "6.1.0",
            "gitlab",
            "source.example.org/n/arc",
            "https://source.example.org/n/arc.git",
            "v6.1.0",
            False,
        ),
        (
            "https://codeberg.org/a/b/archive/v1.0.tar.gz",
            "1.0",
            "gitea",
            "codeberg.org/a/b",
            "https://codeberg.org/a/b",
            "v1.0",
            False,
        ),
        (
            "https://bitbucket.org/a/b/downloads/b-1.0.tar.gz",
            "1.0",
            "bitbucket",
            "bitbucket.org/a/b",
            "https://bitbucket.org/a/b",
            "",
            True,
        ),
        ("https://cran.r-project.org/src/contrib/MASS_7.3-60.tar.gz", "7.3_60", "cran", "MASS", "", "", False),
        ("https://mirror.example.org/src/contrib/Archive/A3/A3_1.0.0.tar.gz", "1.0.0", "cran", "A3", "", "", False),
        ("https://registry.npmjs.org/@babel/core/-/core-7.1.0.tgz", "7.1.0", "npm", "@babel/core", "", "", False),
        ("https://crates.io/api/v1/crates/serde/1.0.1/download", "1.0.1", "cratesio", "serde", "", "", False),
        ("https://static.crates.io/crates/serde/serde-1.0.1.crate", "1.0.1", "cratesio", "serde", "", "", False),
        ("https://pypi.org/packages/source/D/Demo/Demo-1.0.tar.gz", "1.0", "pypi", "demo", "", "", False),
        (
            "https://www.python.org/ftp/python/3.14.6/Python-3.14.6.tar.xz",
            "3.14.6",
            "url",
            "www.python.org",
            "",
            "",
            False,
        ),
    ],
)
def test_the_url_tells_host_project_and_tag(
    url: str, version: str, kind: str, name: str, repository: str, tag: str, asset: bool
) -> None:
    origin = origin_of(url, version)
    assert origin is not None
    assert (origin.kind, origin.name, origin.repository, origin.tag, origin.asset) == (
        kind,
        name,
        repository,
        tag,
        asset,
    )


@pytest.mark.parametrize(
    ("url", "version"),
    [
        ("https://pypi.org/packages/py3/p/pip/pip-25.0-py3-none-any.whl", "1.0"),
        ("https://example.org/fixed.tar.gz", "1.0"),
        ("ftp://example.org/x-1.0.tar.gz", "1.0"),
        ("../x-1.0.tar.gz", "1.0"),
    ],
)
def test_what_has_nothing_to_do_with_the_version(url: str, version: str) -> None:
    assert origin_of(url, version) is None


def test_an_archive_of_a_commit_follows_the_tags_of_its_repository() -> None:
    found = origin_of("https://github.com/a/b/archive/0123456789012345678901234567890123456789.tar.gz", "1.0")
    assert found is not None
    assert (found.kind, found.name) == ("github", "github.com/a/b")


def test_repositories_that_are_checked_out() -> None:
    for url in (
        "https://github.com/a/b.git",
        "git://github.com/a/b.git",
        "git@github.com:a/b.git",
        "ssh://git@github.com/a/b.git",
    ):
        origin = git_origin(url, "v1.0", "1.0")
        assert origin is not None
        assert (origin.kind, origin.name, origin.repository, origin.tag) == (
            "github",
            "github.com/a/b",
            "https://github.com/a/b.git",
            "v1.0",
        )
    commit = "0123456789" * 4
    at_commit = git_origin("https://git.example.org/x/y", commit, "1.0")
    assert at_commit is not None
    assert (at_commit.kind, at_commit.commit, at_commit.tag) == ("git", commit, "")
    assert git_origin("https://github.com/a/b", "main", "1.0") is None
    assert git_origin("../local", "v1.0", "1.0") is None
    assert git_origin("file:///tmp/x", "v1.0", "1.0") is None


def test_pages_for_people() -> None:
    hub = origin_of("https://github.com/a/b/archive/v1.0.tar.gz", "1.0")
    lab = origin_of("https://gitlab.com/a/b/-/archive/v1.0/b-v1.0.tar.gz", "1.0")
    npm = origin_of("https://registry.npmjs.org/x/-/x-1.0.0.tgz", "1.0.0")
    assert hub is not None
    assert lab is not None
    assert npm is not None
    assert hub.release_page("v 2") == "https://github.com/a/b/releases/tag/v%202"
    assert hub.compare_page("v1.0", "v2.0") == "https://github.com/a/b/compare/v1.0...v2.0"
    assert hub.compare_page("", "v2.0") == ""
    assert lab.release_page("v2.0") == "https://gitlab.com/a/b/-/tags/v2.0"
    assert lab.compare_page("v1.0", "v2.0") == "https://gitlab.com/a/b/-/compare/v1.0...v2.0"
    assert (npm.release_page("1"), npm.compare_page("1", "2"), npm.page) == ("", "", "")


@pytest.mark.parametrize("url", ["http://[", "https://example.org:99999/x-1.0.tar.gz", "//[", "https://[::1/x-1.0.zip"])
def test_a_url_that_cannot_be_parsed_has_no_origin(url: str) -> None:
    assert origin_of(url, "1.0") is None
    assert git_origin(url, "v1.0", "1.0") is None
