"""What places offer, read from tags, releases and pages of an index."""

from __future__ import annotations

from datetime import UTC, datetime

from packaging.version import Version

from dirac_forge.upstream.index.project import Project, Release, ReleaseFile
from dirac_forge.upstream.sources.offers import GitHubRelease, Offers, date_of, from_project, from_releases, from_tags
from dirac_forge.upstream.sources.origins import Origin, git_origin, origin_of


def hub(url: str = "https://github.com/a/b/archive/v1.0.tar.gz") -> Origin:
    origin = origin_of(url, "1.0")
    assert origin is not None
    return origin


def said(offers: Offers) -> dict[str, str]:
    return {str(offer.version): offer.objection for offer in offers.offers}


def test_tags_are_versions_and_the_others_have_a_reason() -> None:
    found = from_tags(hub(), dict.fromkeys(("v1.0", "v1.1", "other-2.0", "latest"), ""), "1.0")
    assert said(found) == {"1.0": "", "1.1": ""}
    assert found.unread == ("the tag other-2.0 is not spelled like v1.2.3", "the tag latest is no version")
    offer = found.of(Version("1.1"))
    assert offer is not None
    assert (offer.tag, offer.page, offer.released) == ("v1.1", "https://github.com/a/b/releases/tag/v1.1", None)


def test_the_same_version_under_two_tags_has_the_one_that_the_recipe_would_take() -> None:
    for tags in (("1.1", "v1.1", "v1.0"), ("v1.1", "1.1", "v1.0")):
        offer = from_tags(hub(), dict.fromkeys(tags, ""), "1.0").of(Version("1.1"))
        assert offer is not None
        assert offer.tag == "v1.1"


def test_a_commit_tells_which_tag_is_the_recipe_s() -> None:
    origin = git_origin("https://example.org/a/b", "1" * 40, "1.0")
    assert origin is not None
    tags = {"1.0": "2" * 40, "core-1.0": "1" * 40, "core-1.1": "3" * 40, "1.2": "4" * 40}
    found = from_tags(origin, tags, "1.0")
    assert (found.tag, said(found)) == ("core-1.0", {"1.0": "", "1.1": ""})


def test_where_no_tag_is_the_recipe_s_nothing_is_guessed() -> None:
    origin = git_origin("https://example.org/a/b", "1" * 40, "1.0")
    assert origin is not None
    found = from_tags(origin, {"release": ""}, "1.0")
    assert found.offers == ()
    assert found.unread == ("example.org/a/b has no tag of 1.0, so how it spells versions is not known",)
    assert from_tags(origin, {}, "1.0").unread == ("example.org/a/b has no tags",)


def test_releases_say_more_than_tags() -> None:
    origin = hub("https://github.com/a/b/releases/download/v1.0/b-1.0.tar.gz")
    day = datetime(2026, 1, 2, tzinfo=UTC)
    releases = [
        GitHubRelease(tag="v1.4", draft=True, files=("b-1.4.tar.gz",)),
        GitHubRelease(tag="v1.3", prerelease=True, files=("b-1.3.tar.gz",)),
        GitHubRelease(tag="v1.2", files=("notes.txt",)),
        GitHubRelease(tag="v1.1", published=day, page="https://github.com/a/b/r", files=("x", "b-1.1.tar.xz")),
        GitHubRelease(tag="v1.0"),
        GitHubRelease(tag=""),
    ]
    found = from_releases(origin, releases, "1.0", ("b-1.0.tar.gz",))
    assert said(found) == {
        "1.4": "a draft",
        "1.3": "",
        "1.2": "no file like b-1.0.tar.gz is attached to it (it has notes.txt)",
        "1.1": "",
        "1.0": "no file like b-1.0.tar.gz is attached to it (it has none)",
    }
    assert [offer.prerelease for offer in found.offers] == [False, True, False, False, False]
    new = found.of(Version("1.1"))
    assert new is not None
    assert (new.released, new.page) == (day, "https://github.com/a/b/r")
    # A file whose name says no version has to be there as it is.
    assert set(said(from_releases(origin, releases, "1.0", ("x",))).values()) >= {"", "a draft"}


def release(text: str, *, kind: str = "sdist", yanked: str | None = None) -> Release:
    filename = f"demo-{text}.tar.gz" if kind == "sdist" else f"demo-{text}-py3-none-any.whl"
    file = ReleaseFile(
        filename=filename,
        url=f"https://example.com/{filename}",
        kind=kind,  # type: ignore[arg-type]
        version=Version(text),
        requires_python=">=3.13" if text == "1.3" else None,
        yanked=yanked,
        uploaded=datetime(2026, 5, 1, tzinfo=UTC),
    )
    return Release(project="demo", version=Version(text), files=(file,))


def test_an_index_offers_what_is_newer_and_says_what_is_wrong_with_it() -> None:
    origin = origin_of("https://pypi.org/packages/source/d/demo/demo-1.0.tar.gz", "1.0")
    assert origin is not None
    project = Project(
        name="demo",
        releases=(
            release("0.9"),
            release("1.0"),
            release("1.1", yanked="broken"),
            release("1.2", kind="wheel"),
            release("1.3"),
        ),
    )
    found = from_project(origin, project, pythons=("3.11", "3.12"), after=Version("1.0"))
    assert said(found) == {
        "1.0": "",
        "1.1": "yanked (broken)",
        "1.2": "demo has no sdist of it",
        "1.3": "needs Python >=3.13, the channel has 3.11 to 3.12",
    }
    assert found.offers[0].released == datetime(2026, 5, 1, tzinfo=UTC)


def test_dates() -> None:
    assert date_of("2026-01-02T03:04:05Z") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert date_of("yesterday") is None
    assert date_of(5) is None
