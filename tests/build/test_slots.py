"""Places where children work."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.build.slots import Slots


def test_all_that_a_child_made_goes_when_the_place_is_given_back(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 1)
    with slots.taken("a") as slot:
        (slot.work / "file").write_text("x", encoding="utf-8")
        slot.cache.mkdir()
        (slot.cache / "package").write_text("x", encoding="utf-8")
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
        "0",
        "given",
    ]


def test_kept_work_stays_until_the_next_run(tmp_path: Path) -> None:
    with Slots(tmp_path, 1, keep=True).taken("a") as slot:
        (slot.work / "file").write_text("x", encoding="utf-8")
    assert (tmp_path / "0" / "a" / "file").is_file()
    Slots(tmp_path, 1)
    assert not (tmp_path / "0" / "a").exists()


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "1" / "abandoned").mkdir(parents=True)
    (tmp_path / "1" / "cache").mkdir()  # of an older version, which let builds share it
    Slots(tmp_path, 1)
    assert [*(tmp_path / "1").iterdir()] == []
