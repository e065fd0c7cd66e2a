"""Feedstocks of a workspace as repositories."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.git import own_git
from dirac_forge.pullrequest.workspace_copies import write_copies

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
RECIPE = "package:\n  name: demo\n  version: '1'\n"


def folder(root: Path, name: str, text: str = RECIPE, branch: str | None = None) -> FeedstockFolder:
    place = root / (name if branch is None else f"{name}@{branch}") / "recipe"
    place.mkdir(parents=True, exist_ok=True)
    (place / "recipe.yaml").write_text(text, encoding="utf-8")
    return FeedstockFolder(name, place.parent, branch)


def told(repository: Path, *arguments: str) -> str:
    return own_git(*arguments, about="test", folder=repository).decode().strip()


def test_each_release_line_becomes_a_branch_with_the_files_as_they_are(tmp_path: Path) -> None:
    lines = [folder(tmp_path, "demo"), folder(tmp_path, "demo", RECIPE + "# old\n", "v0.x")]
    place = tmp_path / "out"
    assert write_copies(lines, place) == [("demo", "main"), ("demo", "v0.x")]
    repository = place / "demo-feedstock"
    assert told(repository, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", "refs/heads/v0.x"]
    assert told(repository, "show", "main:recipe/recipe.yaml") == RECIPE.strip()
    assert told(repository, "show", "v0.x:recipe/recipe.yaml").endswith("# old")


def test_the_same_files_are_the_same_commit_and_others_another(tmp_path: Path) -> None:
    place = tmp_path / "out"
    write_copies([folder(tmp_path, "demo")], place)
    first = told(place / "demo-feedstock", "rev-parse", "main")
    write_copies([folder(tmp_path, "demo")], place)
    assert told(place / "demo-feedstock", "rev-parse", "main") == first
    write_copies([folder(tmp_path, "demo", RECIPE + "build: {}\n")], place)
    assert told(place / "demo-feedstock", "rev-parse", "main") != first


def test_a_feedstock_without_a_recipe_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    written = write_copies(
        [FeedstockFolder("empty", tmp_path / "empty", None), folder(tmp_path, "demo")], tmp_path / "o"
    )
    assert written == [("demo", "main")]
