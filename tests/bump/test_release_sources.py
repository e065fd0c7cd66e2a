"""Which places a recipe's releases are looked for in."""

from __future__ import annotations

import pytest

from dirac_forge.bump.release_sources import places_of, upstream_versions
from dirac_forge.bump.skip_reasons import AllowedSources, VersionlessSources
from dirac_forge.bump.upstream_versions import SAME, UpstreamVersions
from dirac_forge.feedstock.botconfig import VersionUpdates
from dirac_forge.feedstock.change import SkipReason
from dirac_forge.feedstock.condaforgeyml import parse_forge_config
from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.upstream.sources.source import SourceQuery

HUB = "https://github.com/a/b/archive/v{{ version }}.tar.gz"
ASSET = "https://github.com/a/b/releases/download/v{{ version }}/b-{{ version }}.tar.gz"
PYPI = "https://pypi.org/packages/source/d/demo/demo-{{ version }}.tar.gz"


def recipe(*urls: str, version: str = "1.0") -> str:
    sources = "".join(f"  - url: {url}\n    sha256: {'0' * 64}\n" for url in urls)
    return (
        f'{{% set version = "{version}" %}}\npackage:\n  name: demo\n  version: {{{{ version }}}}\nsource:\n{sources}'
    )


def look(
    text: str, updates: VersionUpdates | None = None, version: str = "1.0"
) -> tuple[SourceQuery, ...] | SkipReason:
    settings: list[Setting] = [("linux-64", {}), ("win-64", {})]
    return places_of(text, path="meta.yaml", version=version, settings=settings, updates=updates or VersionUpdates())


def shown(found: tuple[SourceQuery, ...] | SkipReason) -> list[tuple[str, tuple[str, ...], bool]]:
    assert isinstance(found, tuple)
    return [(place.origin.name, place.ways, place.main) for place in found]


@pytest.mark.parametrize(
    ("url", "name", "ways"),
    [
        (PYPI, "demo", ("pypi",)),
        (HUB, "github.com/a/b", ("tags",)),
        (ASSET, "github.com/a/b", ("github", "tags")),
        ("https://gitlab.cern.ch/a/b/-/archive/v{{ version }}/b.tar.gz", "gitlab.cern.ch/a/b", ("tags",)),
        ("https://registry.npmjs.org/b/-/b-{{ version }}.tgz", "b", ("npm",)),
        ("https://crates.io/api/v1/crates/b/{{ version }}/download", "b", ("cratesio",)),
        ("https://cran.r-project.org/src/contrib/b_{{ version }}.tar.gz", "b", ("cran",)),
        ("https://example.org/b-{{ version }}.tar.gz", "example.org", ("url",)),
    ],
)
def test_the_first_source_decides(url: str, name: str, ways: tuple[str, ...]) -> None:
    assert shown(look(recipe(url))) == [(name, ways, True)]


def test_projects_on_pypi_decide_and_a_tag_beside_them_counts() -> None:
    raw = "https://raw.githubusercontent.com/a/b/refs/tags/v{{ version }}/LICENSE"
    second = "https://pypi.org/packages/source/c/common/common-{{ version }}.tar.gz"
    extra = "https://example.org/extra-{{ version }}.tar.gz"
    found = look(recipe(raw, PYPI, extra, second, "https://pypi.org/packages/source/p/pip/pip-25.0.tar.gz"))
    assert shown(found) == [
        ("demo", ("pypi",), True),
        ("common", ("pypi",), True),
        ("github.com/a/b", ("tags",), False),
    ]


def test_files_of_one_release_are_one_place() -> None:
    data = ASSET.replace("b-{{", "data-{{")
    found = look(recipe(ASSET, data))
    assert shown(found) == [("github.com/a/b", ("github", "tags"), True)]
    assert isinstance(found, tuple)
    assert found[0].assets == ("b-1.0.tar.gz", "data-1.0.tar.gz")


def test_mirrors_are_one_file() -> None:
    def mirrored(*urls: str) -> str:
        return recipe(urls[0]).replace(f"url: {urls[0]}", "url:\n" + "".join(f"      - {url}\n" for url in urls))

    plain = "https://example.org/b-{{ version }}.tar.gz"
    assert shown(look(mirrored(plain, ASSET))) == [("example.org", ("url",), True)]
    assert shown(look(mirrored("https://example.org/b.tar.gz", HUB, PYPI))) == [("demo", ("pypi",), True)]


