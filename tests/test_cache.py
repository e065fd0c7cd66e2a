from __future__ import annotations

import os
from pathlib import Path

import pytest

from dirac_forge import cache
from dirac_forge.cache import Pruned, prune, prune_daily, sizes, why_unusable
from dirac_forge.store import Store

HOUR = 3600


def put(folder: Path, kind: str, letter: str, size: int, *, hours: float) -> Path:
    Store(folder).put(kind, letter * 64, bytes(size))
    path = folder / kind / (letter * 2) / (letter * 64)
    moment = path.stat().st_mtime - hours * HOUR
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, "http", "a", 100, hours=50)
    put(tmp_path, "http", "b", 200, hours=2)
    put(tmp_path, "sdist-5", "c", 300, hours=70)
    package = tmp_path / "packages" / ("d" * 64)
    (package / "share").mkdir(parents=True)
    (package / "share" / "x").write_bytes(bytes(400))
    os.utime(package, (1, 1))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("not of the cache", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    return tmp_path


def test_entries_are_counted_by_kind(folder: Path) -> None:
    assert sizes(folder) == {"http": (2, 300), "packages": (1, 400), "sdist-5": (1, 300)}
    assert sizes(folder / "nowhere") == {}


def test_what_was_not_used_for_longest_goes_first(folder: Path) -> None:
    assert prune(folder, 350) == Pruned(entries=2, freed=700, left=300)
    assert sizes(folder) == {"http": (2, 300)}
    assert not list((folder / "packages").iterdir())


def test_what_was_used_within_the_hour_stays(folder: Path) -> None:
    fresh = put(folder, "http", "e", 50, hours=0.5)
    assert prune(folder, 0).left == 50
    assert fresh.is_file()


def test_everything_goes_that_is_of_the_cache_and_nothing_else(folder: Path) -> None:
    prune(folder, -1, unused=0, now=10**11)
    assert sizes(folder) == {}
    assert (folder / "mine" / "notes.txt").is_file()
    assert (folder / "pyproject.toml").is_file()


def test_an_entry_that_another_process_removes_meanwhile_is_no_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = list(cache.entries(folder))
    prune(folder, -1)
    monkeypatch.setattr(cache, "entries", lambda _: known)
    assert prune(folder, -1) == Pruned(entries=0, freed=0, left=0)


def test_a_link_in_the_cache_is_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "aa"
    outside.mkdir(parents=True)
    (outside / ("a" * 64)).write_text("x", encoding="utf-8")
    (folder / "linked").symlink_to(outside.parent)
    prune(folder, -1)
    assert (outside / ("a" * 64)).is_file() is False or "linked" not in sizes(folder)


def test_once_a_day_the_cache_is_brought_below_its_limit(folder: Path) -> None:
    prune_daily(folder, 900)
    assert sizes(folder) == {"http": (2, 300), "sdist-5": (1, 300)}
    put(folder, "http", "f", 5000, hours=5)
    prune_daily(folder, 900)  # not again
    assert sizes(folder)["http"] == (3, 5300)
    os.utime(folder / ".pruned", (1, 1))
    prune_daily(folder, 900)
    assert sizes(folder) == {"http": (1, 200)}


def test_what_a_killed_run_left_is_counted_and_removed(folder: Path) -> None:
    before = sizes(folder)["http"]
    left = folder / "http" / "aa" / f".{'a' * 64}-0123456789ab"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(bytes(700))
    assert sizes(folder)["http"] == (before[0] + 1, before[1] + 700)
    assert prune(folder, 0).left >= 700  # it may be in use
    prune(folder, 0, unused=-1)
    assert not left.exists()


def test_reading_an_entry_is_a_use_of_it(folder: Path) -> None:
    assert Store(folder).get("sdist-5", "c" * 64) == bytes(300)
    prune(folder, 300)
    assert sizes(folder) == {"sdist-5": (1, 300)}


def test_no_cache_is_no_error(tmp_path: Path) -> None:
    prune_daily(tmp_path / "nowhere", 1)
    assert not (tmp_path / "nowhere").exists()


def test_why_unusable_makes_no_folder(tmp_path: Path) -> None:
    assert why_unusable(tmp_path / "new" / "cache") == ""
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert why_unusable(tmp_path / "link") == "No such file or directory"
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert why_unusable(tmp_path / "file" / "cache") == "Not a directory"
    assert {path.name for path in tmp_path.iterdir()} == {"link", "file"}
