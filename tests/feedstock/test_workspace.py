"""Feedstocks of a workspace, found by what people write."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.errors import InputError
from dirac_forge.feedstock.workspace import FeedstockFolder, read_workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("numpy", "dirac-grid", "dirac-grid@v8.0.x"):
        (tmp_path / "feedstocks" / name / "recipe").mkdir(parents=True)
        (tmp_path / "feedstocks" / name / "recipe" / "meta.yaml").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("numpy", "numpy"),
        ("dirac-grid@v8.0.x", "dirac-grid@v8.0.x"),
        ("https://github.com/conda-forge/dirac-grid-feedstock", "dirac-grid"),
        ("https://github.com/conda-forge/dirac-grid-feedstock.git", "dirac-grid"),
        ("https://github.com/conda-forge/numpy-feedstock/pull/7", "numpy"),
    ],
)
def test_find(root: Path, text: str, folder: str) -> None:
    assert read_workspace(root).find(text).path == root / "feedstocks" / folder


def test_a_recipe_file_is_of_the_feedstock_that_has_it(root: Path) -> None:
    path = root / "feedstocks/dirac-grid/recipe/meta.yaml"
    assert read_workspace(root).find(str(path)).name == "dirac-grid"
    alone = root / "mine-feedstock/recipe.yaml"
    alone.parent.mkdir()
    alone.touch()
    assert read_workspace(root).find(str(alone)).name == "mine"


def test_a_file_that_is_not_utf_8_is_told_with_its_line(root: Path) -> None:
    (root / "feedstocks/numpy/recipe/meta.yaml").write_bytes(b"package:\n  name: numpy # caf\xe9\n")
    folder = read_workspace(root).find("numpy")
    with pytest.raises(InputError) as error:
        _ = folder.texts
    assert error.value.message == f"{root}/feedstocks/numpy/recipe/meta.yaml: can't be read: line 2 is not UTF-8"
    assert (folder.readable_texts, read_workspace(root).making("numpy-base")) == ({}, None)


def test_the_second_recipe_of_a_folder_and_of_files_at_hand(root: Path) -> None:
    (root / "feedstocks/numpy/recipe/recipe.yaml").touch()
    folder = read_workspace(root).find("numpy")
    (said,) = folder.warnings
    assert said == (
        "numpy: two recipes: recipe/meta.yaml is read, recipe/recipe.yaml is not (conda_build_tool in "
        "conda-forge.yml decides which is built)"
    )
    assert read_workspace(root).find("dirac-grid").warnings == ()
    given, others = {"recipe/recipe.yaml": "a: 1"}, {"recipe/build.sh": "", "recipe/meta.yaml": ""}
    held = FeedstockFolder("numpy", Path("conda-forge/numpy-feedstock"), given=given, others=others)
    assert held.second_recipe == "recipe/meta.yaml"


@pytest.mark.parametrize("text", ["numppy", "https://github.com/conda-forge/numppy-feedstock"])
def test_unknown_name_has_the_nearest(root: Path, text: str) -> None:
    with pytest.raises(InputError) as error:
        read_workspace(root).find(text)
    assert error.value.message == f"there is no feedstock numppy in {root / 'feedstocks'}"
    assert error.value.hint == "Did you mean numpy?"


def test_a_path_without_a_recipe_is_told_as_a_path(root: Path) -> None:
    folder = f"{root}/feedstocks/"
    with pytest.raises(InputError) as error:
        read_workspace(root).find(folder)
    assert error.value.message == f"{folder}: this folder has no recipe"
    with pytest.raises(InputError, match="there is no such folder or recipe"):
        read_workspace(root).find("no/where")


def test_a_folder_without_a_recipe_is_told_as_one(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "drafts").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        read_workspace(root).find("drafts")
    assert error.value.message == "drafts: this folder has no recipe"


def test_a_link_to_itself_is_no_feedstock(root: Path) -> None:
    (root / "feedstocks" / "loop").symlink_to("loop")
    assert sorted(read_workspace(root).feedstocks) == ["dirac-grid", "numpy"]


def test_the_feedstock_that_makes_a_package(root: Path) -> None:
    (root / "feedstocks/numpy/recipe/meta.yaml").write_text(
        "package:\n  name: numpy\noutputs:\n  - name: numpy-base  # the library\n  - name: numpy-base-dev\n",
        encoding="utf-8",
    )
    (root / "feedstocks/empty").mkdir()
    workspace = read_workspace(root)
    names = ["numpy", "numpy-base", "numpy-bas", "base"]
    assert [folder and folder.name for folder in map(workspace.making, names)] == ["numpy", "numpy", None, None]


def test_text_files_next_to_the_recipe_but_not_patches(tmp_path: Path) -> None:
    recipe = tmp_path / "demo/recipe"
    (recipe / "folder").mkdir(parents=True)
    written = {
        "recipe.yaml": b"package:\n  name: demo\n",
        "variants.yaml": b"python: ['3.12.*']\n",
        "build.sh": b"make\n",
        "fix.patch": b"--- a\n",
        "icon.png": b"\x89PNG\xff",
    }
    for name, content in written.items():
        (recipe / name).write_bytes(content)
    assert FeedstockFolder("demo", tmp_path / "demo").beside == {"recipe/build.sh": "make\n"}
    assert FeedstockFolder("demo", recipe / "recipe.yaml").beside == {}


def test_folder_of_feedstocks_stands_for_them(root: Path, tmp_path: Path) -> None:
    workspace = read_workspace(root)
    (tmp_path / "drafts/a/recipe").mkdir(parents=True)
    (tmp_path / "drafts/a/recipe/recipe.yaml").touch()
    (tmp_path / "drafts/notes").mkdir()
    found = workspace.find_all(["numpy", str(root / "feedstocks"), str(tmp_path / "drafts")])
    assert [folder.name for folder in found] == ["numpy", "dirac-grid", "a"]
    with pytest.raises(InputError, match="this folder has no recipe"):
        workspace.find_all([str(tmp_path / "drafts/notes") + "/"])
