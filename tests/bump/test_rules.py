"""What a feedstock's own settings have against a version."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump.objections import ExcludedVersion, OddVersion, OffBranch, TagNotAllowed, UnkeptVersion
from dirac_forge.bump.rules import Rules, kept_fraction
from dirac_forge.bump.upstream_versions import UpstreamVersions
from dirac_forge.feedstock.botconfig import VersionUpdates
from dirac_forge.feedstock.condaforgeyml import parse_forge_config
from dirac_forge.upstream.sources.tags import HostVersion, read_version


def rules(text: str = "", *, allowed: str = "") -> Rules:
    config = parse_forge_config(f"bot:\n  version_updates:\n{text}" if text else "", path="conda-forge.yml")
    return Rules(feedstock="demo", allowed=SpecifierSet(allowed), updates=config.bot.version_updates)


def version(text: str) -> HostVersion:
    read = read_version(text)
    assert read is not None
    return read


def test_a_release_line_in_any_spelling() -> None:
    line = rules(allowed=">=10.2,<10.3")
    assert line.objection(version("10.2.4")) is None
    assert line.objection(version("10.3")) == OffBranch(allowed=SpecifierSet(">=10.2,<10.3"))
    assert line.objection(version("10.2.5rc1")) is None
    assert rules(allowed="<1.1.2").objection(version("1.1.1w")) is None


def test_excluded_versions_have_the_line() -> None:
    bot = rules("    exclude:\n      - '08.14'\n      - 1_2_3\n")
    assert bot.objection(version("08.14")) == ExcludedVersion(line=4)
    assert bot.objection(version("1.2.3")) == ExcludedVersion(line=5)
    assert bot.objection(Version("1.2.4")) is None


def test_even_and_odd() -> None:
    bot = rules("    even_odd_versions: true\n")
    assert bot.objection(Version("2.88.3")) is None
    assert bot.objection(Version("2.89.1")) == OddVersion(line=3)


def test_tags_that_are_allowed() -> None:
    bot = rules("    allowed_tag_globs: ['python-*', 'refs/tags/py/*']\n")
    assert bot.objection(Version("1"), ("python-1",)) is None
    assert bot.objection(Version("1"), ("py/1",)) is None
    assert bot.objection(Version("1"), ()) is None
    assert bot.objection(Version("1"), ("rust-1",)) == TagNotAllowed(tag="rust-1", line=3)


def test_a_fraction_of_the_versions_is_always_the_same() -> None:
    numbers = [kept_fraction("demo", f"1.{minor}") for minor in range(200)]
    assert numbers == [kept_fraction("demo", f"1.{minor}") for minor in range(200)]
    assert 0 <= min(numbers) < max(numbers) < 1
    assert 70 < sum(number < 0.5 for number in numbers) < 130
    assert kept_fraction("demo", "1.0") != kept_fraction("other", "1.0")
    assert Rules(updates=VersionUpdates(random_fraction_to_keep=1)).objection(Version("1.0")) is None
    assert rules("    random_fraction_to_keep: 0\n").objection(Version("1.0")) == UnkeptVersion(fraction=0, line=3)


def test_what_was_tried_is_not_tried_again() -> None:
    tried = Rules(refused={Version("1.1"): "its file is gone"})
    assert tried.objection(version("1.1.0")) == "its file is gone"


@pytest.mark.parametrize(("bounds", "fits"), [(">=9,<10", True), (">=1!9,<1!10", True), (">=2!9", False)])
def test_bounds_of_a_release_line_with_and_without_the_packager_s_epoch(bounds: str, fits: bool) -> None:
    rules = Rules(allowed=SpecifierSet(bounds), upstream=UpstreamVersions(epoch="1!"))
    assert (rules.objection(Version("9.1")) is None) == fits


@pytest.mark.parametrize("excluded", ["1!9.1", "9.1"])
def test_a_version_is_excluded_with_or_without_the_packager_s_epoch(excluded: str) -> None:
    updates = VersionUpdates(exclude={excluded: 3})
    rules = Rules(updates=updates, upstream=UpstreamVersions(epoch="1!"))
    assert rules.objection(Version("9.1")) == ExcludedVersion(line=3)
