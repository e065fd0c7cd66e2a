"""The nearest workspace upwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.cli.discovery import find_workspace


@pytest.mark.parametrize(
    "text",
    [
        "[tool.dirac-forge]\n",
        "[tool.dirac-forge.bot]\nper-run = 1\n",
        "[tool]\ndirac-forge = { offline = true }\n",
        "[tool.dirac-forge]\nnot = toml =\n",
    ],
)
def test_settings_make_a_workspace(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_workspace(below) == tmp_path
    assert find_workspace(tmp_path) == tmp_path


@pytest.mark.parametrize("text", ["", "[project]\nname = 'dirac-forge'\n", "[tool.ruff]\n", "tool = 3\n", "no toml"])
def test_other_projects_are_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "feedstocks" / "x" / "recipe").mkdir(parents=True)
    (tmp_path / "feedstocks" / "x" / "pyproject.toml").write_text(text, encoding="utf-8")
    assert find_workspace(tmp_path / "feedstocks" / "x" / "recipe") == tmp_path


def test_no_workspace(tmp_path: Path) -> None:
    assert find_workspace(tmp_path) is None
