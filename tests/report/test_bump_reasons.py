"""Reasons and notes of bumps in words."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump import blockers, bump_notes, objections, patches, skip_reasons
from dirac_forge.bump.drift.carried import CarriedKind, CarriedReason, CompiledNow, TooLowPython, UnmetRequirement
from dirac_forge.bump.new_needs import Lack, NewNeed
from dirac_forge.channel.listing import Availability
from dirac_forge.feedstock.change import SkipReason
from dirac_forge.recipe.editing.notes import (
    ArchiveKept,
    CommitKept,
    HashKept,
    MirrorKept,
    NoHash,
    NumberInString,
    NumberUnknown,
    OldHashLeft,
    OldVersionLeft,
)
from dirac_forge.recipe.making.nature_reasons import NatureKind, NatureReason
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.sources import tag_reasons

from .examples import M2CRYPTO

TEN = objections.PassedOver(version=Version("10.0"), reason="its file is gone")


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("as it is", "as it is"),
        (objections.OffBranch(allowed=SpecifierSet("<7")), "it does not belong on this branch (<7)"),
        (objections.ExcludedVersion(line=4), "excluded by conda-forge.yml, line 4"),
        (
            objections.TagNotAllowed(tag="rust-1", line=3),
            "its tag rust-1 matches none of the allowed_tag_globs (conda-forge.yml, line 3)",
        ),
        (
            objections.OddVersion(line=0),
            "its second number is odd, so it is not a stable version (conda-forge.yml)",
        ),
        (
            objections.UnkeptVersion(fraction=0.5, line=2),
            (
                "only 0.5 of all versions are taken (conda-forge.yml, line 2), and the hash of feedstock and version "
                "leaves this one out"
            ),
        ),
        (skip_reasons.NoOrder(version="main"), "main has no known order, so no version counts as newer"),
        (
            skip_reasons.NoOrder(version="9e", pep440=True, notes=("only tags were seen",)),
            "9e is not a version that PyPI can have (PEP 440), so no release counts as newer (only tags were seen)",
        ),
        (
            skip_reasons.AllowedSources(line=3, sources=(), source="demo"),
            "conda-forge.yml, line 3 allows versions from no source (`sources` is empty)",
        ),
        (
            skip_reasons.AllowedSources(
                line=3, sources=("nvidia", "pypi"), source="github.com/a/b", unsupported=("nvidia",)
            ),
            (
                "conda-forge.yml, line 3 allows versions only from nvidia, pypi; its source is github.com/a/b "
                "(nvidia can't be used here)"
            ),
        ),
        (
            Lack(
                need=NewNeed(package="low", spec=">=2", output="app", section="run"),
                availability=Availability(status="unknown", newest="1.0", as_of=date(2026, 8, 21)),
            ),
            ("low >=2 (run of app): the embedded snapshot (2026-08-21) has low up to 1.0; conda-forge may have it"),
        ),
        (
            objections.NotAfterRecipe(version="1!1.0", current="2!5.0"),
            "as 1!1.0 in the recipe it would not be newer than 2!5.0",
        ),
        (skip_reasons.VersionlessSources(), "none of its sources has the version in its URL or tag"),
        (skip_reasons.Current(version="9", asked=True), "it is already at 9"),
        (
            skip_reasons.Current(version="9", passed_over=(TEN,), notes=("only tags were seen",)),
            "9 is the newest release that fits (10.0: its file is gone; only tags were seen)",
        ),
        (skip_reasons.NoReleaseFound(why=tag_reasons.NoTags(place="a")), "no release was found: a has no tags"),
        (
            skip_reasons.NoReleaseFound(why=skip_reasons.NoVersionOffered(place="a")),
            "no release was found: a offers neither the version of the recipe nor a newer one",
        ),
        (
            skip_reasons.NoVersionOffered(place="a", newest=Version("1.3")),
            "a offers neither the version of the recipe nor a newer one; its newest is 1.3",
        ),
        (tag_reasons.OverlongTag(), "it is too long to be a version"),
        (tag_reasons.NotDiracTag(tag="1"), "the tag 1 does not have the form vXrYpZ"),
        (tag_reasons.UnorderedName(text="x"), "x has no known order"),
        (tag_reasons.OwnTagMismatch(tag="v1", version="2"), "the tag v1 does not stand for 2"),
        (
            tag_reasons.NoOwnTag(place="a", version="1"),
            "a has no tag of 1, so the format of its tags is unknown",
        ),
        (
            skip_reasons.StillBlocked(by=("one", blockers.HelpingBump(key="b"))),
            "one; the targets accept it only together with the bump of b",
        ),
        (
            CompiledNow(
                output="a", evidence=NatureReason(NatureKind.FILE_COMPILES, "setup.py"), languages=("c", "cxx")
            ),
            (
                "a can't stay noarch: there are no wheels, and setup.py compiles; by hand: remove `noarch: python`, "
                "add compiler('c'), "
                "compiler('cxx') "
                "and stdlib('c') to build, remove the bounds of python from host and run, rerender"
            ),
        ),
        (
            TooLowPython(output="a", has="3.10", wants="3.11", evidence="Requires-Python: >=3.11"),
            (
                "the build would fail: a is built with Python 3.10, and the new release needs 3.11 "
                "(Requires-Python: >=3.11); --dependencies update raises it"
            ),
        ),
        (
            UnmetRequirement(
                output="a",
                part="run",
                package="dill",
                lines=(7,),
                has=("dill >=0.2",),
                asked=(">=0.3.7",),
                evidence="dill>=0.3.7; python_version>='3.12'",
                pythons=("3.12", "3.13"),
                fresh=True,
            ),
            (
                "a, line 7: run has dill >=0.2; for Python 3.12 and 3.13 upstream asks for "
                "dill>=0.3.7; python_version>='3.12'"
            ),
        ),
        (
            UnmetRequirement(
                output="a",
                part="host",
                package="setuptools",
                lines=(7,),
                has=("setuptools",),
                asked=(">=61",),
                evidence="setuptools>=61",
                fresh=True,
                newest=True,
            ),
            "a, line 7: host has setuptools; upstream asks for setuptools>=61, and a build uses the newest",
        ),
        (
            UnmetRequirement(
                output="a",
                part="run",
                package="colorama",
                asked=("",),
                evidence="colorama",
                fresh=True,
                platforms=("win-64",),
            ),
            "a: run has no colorama; for win-64 upstream asks for colorama",
        ),
        (OldVersionLeft(line=9, version="1.0", text="x 1.0"), "line 9 still says 1.0: x 1.0"),
        (
            bump_notes.LeftBeside(path="recipe/build.sh", line=3, named="1.2.3", text="cd x-1.2.3"),
            "recipe/build.sh, line 3 still says 1.2.3: cd x-1.2.3",
        ),
        (
            CommitKept(line=9, repository="https://example.org/a", revision="abc"),
            "line 9: https://example.org/a is still checked out at abc",
        ),
        (
            CommitKept(line=9, repository="https://example.org/a", revision=None),
            "line 9: https://example.org/a is checked out without a tag or commit, so it did not move",
        ),
        (
            ArchiveKept(line=9, url="https://example.org/a/archive/abc.zip"),
            (
                "line 9: https://example.org/a/archive/abc.zip is still the archive of the same commit: "
                "check whether it has to move"
            ),
        ),
        (
            NoHash(line=9, url="https://e.org/a-1.3.zip", moved=True),
            "line 9: https://e.org/a-1.3.zip has no hash, so the file was not checked: add its sha256",
        ),
        (
            NoHash(line=9, url="https://e.org/a.zip", moved=False),
            "line 9: https://e.org/a.zip has neither a version nor a hash, so it may be the wrong file: check it",
        ),
        (
            NumberInString(line=9, output="a", string="cpu_3", number=0),
            "line 9: the build string of a is still cpu_3, but the build number is 0: update the string",
        ),
        (
            HashKept(line=9, kind="content_sha256"),
            "line 9: this content_sha256 was not updated: bump renews only hashes of files",
        ),
        (OldHashLeft(line=9, version="1.0"), "line 9 still has the hash of the file of 1.0"),
        (NumberUnknown(line=9), "line 9: the build number could not be determined: check that it is reset"),
        (
            MirrorKept(line=9, url="https://e.org/latest.zip"),
            ("line 9: https://e.org/latest.zip has no version in it: check that it serves the new file"),
        ),
        (
            HashKept(line=9),
            "line 9: this hash was not updated: no build that is known here uses it, or its file is missing",
        ),
        (
            bump_notes.NotCarried(change=M2CRYPTO),
            (
                "not updated: dirac-grid, run: m2crypto >=0.36 → m2crypto >=0.50 (upstream's bound moved: "
                "M2Crypto>=0.50)"
            ),
        ),
        (
            bump_notes.NotCompared(line=2),
            "requirements were not compared: conda-forge.yml, line 2 disables it (inspection: disabled)",
        ),
        (
            bump_notes.OnlyHinted(inspection="hint-all", line=2),
            "requirements are not edited, because conda-forge.yml, line 2 has inspection: hint-all",
        ),
        (bump_notes.NotCompared(reason="a is unreachable"), "requirements were not compared: a is unreachable"),
        (
            objections.Downgrade(old="2.0", new="1.0"),
            "this is a downgrade: 1.0 was requested, and is older than the recipe's 2.0",
        ),
        (
            objections.NotListed(version="1.1", source="demo", certain=True),
            "demo does not list 1.1, which was requested",
        ),
        (
            objections.NotListed(version="1.1", source="demo", message="it can't be reached"),
            "whether demo lists 1.1 is not known: it can't be reached",
        ),
        (
            objections.NotListed(version="1.1", source="github.com/a/b"),
            "whether github.com/a/b lists 1.1 was not checked: with --to, only indexes are queried",
        ),
        (
            objections.AskedAnyway(version="1.1", reason=objections.PlaceObjects(objection="yanked (broken)")),
            "1.1 was requested; without --to it would be skipped: yanked (broken)",
        ),
        (CarriedReason(kind="asked-now"), "upstream requires it now"),
        (CarriedReason(kind="no-longer-asked", extra="full"), "upstream's extra full no longer asks for it"),
        (
            CarriedReason(kind="pip-without-setuptools", python="3.13"),
            "conda-forge's pip does not install it with Python 3.13 or later",
        ),
        (patches.AbsentPatch(), "the repository has no such text file"),
        (patches.AbsentPatch(folder="a/recipe"), "a/recipe has no such file"),
        (patches.OutsidePatch(), "it is outside of the feedstock"),
        (patches.OversizedPatch(), "it is larger than the limit for patches"),
        (patches.RepositoryPatch(), "it is for a git source"),
        (bump_notes.MovesTogether(key="b"), "it must move together with b: each needs the other"),
        (
            bump_notes.OlderThanChannel(feedstock="a", package="a", version="1", newest="2"),
            "the channel has a 2, the recipe here is older (1): `dirac-forge sync a` fetches the newest",
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_reasons_in_words(reason: object, text: str) -> None:
    assert worded(reason) == text


def test_values_without_words_are_an_error() -> None:
    with pytest.raises(TypeError, match="no words for 3"):
        worded(3)


def test_every_reason_has_words() -> None:
    unions = (blockers.Blocker, bump_notes.BumpNote, objections.Objection, patches.UntriedReason, tag_reasons.TagReason)
    kinds = {kind for union in unions for kind in get_args(union)}
    named = {kind for kind in vars(skip_reasons).values() if isinstance(kind, type) and issubclass(kind, SkipReason)}
    kinds |= named - {SkipReason}
    assert {kind.__name__ for kind in kinds if worded.dispatch(kind) is worded.dispatch(object)} == set()


def test_every_kind_of_a_line_that_is_carried_over_has_words_of_its_own() -> None:
    kinds = get_args(CarriedKind)
    assert len({worded(CarriedReason(kind=kind)) for kind in kinds}) == len(kinds)
