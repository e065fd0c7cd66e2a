"""Facts survive the store unchanged; damaged blobs count as missing."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date

import pytest
from packaging.version import Version

from dirac_forge.upstream import blobs as kept
from dirac_forge.upstream.files.facts import CoreMetadata, EntryPoint, SdistFacts, WheelFacts
from dirac_forge.upstream.files.requirements import RequirementList

METADATA = CoreMetadata(
    name="d\xe9mo", version=Version("1"), project_urls={"a": "b"}, requires_dist=RequirementList(("x",)), dynamic=("y",)
)
WHEEL = WheelFacts(
    filename="w",
    pure=True,
    metadata=METADATA,
    entry_points=(EntryPoint(name="n", value="v", gui=True),),
    members=("a",),
    problems=("p",),
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
    assert kept.load_wheel(kept.dump_wheel(WHEEL)) == WHEEL
    assert kept.load_sdist(kept.dump_sdist(SDIST)) == SDIST
    bare = SdistFacts(filename="s", sha256="h", metadata=None, metadata_from=None)
    assert kept.load_sdist(kept.dump_sdist(bare)) == bare


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
    assert kept.load_wheel(damage(kept.dump_wheel(WHEEL))) is None
    assert kept.load_sdist(damage(kept.dump_sdist(SDIST))) is None


def test_blobs_of_another_time_are_missing() -> None:
    for body in (
        b"[]",
        b"{}",
        b'{"members": 3}',
        b'{"metadata": {}, "members": [], "problems": [], "entry_points": [], "new": 1}',
    ):
        blob = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
        assert kept.load_wheel(blob) is None
        assert kept.load_sdist(blob) is None


def test_trees_are_plain() -> None:
    tree = tomllib.loads("a = 2020-01-01\nb = [nan, inf, 1.5]\nc = {d = 12345678901234567890123}")
    assert kept.plain(tree) == {
        "a": str(date(2020, 1, 1)),
        "b": ["nan", "inf", 1.5],
        "c": {"d": hex(12345678901234567890123)},
    }
    deep: object = "x"
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ValueError, match="nested more than 60 levels deep"):
        kept.plain(deep)
