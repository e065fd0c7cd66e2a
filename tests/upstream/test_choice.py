"""Which release is taken, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.upstream.choice import Choice, Refusal, choose
from dirac_forge.upstream.index.project import Project, Release, ReleaseFile
from support.facts import told

PYTHONS = ["3.11", "3.12", "3.13"]


def file(version: str, *, python: str | None = None, yanked: str | None = None) -> ReleaseFile:
    return ReleaseFile(
        filename=f"demo-{version}.tar.gz",
        url="u",
        kind="sdist",
        version=Version(version),
        requires_python=python,
        yanked=yanked,
    )


def project(*files: ReleaseFile, empty: tuple[str, ...] = ()) -> Project:
    releases = [Release(project="demo", version=item.version, files=(item,)) for item in files]
    releases += [Release(project="demo", version=Version(version), files=()) for version in empty]
    return Project(name="demo", releases=tuple(sorted(releases, key=lambda release: release.version)))


KNOWN = project(
    file("1.0"),
    file("1.1"),
    file("1.2", python=">=3.14"),
    file("1.3", yanked="broken"),
    file("2.0rc1"),
    empty=("1.4",),
)


def test_the_newest_that_fits_with_reasons_against_the_newer() -> None:
    choice = choose(KNOWN, pythons=PYTHONS)
    assert isinstance(choice, Choice)
    assert str(choice.release.version) == "1.1"
    assert choice.problems == ()
    assert [(str(item.version), item.reason) for item in choice.rejected] == [
        ("2.0rc1", "a pre-release"),
        ("1.4", "no files"),
        ("1.3", "yanked (broken)"),
        ("1.2", "needs Python >=3.14, the channel has 3.11 to 3.13"),
    ]


def test_what_the_specifier_excludes_is_said() -> None:
    choice = choose(KNOWN, SpecifierSet("<1.1"))
    assert isinstance(choice, Choice)
    assert str(choice.release.version) == "1.0"
    assert {item.reason for item in choice.rejected} == {"excluded by <1.1"}


@pytest.mark.parametrize(
    ("wanted", "python", "taken"),
    [
        (">=3.9.2", "3.9", True),
        ("<3.9.1", "3.9", True),
        (">=3.10", "3.9", False),
        ("!=3.9.*", "3.9", False),
        ("3.x", "3.9", True),
    ],
)
def test_requires_python_is_asked_for_minor_versions(wanted: str, python: str, taken: bool) -> None:
    assert isinstance(choose(project(file("1.0", python=wanted)), pythons=[python]), Choice if taken else Refusal)


def test_prereleases_only_where_asked_or_alone() -> None:
    choice = choose(KNOWN, SpecifierSet(">=2.0rc1"))
    assert isinstance(choice, Choice)
    assert (str(choice.release.version), told(choice)) == ("2.0rc1", ())
    alone = project(file("0.1a1"), file("0.1a2"))
    choice = choose(alone)
    assert isinstance(choice, Choice)
    assert str(choice.release.version) == "0.1a2"
    assert told(choice) == ("0.1a2 is a pre-release: demo has no final release that fits",)


def test_an_exact_version_is_taken_with_a_word() -> None:
    yanked = choose(KNOWN, SpecifierSet("==1.3"))
    assert isinstance(yanked, Choice)
    assert told(yanked) == ("1.3 was yanked upstream: broken",)
    early = choose(KNOWN, SpecifierSet("==2.0rc1"))
    assert isinstance(early, Choice)
    assert told(early) == ("2.0rc1 is a pre-release",)
    new = choose(KNOWN, SpecifierSet("==1.2.0"), pythons=PYTHONS)
    assert isinstance(new, Choice)
    assert str(new.release.version) == "1.2"
    assert told(new) == ("1.2 needs Python >=3.14, the channel has 3.11 to 3.13",)


def test_an_unknown_version_names_the_nearest() -> None:
    refusal = choose(KNOWN, SpecifierSet("==1.0.5"))
    assert isinstance(refusal, Refusal)
    assert str(refusal.error()) == (
        "There is no release of demo that satisfies ==1.0.5.\nNearest versions: 1.0, 1.1, 1.2, 1.4."
    )
    refusal = choose(KNOWN, SpecifierSet(">3"))
    assert isinstance(refusal, Refusal)
    assert str(refusal.error()) == ("No release of demo satisfies >3.\nNearest versions: 1.1, 1.2, 1.3, 1.4, 2.0rc1.")


def test_releases_that_fit_but_can_not_be_used_are_listed() -> None:
    refusal = choose(project(file("1.0", yanked=""), file("1.1", python=">=4")), SpecifierSet(">=1"), pythons=["3.12"])
    assert isinstance(refusal, Refusal)
    assert str(refusal.error()) == (
        "No release of demo that satisfies >=1 can be used.\n1.1: needs Python >=4, the channel has 3.12\n1.0: yanked"
    )


def test_no_release_at_all() -> None:
    refusal = choose(Project(name="demo", releases=(), unreadable=("demo-x.zip",)))
    assert isinstance(refusal, Refusal)
    assert refusal.error().message == "demo has no release, only files that can't be read (demo-x.zip)."


def test_local_versions_and_wildcards() -> None:
    known = project(file("1.0+cern"), file("1.5"))
    choice = choose(known, SpecifierSet("==1.0"))
    assert isinstance(choice, Choice)
    assert str(choice.release.version) == "1.0+cern"
    choice = choose(known, SpecifierSet("==1.*"))
    assert isinstance(choice, Choice)
    assert str(choice.release.version) == "1.5"


def test_a_newest_release_without_an_sdist_names_the_newest_with_one() -> None:
    def wheel(version: str) -> ReleaseFile:
        name = f"demo-{version}-py3-none-any.whl"
        return replace(file(version), filename=name, kind="wheel")

    known = project(file("1.0"), file("1.1", yanked="broken"), file("1.2rc1"), wheel("1.3"), wheel("1.4"))
    choice = choose(known, pythons=PYTHONS)
    assert isinstance(choice, Choice)
    (problem,) = choice.problems
    assert (str(choice.release.version), problem.kind, problem.other) == ("1.4", "newest-without-sdist", "1.0")
    (words,) = told(choice)
    assert words == (
        "demo 1.4 has no sdist on the index. The newest release that has one is 1.0: `dirac-forge recipe demo==1.0` "
        "takes it, and `dirac-forge bump` stops at it if the recipe uses an sdist"
    )
    for fitting in (SpecifierSet(">1.0"), SpecifierSet("==1.4")):
        chosen = choose(known, fitting, pythons=PYTHONS)
        assert isinstance(chosen, Choice)
        assert chosen.problems == ()
