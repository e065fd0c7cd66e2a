"""Facts survive the store unchanged; damaged blobs count as missing."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from packaging.version import Version

from dirac_forge.upstream import blobs as kept
from dirac_forge.upstream.choice import Choice, Rejected
from dirac_forge.upstream.files.facts import CoreMetadata, EntryPoint, SdistFacts, WheelFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.index.project import Release, ReleaseFile, ReleaseFiles
from dirac_forge.upstream.problems import Problem

METADATA = CoreMetadata(
    name="d\xe9mo", version=Version("1"), project_urls={"a": "b"}, requires_dist=RequirementList(("x",)), dynamic=("y",)
)
WHEEL = WheelFacts(
    filename="w",
    pure=True,
    metadata=METADATA,
    entry_points=(EntryPoint(name="n", value="v", gui=True),),
    members=("a",),
    problems=(Problem(kind="required-by-one", about="w", other="s", names=("a", "b")),),
)
SDIST = SdistFacts(
    filename="s",
    sha256="h",
    metadata=METADATA,
    metadata_from="PKG-INFO",
    pyproject={"project": {"dependencies": ["x"]}},
    texts={"LICENSE": "\udc80 \N{SNOWMAN}"},
    members=("a", "b"),
    command_line_modules=frozenset({"b", "a"}),
    entry_points=(EntryPoint(name="n", value="v"),),
    setup={"packages": None},
)


def test_round_trip() -> None:
    assert kept.load(WheelFacts, kept.dump(WHEEL)) == WHEEL
    assert kept.load(SdistFacts, kept.dump(SDIST)) == SDIST
    bare = SdistFacts(filename="s", sha256="h", metadata=None, metadata_from=None)
    assert kept.load(SdistFacts, kept.dump(bare)) == bare


def test_a_choice_survives_with_its_files() -> None:
    file = ReleaseFile(
        filename="d-1.tar.gz",
        url="https://example.org/d-1.tar.gz",
        kind="sdist",
        version=Version("1"),
        hashes={"sha256": "0"},
        uploaded=datetime(2026, 1, 2, tzinfo=UTC),
        metadata_hashes={},
    )
    choice = Choice(
        release=Release(project="d", version=Version("1"), files=ReleaseFiles(lambda: [file])),
        problems=(Problem(kind="pre-release", about="1"),),
        rejected=(Rejected(version=Version("2"), reason="yanked"),),
    )
    assert kept.load(Choice, kept.dump(choice)) == choice


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: None,
        lambda _: b"",
        lambda blob: blob[:-1],
        lambda blob: b"x" + blob[1:],
        lambda _: b"{}",
        lambda _: b"\xff\n\xff",
    ],
)
def test_damaged_blobs_are_missing(damage: object) -> None:
    assert callable(damage)
    assert kept.load(WheelFacts, damage(kept.dump(WHEEL))) is None
    assert kept.load(SdistFacts, damage(kept.dump(SDIST))) is None


def test_blobs_of_another_time_are_missing() -> None:
    for body in (
        b"[]",
        b"{}",
        b'{"members": 3}',
        b'{"metadata": {}, "members": [], "problems": [], "entry_points": [], "new": 1}',
    ):
        blob = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
        assert kept.load(WheelFacts, blob) is None
        assert kept.load(SdistFacts, blob) is None
