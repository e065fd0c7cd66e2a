"""Looking for releases of many feedstocks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.http import Http
from dirac_forge.progress import Silent
from dirac_forge.proposals.releases import ReleaseLookup
from dirac_forge.settings import Settings
from dirac_forge.store import Store
from dirac_forge.upstream.index.project import Project
from dirac_forge.upstream.sources.github import GitHubAccess

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


@dataclass
class World:
    settings: Settings
    http: Http
    observer: Silent = field(default_factory=Silent)
    store: Store = field(default_factory=lambda: Store(None))
    github: GitHubAccess = field(default_factory=lambda: GitHubAccess(url="https://api.example.org"))


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
