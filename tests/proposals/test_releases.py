"""Looking for releases of many feedstocks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from packaging.version import Version

from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.bump.objections import NotListed
from dirac_forge.bump.releases import Newest
from dirac_forge.bump.rules import Rules
from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.botconfig import Bot
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.http import Http
from dirac_forge.proposals.releases import Case, FoundRelease, ReleaseLookup
from dirac_forge.settings import Settings
from dirac_forge.upstream.index.project import Project, Release
from dirac_forge.upstream.sources.cran import Cran
from dirac_forge.upstream.sources.git import from_tags
from dirac_forge.upstream.sources.github import GitHubRelease
from dirac_forge.upstream.sources.known import origin_of
from dirac_forge.upstream.sources.offers import Offer, Offers
from dirac_forge.upstream.sources.source import SourceAccess, SourceQuery
from dirac_forge.upstream.sources.tags import read_version
from support.world import World

META = """package: {name: a, version: '1'}
source:
  - url: https://github.com/a/b/archive/{{ version }}.tar.gz
  - url: "http://one.example.org:8080/x-{{ version }}.tar.gz"
  - git_url: https://two.example.org/x
about:
  home: https://three.example.org/
  dev_url: https://four.example.org/x
"""


class Noting(Http):
    """Notes which hosts are asked for, all of which must be asked before any answers."""

    def __init__(self, expected: int) -> None:
        super().__init__(cache=None)
        self.hosts: set[str] = set()
        self.together = threading.Barrier(expected + 1, timeout=10)

    def problem(self, url: str) -> str | None:
        self.hosts.add(url)
        self.together.wait()
        return None


def nobody(name: str) -> Project:
    raise AssertionError(name)


def test_hosts_of_sources_are_tried_at_the_same_time(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path, cache=tmp_path / "cache")
    given = FeedstockFolder("a", tmp_path, given={"recipe/meta.yaml": META})
    broken = FeedstockFolder("b", tmp_path / "nowhere")
    with Noting(4) as http, ThreadPoolExecutor(1) as executor:
        ReleaseLookup(World(settings, http), executor, project=nobody).foresee([given, given, broken])
        http.together.wait()
        assert http.hosts == {
            "https://api.example.org",
            "https://github.com",
            "http://one.example.org:8080",
            "https://two.example.org",
        }


DEMO = "package:\n  name: demo\n  version: {{{{ version }}}}\nsource:\n  url: {url}\n  sha256: {sha256}\n"
PYPI = "https://pypi.org/packages/source/d/demo/demo-{{ version }}.tar.gz"
GIT = "https://git.example.org/a/demo\n  git_rev: v{{ version }}"
GITHUB = "https://github.com/a/demo/archive/v{{ version }}.tar.gz"


def listing(name: str) -> Project:
    versions = (Version("1.0"), Version("1.1"))
    return Project(name=name, releases=tuple(Release(project=name, version=each, files=()) for each in versions))


def silent(name: str) -> Project:
    raise UnknownError(f"{name} can't be reached")


@pytest.mark.parametrize(
    ("url", "project", "to", "note"),
    [
        (PYPI, listing, "1.1", None),
        (PYPI, listing, "1.2", NotListed(version="1.2", source="demo on PyPI", certain=True)),
        (PYPI, silent, "1.1", NotListed(version="1.1", source="demo on PyPI", message="demo can't be reached")),
        (GITHUB, nobody, "1.1", NotListed(version="1.1", source="github.com/a/demo")),
        (GIT, nobody, "1.1", NotListed(version="1.1", source="git.example.org/a/demo")),
    ],
)
def test_a_version_that_was_asked_for_and_is_not_known_to_be_listed_is_told(
    url: str, project: Callable[[str], Project], to: str, note: NotListed | None, tmp_path: Path
) -> None:
    text = '{% set version = "1.0" %}\n' + DEMO.format(url=url, sha256="a" * 64)
    if url == GIT:
        text = text.replace("  url:", "  git_url:")
    folder = FeedstockFolder("demo", tmp_path, given={"recipe/meta.yaml": text})
    case = Case(folder, "recipe/meta.yaml", text, "1.0", (("linux-64", {}),), Bot())
    settings = Settings(workspace=tmp_path, cache=tmp_path / "cache")
    with Http(cache=None) as http, ThreadPoolExecutor(1) as executor:
        found = ReleaseLookup(World(settings, http), executor, project=project).asked_anyway(case, to, ask=True)
    assert [one for one in found if isinstance(one, NotListed)] == ([note] if note is not None else [])


@pytest.mark.parametrize(
    ("to", "partial", "note"),
    [
        ("1.3-1", False, None),
        ("1.4-2", False, NotListed(version="1.4-2", source="demo on CRAN", certain=True)),
        ("1.2-1", True, NotListed(version="1.2-1", source="demo on CRAN", message="only the current one was seen")),
    ],
)
def test_cran_is_asked_for_a_version_that_was_asked_for(
    to: str, partial: bool, note: NotListed | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offers(source: Cran, query: SourceQuery, access: SourceAccess) -> Offers:
        version = read_version("1.3_1")
        assert version is not None
        notes = ("only the current one was seen",) if partial else ()
        return Offers(origin=query.origin, offers=(Offer(version=version),), partial=partial, notes=notes)

    monkeypatch.setattr(Cran, "offers", offers)
    url = "https://cran.r-project.org/src/contrib/demo_{{ version }}.tar.gz"
    text = '{% set version = "1.3_0" %}\n' + DEMO.format(url=url, sha256="a" * 64)
    text = text.replace("demo_{{ version }}", "demo_{{ version|replace('_', '-') }}")
    folder = FeedstockFolder("r-demo", tmp_path, given={"recipe/meta.yaml": text})
    case = Case(folder, "recipe/meta.yaml", text, "1.3_0", (("linux-64", {}),), Bot())
    settings = Settings(workspace=tmp_path, cache=tmp_path / "cache")
    with Http(cache=None) as http, ThreadPoolExecutor(1) as executor:
        found = ReleaseLookup(World(settings, http), executor, project=nobody).asked_anyway(case, to, ask=True)
    assert [one for one in found if isinstance(one, NotListed)] == ([note] if note is not None else [])


@pytest.mark.parametrize(
    ("ages", "version", "asked"),
    [
        ({"1.1": 9, "1.2": 5, "1.3": 1, "1.4": 0}, "1.2", ["v1.4", "v1.3", "v1.2"]),
        ({"1.1": 1, "1.2": 0}, "1.2", ["v1.2", "v1.1"]),
        ({"1.1": 9, "1.2": None}, "1.1", ["v1.2", "v1.1"]),
        ({f"1.{number}": 0 for number in range(1, 30)}, "1.29", [f"v1.{number}" for number in range(29, 19, -1)]),
    ],
)
def test_tags_are_asked_for_their_dates_where_releases_have_to_be_some_days_old(
    ages: dict[str, int | None], version: str, asked: list[str], tmp_path: Path
) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    origin = origin_of("https://github.com/a/demo/archive/v1.0.tar.gz", "1.0")
    assert origin is not None
    offers = from_tags(origin, {f"v{each}": "" for each in ("1.0", *ages)}, "1.0")
    folder = FeedstockFolder("demo", tmp_path, given={"recipe/meta.yaml": ""})
    case = Case(folder, "recipe/meta.yaml", "", "1.0", (("linux-64", {}),), Bot())
    cooldown = Cooldown(span=timedelta(days=3), now=now)
    told: list[str] = []

    class Places:
        def about(self, place: object, tag: str) -> GitHubRelease | None:
            told.append(tag)
            age = ages[tag[1:]]
            return None if age is None else GitHubRelease(tag=tag, published=now - timedelta(days=age))

    settings = Settings(workspace=tmp_path, cache=tmp_path / "cache")
    with Http(cache=None) as http, ThreadPoolExecutor(1) as executor:
        lookup = ReleaseLookup(World(settings, http), executor, project=nobody, cooldown=cooldown)
        lookup.__dict__["_places"] = Places()
        rules = Rules(feedstock="demo", cooldown=cooldown)
        found = lookup.newest(case, FoundRelease((offers,), rules, ()), {})
    assert isinstance(found, Newest)
    assert found.version == version
    assert list(dict.fromkeys(told)) == asked
