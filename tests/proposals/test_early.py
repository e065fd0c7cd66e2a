"""What the index is asked for before the code that needs the answers is loaded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.errors import InputError
from dirac_forge.http import Http
from dirac_forge.proposals.early import early_releases, projects_in
from dirac_forge.settings import Settings
from dirac_forge.upstream.index.description import foreseen
from support.archives import wheel
from support.executors import Inline
from support.index import PackageIndex
from support.world import World

SOURCE = "https://pypi.org/packages/source"


@pytest.mark.parametrize(
    ("text", "projects"),
    [
        (f"url: {SOURCE}/d/dirac-core/dirac_core-${{{{ version }}}}.tar.gz\n", ["dirac-core"]),
        (f"context:\n  name: M2Crypto\nurl: {SOURCE}/${{{{ name[0] }}}}/${{{{ name }}}}/x.tar.gz\n", ["M2Crypto"]),
        (f'{{% set name = "a.b" %}}\nurl: {SOURCE}/{{{{ name[0] }}}}/{{{{ name|lower }}}}/x.tar.gz\n', ["a.b"]),
        (
            "url: https://pypi.io/packages/source/a/a/a-1.tar.gz\nurl: https://pypi.org/packages/source/b/b/b-1.zip\n",
            ["a", "b"],
        ),
        (f"url: {SOURCE}/d/{{{{ nowhere }}}}/x.tar.gz\n", []),
        ("url: https://example.org/packages/source/a/a/a-1.tar.gz\n", []),
    ],
)
def test_projects_of_sources(text: str, projects: list[str]) -> None:
    assert list(projects_in(text)) == projects


def test_releases_that_are_named_are_asked_for_once_and_no_place_is_told_to_the_index(tmp_path: Path) -> None:
    named = ["demo[cli]>=1", "./private", "private-1.0.tar.gz[cli]", "https://example.org/private", "not a name"]
    with (
        PackageIndex({"demo": {"demo-1.0-py3-none-any.whl": wheel("demo", "1.0")}}) as index,
        Http(cache=None) as http,
        ThreadPoolExecutor(2) as executor,
    ):
        settings = Settings(workspace=tmp_path, cache=tmp_path / "cache", index_url=index.url)
        lookup = early_releases(World(settings, http), named, executor)
        executor.shutdown()
        asked = index.lines()
        assert [line.split()[1] for line in asked][:1] == ["/simple/demo/"]
        assert not [line for line in asked if "demo" not in line]
        assert lookup.metadata("demo", SpecifierSet(">=1")).name == "demo"
        assert index.lines() == asked


def test_a_name_that_the_index_lacks_is_reported_to_whoever_asks(tmp_path: Path) -> None:
    with PackageIndex({}) as index, Http(cache=None) as http, ThreadPoolExecutor(2) as executor:
        settings = Settings(workspace=tmp_path, cache=tmp_path / "cache", index_url=index.url)
        lookup = early_releases(World(settings, http), ["requsts"], executor)
        with pytest.raises(InputError, match=r"requsts") as found:
            lookup.metadata("requsts", SpecifierSet())
    assert found.value.hint == "Did you mean requests?"


def test_what_the_newest_release_requires_is_asked_for_early(tmp_path: Path) -> None:
    requires = ["lib>=1", "other; extra == 'more'", "exact==1.0", "not a requirement"]
    projects = {
        name: {f"{name}-1.0-py3-none-any.whl": wheel(name, "1.0")} for name in ("demo", "lib", "other", "exact")
    }
    description = {"info": {"requires_dist": requires}}
    with PackageIndex(projects, descriptions={"demo": description}) as index, Http(cache=None) as http:
        settings = Settings(workspace=tmp_path, cache=tmp_path / "cache", index_url=index.url)
        world = World(settings, http)
        early_releases(world, ["demo"], Inline())
        asked = [path for path in (line.split()[1] for line in index.lines()) if not path.startswith("/files/")]
        assert asked == ["/simple/demo/", "/pypi/demo/json", "/simple/lib/"]
        index.forget()
        early_releases(world, ["demo>=1"], Inline())  # the newest release may be another one
        assert "/pypi/demo/json" not in {line.split()[1] for line in index.lines()}


@pytest.mark.parametrize(
    "description", [{}, {"info": None}, {"info": {"requires_dist": "lib"}}, {"info": {"requires_dist": [1]}}]
)
def test_a_description_of_another_form_foresees_nothing(description: dict[str, object]) -> None:
    with PackageIndex({}, descriptions={"demo": description}) as index, Http(cache=None) as http:
        assert list(foreseen(http, index.url, "demo")) == []
