from __future__ import annotations

from dirac_forge.channel.records import Record
from dirac_forge.check.difference import difference


def record(name: str, version: str, build: str = "0") -> Record:
    return Record(name=name, version=version, build=build, subdir="linux-64")


def test_what_a_user_would_get() -> None:
    before = [record("same", "1"), record("gone", "1"), record("moved", "1"), record("rebuilt", "1", "a_0")]
    after = [record("same", "1"), record("fresh", "2"), record("moved", "2"), record("rebuilt", "1", "a_1")]
    found = difference(before, after)
    assert found.added == (("fresh", "2"),)
    assert found.removed == (("gone", "1"),)
    assert found.changed == (("moved", "1", "2"),)
    assert found.rebuilt == (("rebuilt", "a_0", "a_1"),)
    assert found.text == "moved 1 → 2, +fresh 2, -gone 1, rebuilt rebuilt (a_1)"
    assert not difference(before, before)
