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


def test_what_the_cache_keeps_is_told_in_words_and_earlier_versions_together(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(folder)
    kinds = (
        "built-recipes",
        "built-recipes-2",
        "sdist-9",
        "sdist-10",
        "sdist-build-10",
        "wheel-10",
        "wheel-metadata-10",
    )
    for kind in (*kinds, "new-1"):
        store.put(kind, "b" * 64, bytes(200_000))
    assert main(["cache", "size"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert [(" ".join(words[:-3]), *words[-3:]) for words in lines[1:]] == [
        ("HTTP responses", "1", "1.5", "MB"),
        ("metadata of source archives", "2", "0.4", "MB"),
        ("new", "1", "0.2", "MB"),
        ("recipes for builds", "1", "0.2", "MB"),
        ("wheel metadata", "2", "0.4", "MB"),
        ("from earlier versions of dirac-forge", "2", "0.4", "MB"),
    ]


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


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file where the cache should be."""
    place = tmp_path / "file"
    place.write_text("", encoding="utf-8")
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(place))
    monkeypatch.chdir(tmp_path)
    return place


def test_command_goes_on_with_a_temporary_cache_where_the_folder_can_not_be_used(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The embedded snapshot is unpacked in the cache.
    assert (
        main(["check", "certifi", "--channel", "embedded", "--platform", "linux-64", "--python", "3.12", "--json"]) == 0
    )
    said = capsys.readouterr()
    assert json.loads(said.out)["results"][0]["status"] == "installable"
    assert said.err.startswith(f"warning: {place}: the cache folder can't be used (Not a directory), so every run")
    assert place.read_text(encoding="utf-8") == ""
    # What says something about the folder itself speaks of the one that is named.
    assert main(["cache", "size", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(place)


def test_a_cache_folder_that_cannot_be_made_is_a_warning(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "channel" / "noarch").mkdir(parents=True)
    (tmp_path / "channel" / "noarch" / "repodata.json").write_text('{"packages": {}}', encoding="utf-8")
    main(["check", "tool", "--channel", "./channel", "--platform", "linux-64"])
    assert (
        f"warning: {place}: the cache folder can't be used (Not a directory), so every run downloads everything again; "
        "name another one with DIRAC_FORGE_CACHE"
    ) in capsys.readouterr().err
