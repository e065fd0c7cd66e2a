"""The newest release that fits, and the reasons against newer ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.bump.objections import NotAfterRecipe, PassedOver, PreRelease, TooYoung
from dirac_forge.bump.proposal import ProjectLink
from dirac_forge.bump.releases import Newest, asked_anyway, downgrade, newest, projects_of
from dirac_forge.bump.rules import Rules
from dirac_forge.bump.skip_reasons import Current, NoOrder, NoReleaseFound, NoVersionOffered
from dirac_forge.bump.upstream_versions import UpstreamVersions
from dirac_forge.feedstock.change import SkipReason
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.index.project import Project, Release, ReleaseFile
from dirac_forge.upstream.sources.git import from_tags
from dirac_forge.upstream.sources.github import GitHubRelease, from_releases
from dirac_forge.upstream.sources.known import origin_of
from dirac_forge.upstream.sources.offers import Offer, Offers
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.pypi import from_project
from dirac_forge.upstream.sources.tag_reasons import NoVersionTag
from dirac_forge.upstream.sources.tags import read_version

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def release(
    text: str, *, name: str = "demo", python: str | None = None, yanked: str | None = None, kind: str = "sdist"
) -> Release:
    filename = f"{name}-{text}.tar.gz" if kind == "sdist" else f"{name}-{text}-py3-none-any.whl"
    file = ReleaseFile(
        filename=filename,
        url=f"https://example.com/{filename}",
        kind=kind,  # type: ignore[arg-type]
        version=Version(text),
        requires_python=python,
        yanked=yanked,
    )
    return Release(project=name, version=Version(text), files=(file,))


def offered(name: str, releases: tuple[Release, ...], now: str = "1.0") -> Offers:
    origin = Origin(kind="pypi", name=name, url=f"https://pypi.org/packages/source/d/{name}/{name}-{now}.tar.gz")
    after = read_version(now)
    assert after is not None
    project = Project(name=name, releases=tuple(sorted(releases, key=lambda one: one.version)))
    return from_project(origin, project, pythons=("3.11", "3.12"), after=after.plain)


def weigh(*releases: Release, now: str = "1.0", allowed: str = "") -> Newest | SkipReason:
    return newest(now, [offered("demo", releases, now)], rules=Rules(allowed=SpecifierSet(allowed)))


def tagged(*tags: str, version: str = "1.0", tag: str = "v1.0", name: str = "b") -> Offers:
    origin = origin_of(f"https://github.com/a/{name}/archive/{tag}.tar.gz", version)
    assert origin is not None
    return from_tags(origin, dict.fromkeys(tags, ""), version)


def test_newer_releases_are_passed_over_with_their_reasons() -> None:
    found = weigh(
        release("1.0"),
        release("1.1"),
        release("1.2", yanked="broken"),
        release("1.3", python=">=3.13"),
        release("1.4", kind="wheel"),
        release("2.0rc1"),
    )
    assert isinstance(found, Newest)
    assert (found.version, found.projects) == ("1.1", ("demo",))
    assert [(str(item.version), worded(item.reason)) for item in found.rejected] == [
        ("2.0rc1", "a pre-release"),
        ("1.4", "it has no sdist, which the recipe is built from"),
        ("1.3", "needs Python >=3.13, the channel has 3.11 to 3.12"),
        ("1.2", "yanked (broken)"),
    ]


@pytest.mark.parametrize(
    ("current", "upstream", "there", "spelled"),
    [
        ("2!5.0", UpstreamVersions(epoch="2!"), "1!1.0", "1!1.0"),
        ("5.0.post1", UpstreamVersions(post=True), "5.0.post1", "5.0.post1"),
    ],
)
def test_a_release_that_would_not_be_newer_in_the_recipe(
    current: str, upstream: UpstreamVersions, there: str, spelled: str
) -> None:
    places = [offered("demo", (release("5.0"), release(there)), "5.0")]
    late = NotAfterRecipe(version=spelled, current=current)
    expected = Current(version=current, passed_over=(PassedOver(version=Version(there), reason=late),))
    assert newest(current, places, rules=Rules(), upstream=upstream) == expected


def test_a_recipe_that_is_ahead_of_upstream_is_not_called_the_newest_release() -> None:
    ahead = NoReleaseFound(why=NoVersionOffered(place="demo", newest=Version("1.3")))
    assert weigh(release("1.2"), release("1.3"), release("1.4rc1"), now="9.0") == ahead
    places = [tagged("v1.2", "v1.3", "v1.4-rc1", version="9.0", tag="v9.0")]
    found = newest("9.0", places, rules=Rules())
    assert worded(found) == (
        "no release was found: github.com/a/b offers neither the version of the recipe nor a newer one; "
        "its newest is 1.3"
    )


def test_nothing_newer() -> None:
    assert weigh(release("0.9"), release("1.0")) == Current(version="1.0")
    found = weigh(release("1.0"), release("2.0rc1"))
    assert found == Current(version="1.0", passed_over=(PassedOver(version=Version("2.0rc1"), reason=PreRelease()),))
    assert worded(found) == "1.0 is the newest release that fits (2.0rc1: a pre-release)"


def test_a_recipe_at_a_release_that_was_yanked_since() -> None:
    found = weigh(release("1.0", yanked="broken"), release("1.1", yanked=""))
    assert worded(found) == (
        "1.0 is the newest release that fits, and upstream objects to it: yanked (broken) (1.1: yanked)"
    )
    assert isinstance(found, Current)
    assert found.remarkable


def test_the_release_line_of_the_branch() -> None:
    found = weigh(release("1.0"), release("1.0.5"), release("2.0"), allowed=">=1.0,<1.1")
    assert isinstance(found, Newest)
    assert found.version == "1.0.5"
    assert [worded(item.reason) for item in found.rejected] == ["it does not belong on this branch (<1.1,>=1.0)"]


def test_a_prerelease_moves_to_a_newer_one() -> None:
    found = weigh(release("2.0rc1"), release("2.0rc2"), now="2.0rc1")
    assert isinstance(found, Newest)
    assert found.version == "2.0rc2"


def test_projects_that_are_released_together_move_together() -> None:
    common = offered("common", tuple(release(v, name="common") for v in ("1.0", "1.1")))
    demo = offered("demo", tuple(release(v) for v in ("1.0", "1.1", "1.2")))
    found = newest("1.0", [common, demo], rules=Rules())
    assert isinstance(found, Newest)
    assert (found.version, found.projects) == ("1.1", ("common", "demo"))
    assert [(str(item.version), worded(item.reason)) for item in found.rejected] == [
        ("1.2", "demo has it, common does not yet")
    ]


def test_one_of_several_places_is_named_with_its_objection() -> None:
    common = offered("common", (release("1.1", name="common", yanked="oops"),))
    found = newest("1.0", [common, offered("demo", (release("1.1"),))], rules=Rules())
    assert worded(found) == "1.0 is the newest release that fits (1.1: common: yanked (oops))"


def test_a_tag_beside_pypi_has_to_be_there_and_gives_links() -> None:
    demo = offered("demo", (release("1.0"), release("1.1"), release("1.2")))
    found = newest("1.0", [demo, tagged("v1.0", "v1.1")], rules=Rules())
    assert isinstance(found, Newest)
    assert found.version == "1.1"
    assert [worded(item.reason) for item in found.rejected] == ["demo has it, github.com/a/b does not yet"]
    assert found.links == (
        ProjectLink(title="release", url="https://pypi.org/project/demo/1.1/"),
        ProjectLink(title="changes", url="https://github.com/a/b/compare/v1.0...v1.1"),
        ProjectLink(title="repository", url="https://github.com/a/b"),
    )


def test_tags_are_weighed_in_the_recipe_s_spelling() -> None:
    tags = ("v6-40-02", "v6-40-04", "v6-42-00-rc1", "v7-00-00")
    place = tagged(*tags, version="6.40.02", tag="v6-40-02")
    found = newest("6.40.02", [place], rules=Rules(allowed=SpecifierSet("<7")))
    assert isinstance(found, Newest)
    assert (found.version, found.tag) == ("6.40.04", "v6-40-04")
    assert [(str(item.version), worded(item.reason)) for item in found.rejected] == [
        ("7.00.00", "it does not belong on this branch (<7)"),
        ("6.42.00rc1", "a pre-release"),
    ]


def test_letters_are_later_releases_where_the_recipe_has_one() -> None:
    found = newest("9d", [tagged("v9d", "v9e", version="9d", tag="v9d")], rules=Rules())
    assert isinstance(found, Newest)
    assert found.version == "9e"


def test_tags_that_changed_their_form_are_said() -> None:
    place = tagged("OpenSSL_1_1_1w", "openssl-3.5.0", "latest", version="1.1.1w", tag="OpenSSL_1_1_1w")
    assert worded(newest("1.1.1w", [place], rules=Rules())) == (
        "1.1.1w is the newest release that fits (the tag openssl-3.5.0 is not spelled like OpenSSL_1_2_3)"
    )
    more = tagged("OpenSSL_1_1_1w", "x-1", "openssl-3.5.0", version="1.1.1w", tag="OpenSSL_1_1_1w")
    assert worded(newest("1.1.1w", [more], rules=Rules())).endswith(
        "(the tag openssl-3.5.0 is not spelled like OpenSSL_1_2_3, and 1 more tag is ignored)"
    )


def test_a_place_without_any_version_says_why() -> None:
    assert newest("1.0", [tagged("nightly", tag="v1.0")], rules=Rules()) == NoReleaseFound(
        why=NoVersionTag(tag="nightly")
    )


def test_what_looks_like_a_date_is_no_successor_of_a_version() -> None:
    found = newest("1.0", [tagged("v1.0", "v1.1", "v2024.1")], rules=Rules())
    assert isinstance(found, Newest)
    assert found.version == "1.1"
    assert [worded(item.reason) for item in found.rejected] == ["it looks like a date, and 1.0 does not"]


def test_dates_and_what_github_calls_a_pre_release() -> None:
    origin = origin_of("https://github.com/a/b/releases/download/v1.0/b-1.0.zip", "1.0")
    assert origin is not None
    old, new = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    releases = [
        GitHubRelease(tag="v1.2", prerelease=True),
        GitHubRelease(tag="v1.1", published=new, page="https://github.com/a/b/releases/tag/v1.1"),
        GitHubRelease(tag="v1.0", published=old),
    ]
    found = newest("1.0", [from_releases(origin, releases, "1.0")], rules=Rules())
    assert isinstance(found, Newest)
    assert (found.version, found.old_released, found.released) == ("1.1", old, new)
    assert [worded(item.reason) for item in found.rejected] == ["a pre-release, as its host says"]


def test_a_version_without_an_order() -> None:
    assert newest("main", [tagged("v1.0")], rules=Rules()) == NoOrder(version="main")


def test_a_version_that_pypi_can_not_have() -> None:
    found = weigh(release("1.0"), now="9e")
    assert found == NoOrder(version="9e", pep440=True)


def test_projects_are_told_by_the_files_of_the_version() -> None:
    text = (
        "package:\n  name: demo\n  version: 1.0\nsource:\n"
        "  - url: https://pypi.org/packages/py3/p/pip/pip-25.0-py3-none-any.whl\n"
        "  - url: https://pypi.io/packages/source/D/Demo/Demo-1.0.tar.gz\n"
    )
    assert projects_of(text, path="meta.yaml", version="1.0", settings=[("linux-64", {})]) == {
        "demo": "Demo-1.0.tar.gz"
    }


def test_neighbours_with_one_reason_share_a_sentence() -> None:
    tags = ("v1.0", *(f"v2.{minor}" for minor in range(5)), "v3.0rc1", "v3.0rc2", "v4.0")
    found = newest("1.0", [tagged(*tags)], rules=Rules(allowed=SpecifierSet("<2,!=4.0")))
    assert isinstance(found, Current)
    assert len(found.passed_over) == 8
    assert worded(found) == (
        "1.0 is the newest release that fits (2.0 to 4.0 (8 versions): it does not belong on this branch (!=4.0,<2))"
    )
    found = newest("1.0", [tagged("v1.0", "v2.0a1", "v2.0a2", "v1.1")], rules=Rules(allowed=SpecifierSet("!=1.1")))
    assert worded(found) == (
        "1.0 is the newest release that fits (2.0a2 and 2.0a1: a pre-release; 1.1: it does not belong on this branch "
        "(!=1.1))"
    )


@pytest.mark.parametrize(
    ("now", "tags", "noted"),
    [
        ("0.9.3", ("v4.00.0",), True),
        ("2.2", ("v4.0",), True),
        ("1.2.3", ("v1.2.20260131",), True),
        ("0.9.3", ("v1.0", "v2.0", "v3.0", "v4.0"), False),
        ("0.9.3", ("v1.0",), False),
        ("2021.4", ("v2024.1",), False),
        ("3.02", ("v3.03",), False),
    ],
)
def test_an_unusual_jump_is_proposed_with_a_note(now: str, tags: tuple[str, ...], noted: bool) -> None:
    found = newest(now, [tagged(f"v{now}", *tags, version=now, tag=f"v{now}")], rules=Rules())
    assert isinstance(found, Newest)
    new = tags[-1].removeprefix("v")
    note = f"{now} to {new} is an unusual jump: check that {new} is a release of the same project"
    assert tuple(map(worded, found.notes)) == ((note,) if noted else ())


def test_a_host_that_lists_nothing_is_said_to() -> None:
    origin = Origin(kind="url", name="example.org", url="https://example.org/demo-9.1.tar.gz")
    own, next_one = read_version("9.1"), read_version("9.2")
    assert own is not None
    assert next_one is not None
    found = newest("9.1", [Offers(origin=origin, offers=(Offer(version=next_one),), tried=True)], rules=Rules())
    assert isinstance(found, Newest)
    assert tuple(map(worded, found.notes)) == (
        "9.2 exists; example.org has no listing, so newer ones can't be ruled out",
    )
    current = newest("9.1", [Offers(origin=origin, offers=(Offer(version=own),), tried=True)], rules=Rules())
    assert isinstance(current, Current)
    assert worded(current) == (
        "9.1 is the newest release that fits (example.org has no listing: only the likely next versions were tried, so "
        "newer ones can't be ruled out)"
    )


@pytest.mark.parametrize(
    ("old", "new", "older"),
    [("2.0", "1.9", True), ("1.9", "2.0", False), ("1.0", "1.0.0", False), ("r5", "1.0", False)],
)
def test_a_version_older_than_the_recipes_is_a_downgrade(old: str, new: str, older: bool) -> None:
    assert bool(downgrade(old, new)) == older


@pytest.mark.parametrize(
    ("now", "to", "said"),
    [
        ("1.0", "1.2", ["a: yanked (broken)"]),
        ("1.0", "1.3", ["a: needs Python >=3.13, the channel has 3.11 to 3.12"]),
        ("1.0", "2.0rc1", ["a pre-release"]),
        ("1.0rc1", "2.0rc1", []),
        ("1.0", "1.1", []),
        ("1.3", "1.2", ["a: yanked (broken)"]),
        ("1.0", "9.9", []),
        ("r5", "1.2", []),
    ],
)
def test_what_speaks_against_a_version_that_was_asked_for_is_told(now: str, to: str, said: list[str]) -> None:
    releases = (
        release("1.1"),
        release("1.2", yanked="broken"),
        release("1.3", python=">=3.13"),
        release("2.0rc1"),
    )
    places = [offered("a", releases, to), offered("b", (release("1.2"), release("1.3")), to)]
    assert [worded(note.reason) for note in asked_anyway(now, to, places)] == said


def dated(*days: tuple[str, int | None]) -> Offers:
    """Releases of a project, so many days old; None: their date is not known."""
    offers = [
        Offer(version=Version(text), released=None if age is None else NOW - timedelta(days=age)) for text, age in days
    ]
    return replace(offered("demo", (release("1.0"),)), offers=tuple(offers))


@pytest.mark.parametrize(
    ("releases", "version", "waiting"),
    [
        ([("1.1", 5), ("1.2", 4), ("1.3", 2), ("1.4", 0)], "1.2", ["1.4", "1.3"]),
        ([("1.1", 2), ("1.2", 1)], "1.2", []),  # nothing is old enough: the newest waits, and is what is wanted
        ([("1.1", 5), ("1.2", 3)], "1.2", []),
        ([("1.1", 5), ("1.2", None)], "1.1", ["1.2"]),
        ([("1.1", None), ("1.2", None)], "1.1", ["1.2"]),  # 1.1 was seen long ago
        ([("1.1", 5), ("9.0", 0)], "9.0", []),  # its request is open
    ],
)
def test_the_newest_that_is_old_enough_is_taken_where_releases_have_to_be_some_days_old(
    releases: list[tuple[str, int | None]], version: str, waiting: list[str]
) -> None:
    cooldown = Cooldown(
        span=timedelta(days=3),
        now=NOW,
        seen={("demo", "main", "1.1"): NOW - timedelta(days=4)},
        exempt={("demo", "main", "9.0")},
    )
    found = newest("1.0", [dated(*releases)], rules=Rules(feedstock="demo", cooldown=cooldown))
    assert isinstance(found, Newest)
    assert found.version == version
    assert [str(each.version) for each in found.rejected] == waiting
    assert all(isinstance(each.reason, TooYoung) for each in found.rejected)