def test_the_recipe_says_where_another_version_would_be() -> None:
    url = "https://example.org/{{ version.split('.')[0] }}/b_{{ version | replace('.', '_') }}.tar.gz"
    found = look(recipe(url))
    assert isinstance(found, tuple)
    assert found[0].urls("1.0") == ("https://example.org/1/b_1_0.tar.gz",)
    assert list(found[0].urls("2.3")) == ["https://example.org/2/b_2_3.tar.gz"]
    assert list(found[0].urls("not a version")) == []


def test_a_url_that_moves_without_saying_the_version() -> None:
    url = "https://example.org/b-{{ version.replace('.', '0') }}0.tar.gz"
    found = look(recipe(url, "https://example.org/fixed.tar.gz"))
    assert shown(found) == [("example.org", ("url",), True)]
    assert isinstance(found, tuple)
    assert found[0].origin.url == "https://example.org/b-1000.tar.gz"


def test_repositories_that_are_checked_out() -> None:
    text = recipe(HUB).replace(
        f"url: {HUB}\n    sha256: {'0' * 64}", "git_url: https://git.example.org/a/b\n    git_rev: v{{ version }}"
    )
    assert shown(look(text)) == [("git.example.org/a/b", ("tags",), True)]
    v1 = (
        "context:\n  version: '1.0'\npackage:\n  name: b\n  version: ${{ version }}\n"
        "source:\n  git: https://gitlab.com/a/b.git\n  tag: v${{ version }}\n"
    )
    found = places_of(v1, path="recipe.yaml", version="1.0", settings=[("linux-64", {})], updates=VersionUpdates())
    assert shown(found) == [("gitlab.com/a/b", ("tags",), True)]


def updates(sources: str) -> VersionUpdates:
    text = f"bot:\n  version_updates:\n    sources: {sources}\n"
    return parse_forge_config(text, path="conda-forge.yml").bot.version_updates


@pytest.mark.parametrize(
    ("url", "sources", "ways"),
    [
        (HUB, "[github]", ("tags",)),
        (ASSET, "[github]", ("github", "tags")),
        (HUB, "[githubreleases]", ("github",)),
        (HUB, "[gittags, githubreleases]", ("tags", "github")),
        (HUB, "[RawURL]", ("url",)),
        (HUB, "[pypi, rawurl, gittags]", ("url", "tags")),
        (PYPI, "[pypi, github]", ("pypi",)),
        (PYPI, "[incrementalpharawurl]", ("url",)),
    ],
)
def test_conda_forge_yml_says_who_is_asked_and_in_which_order(url: str, sources: str, ways: tuple[str, ...]) -> None:
    found = look(recipe(url), updates(sources))
    assert isinstance(found, tuple)
    assert found[0].ways == ways


def test_where_nobody_who_may_be_asked_has_it() -> None:
    assert look(recipe(HUB), updates("[nvidia, pypi]")) == AllowedSources(
        line=3, sources=("nvidia", "pypi"), source="github.com/a/b", unsupported=("nvidia",)
    )
    assert look(recipe(PYPI), updates("[]")) == AllowedSources(line=3, sources=(), source="demo")
    assert look(recipe("https://example.org/fixed.tar.gz")) == VersionlessSources()


@pytest.mark.parametrize(
    ("version", "url", "expected"),
    [
        ("1.0", PYPI, SAME),
        ("1!1.0", PYPI, SAME),
        ("1!1.0", PYPI.replace("{{ version }}", "1.0"), UpstreamVersions(epoch="1!")),
        ("1!1.0", HUB.replace("{{ version }}", "1.0"), UpstreamVersions(epoch="1!")),
        ("1.0.post2", PYPI, SAME),
        ("1.0.post2", HUB.replace("{{ version }}", "1.0"), UpstreamVersions(post=True)),
        ("1!1.0.post2", HUB.replace("{{ version }}", "1.0"), UpstreamVersions(epoch="1!", post=True)),
        ("1!1.0", f"https://github.com/a/b/archive/{'a' * 40}.tar.gz", UpstreamVersions(epoch="1!")),
        ("1!1.0", "https://example.org/nothing.tar.gz", UpstreamVersions(epoch="1!")),
        ("1.0_post2", "https://example.org/nothing.tar.gz", SAME),
    ],
)
def test_sources_tell_what_a_packager_added_to_a_version(version: str, url: str, expected: UpstreamVersions) -> None:
    text = recipe(url, version=version)
    settings: list[Setting] = [("linux-64", {})]
    assert upstream_versions(text, path="meta.yaml", version=version, settings=settings) == expected
    assert expected.of(version) == version.removeprefix(expected.epoch).removesuffix(".post2" * expected.post)
