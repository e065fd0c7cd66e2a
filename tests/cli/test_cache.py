from __future__ import annotations

import json
from pathlib import Path

import pytest

from dirac_forge.cli import main
from dirac_forge.store import Store


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    cache = tmp_path / "cache"
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(cache))
    Store(cache).put("http", "a" * 64, bytes(1_500_000))
    return cache


def test_the_size_of_the_cache(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "size"]) == 0
    said = capsys.readouterr().out
    assert "1.5 MB of at most 5,000.0 MB in" in said
    assert main(["cache", "size", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "folder": str(folder),
        "limit": 5_000_000_000,
        "bytes": 1_500_000,
        "kinds": [{"kind": "http", "entries": 1, "bytes": 1_500_000}],
    }


def test_what_is_in_use_is_not_pruned_but_cleared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "prune", "--to", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["removed"] == 0
    assert main(["cache", "clear", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "folder": str(folder),
        "removed": 1,
        "freed": 1_500_000,
        "bytes": 0,
    }
    assert main(["cache", "clear"]) == 0
    assert "0 entries removed, 0.0 MB; 0.0 MB left in" in capsys.readouterr().out
