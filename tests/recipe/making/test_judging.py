"""Whose requirements count: those of what is written, and of what the channel lacks."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.channel.listing import Listing, PackageInfo, availability
from dirac_forge.channel.names import Mapped
from dirac_forge.recipe.making.dependencies import Dependency, FoundProject, walk
from dirac_forge.recipe.making.judging import Needed, judged
from dirac_forge.recipe.making.specs import conda_spec
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.requirements import RequirementList

Row = tuple[str, str, tuple[str, ...]]


def rows(
    releases: Mapping[str, tuple[str, ...]], channel: Mapping[str, str], *, as_of: date | None = None
) -> dict[str, Row]:
    """Return status, requirement and requirers of what `app` needs; `releases` are the newest ones of the index."""
    listing = Listing(
        packages={
            name: PackageInfo(name=name, versions=(version,), python=True, channel="test")
            for name, version in channel.items()
        },
        as_of=as_of,
    )

    def found(name: str, _specifiers: SpecifierSet) -> FoundProject:
        return FoundProject(project=name, version=Version("9"), requires_dist=RequirementList(releases.get(name, ())))

    def stands(dependency: Dependency) -> Needed:
        spec = conda_spec(dependency.specifiers)
        there = availability(listing, dependency.project, spec)
        return Needed(
            project=dependency.project,
            version="9",
            requirement=spec,
            mapped=Mapped(project=dependency.project, package=dependency.project, mapped_by="channel", reasons=()),
            status=there.status,
            newest=there.newest,
            required_by=dependency.required_by,
        )

    with ThreadPoolExecutor(1) as pool:
        tree = walk({"app": found("app", SpecifierSet())}, found, Scope(), pool)
    needed = judged(tree, ["app"], stands)
    return {name: (row.status, row.requirement, row.required_by) for name, row in needed.items()}


def test_bounds_of_newer_releases_of_what_the_channel_has_need_no_bump() -> None:
    releases = {"app": ("boto3", "botocore>=1.35"), "boto3": ("botocore>=1.44", "s3>=2"), "s3": ("botocore>=1.44",)}
    assert rows(releases, {"boto3": "1.43", "botocore": "1.43", "s3": "1"}) == {
        "boto3": ("available", "", ("app",)),
        "botocore": ("available", ">=1.35", ("app",)),
        "s3": ("available", "", ("boto3",)),
    }


def test_bounds_of_what_is_written_or_must_be_bumped_count() -> None:
    releases = {"app": ("new", "old>=2"), "new": ("deep>=3",), "old": ("deeper>=3",)}
    channel = {"old": "1", "deep": "2", "deeper": "2"}
    assert rows(releases, channel) == {
        "new": ("missing", "", ("app",)),
        "old": ("outdated", ">=2", ("app",)),
        "deep": ("outdated", ">=3", ("new",)),
        "deeper": ("outdated", ">=3", ("old",)),
    }


def test_what_only_newer_releases_need_is_left_out_where_the_channel_lacks_it() -> None:
    releases = {"app": ("there",), "there": ("novel",), "novel": ("old>=3",)}
    assert rows(releases, {"there": "1", "old": "1"}) == {
        "there": ("available", "", ("app",)),
        "old": ("available", "", ("novel",)),
    }


def test_bounds_of_what_is_unknown_leave_the_question_open() -> None:
    releases = {"app": ("hidden", "both>=1"), "hidden": ("old>=3", "both>=3", "fine")}
    channel = {"old": "1", "both": "1", "fine": "1"}
    assert rows(releases, channel, as_of=date(2026, 8, 21)) == {
        "hidden": ("unknown", "", ("app",)),
        "old": ("unknown", ">=3", ("hidden",)),
        "both": ("unknown", ">=3", ("app", "hidden")),
        "fine": ("available", "", ("hidden",)),
    }
