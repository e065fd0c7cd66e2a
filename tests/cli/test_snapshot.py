"""`dirac-forge snapshot` from the command line to files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dirac_forge.cli import main
from support.channel import pkg, pythons, write_channel


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    grid = pkg("grid 1", "tool", "python", noarch="python", timestamp=1_780_272_000_000)
    write_channel(tmp_path / "channel", {"noarch": [grid, pkg("tool 1")], "linux-64": pythons("3.12")})
    (tmp_path / "pinning").mkdir()
    (tmp_path / "pinning" / "conda_build_config.yaml").write_text(
        "# a comment\nzlib:\n  - 1  # [linux]\n", encoding="utf-8"
    )
    (tmp_path / "pyproject.toml").write_text(
        "[tool.dirac-forge]\nchannels = ['./channel']\n[tool.dirac-forge.targets.grid]\nplatforms = ['linux-64']\n",
        encoding="utf-8",
    )


def test_folder_is_a_channel_with_the_pinning(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["snapshot", "--output", "frozen", "--pinning", "pinning", "--compact", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "path": "frozen",
        "as_of": "2026-06-01",
        "packages": 3,
        "builds": 3,
        "platforms": ["linux-64"],
        "pinning": True,
    }
    pinned = tmp_path / "frozen" / "conda-forge-pinning" / "conda_build_config.yaml"
    assert pinned.read_text(encoding="utf-8") == "zlib:\n  - 1  # [linux]\n"
    assert main(["check", "--channel", "frozen", "--python", "3.12", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert (result["status"], result["packages"]) == ("installable", 3)


def test_a_folder_with_files_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["snapshot", "--output", "pinning"]) == 2
    assert capsys.readouterr().err == (
        "error: pinning is not empty\nName a new folder: a snapshot is never mixed with other files.\n"
    )


def test_a_file_in_the_place_of_the_folder_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert main(["snapshot", "--output", "file"]) == 2
    assert capsys.readouterr().err == "error: file is a file, and a folder is needed there\nName a new folder.\n"


@pytest.mark.parametrize("spec", ["[", "a\x1b[2J"])
def test_what_is_no_spec_is_refused(capsys: pytest.CaptureFixture[str], spec: str) -> None:
    assert main(["snapshot", spec, "--output", "frozen", "--pinning", "pinning"]) == 2
    assert "is not a package spec" in capsys.readouterr().err


def test_a_package_that_no_channel_has_is_an_error_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["snapshot", "nosuch", "tool", "--output", "frozen"]) == 2
    assert "has no package nosuch for linux-64" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "frozen").exists()


def test_the_next_step_checks_the_named_targets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["snapshot", "tool", "--output", "frozen", "--platform", "linux-64"]) == 0
    assert "dirac-forge check tool --channel frozen" in capsys.readouterr().out


def test_a_package_whose_records_are_malformed_is_unknown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    broken = pkg("torn 1", depends=["python >=>3"])
    write_channel(tmp_path / "channel", {"noarch": [broken], "linux-64": pythons("3.12")})
    assert main(["snapshot", "torn", "--output", "frozen", "--platform", "linux-64"]) == 3
    assert "no readable record of torn for linux-64: malformed records are left out" in capsys.readouterr().err


def test_a_version_that_no_build_has_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["snapshot", "grid >=2", "--output", "frozen", "--platform", "linux-64", "--platform", "osx-64"]) == 0
    assert "warning: no build in the channel matches grid >=2 for linux-64, osx-64\n" in capsys.readouterr().err
