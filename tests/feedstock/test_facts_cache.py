"""What is kept of a workspace, and what is noticed since."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dirac_forge.feedstock.facts_cache import Kept, Signature, signature_of, stored, stored_facts
from dirac_forge.feedstock.facts_model import Export, FeedstockFacts, Need
from dirac_forge.store import Store

FACTS = FeedstockFacts(
    recipe="recipe/meta.yaml",
    platforms=("linux-64", "osx-64"),
    skipped=(("win-64", 7),),
    outputs=("a", "b"),
    build_number=3,
    needs=(Need("host", "zlib", "a", "zlib >=1", 12, 3, None), Need("run", "x", "b", "x", 13, 1, "win")),
    exports=(Export("a", "strong", "a", 1),),
)
MANY = {f"other{number}": (Signature((), ()), FeedstockFacts(recipe="r")) for number in range(300)}


@pytest.fixture
def feedstock(tmp_path: Path) -> Path:
    """A feedstock that nobody touched in the last minute."""
    folder = tmp_path / "a"
    (folder / "recipe").mkdir(parents=True)
    (folder / "recipe/meta.yaml").write_text("package: {name: a}\n", encoding="utf-8")
    (folder / "recipe/build.sh").write_text("make\n", encoding="utf-8")
    (folder / "conda-forge.yml").write_text("{}\n", encoding="utf-8")
    age(folder)
    return folder


def age(folder: Path) -> None:
    past = time.time() - 60
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (past, past))


def kept(tmp_path: Path) -> Kept:
    return Kept(Store(tmp_path / "cache"), tmp_path, "salt")


def test_what_nobody_touched_is_found_again(tmp_path: Path, feedstock: Path) -> None:
    signature, nothing = kept(tmp_path).get("a", feedstock)
    assert nothing is None
    kept(tmp_path).put({**MANY, "a": (signature, FACTS)}, fresh=len(MANY))
    assert kept(tmp_path).get("a", feedstock) == (signature, FACTS)
    assert kept(tmp_path).get("b", feedstock) == (signature, None)
    assert Kept(Store(tmp_path / "cache"), tmp_path, "other salt").get("a", feedstock)[1] is None


def _write(path: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")

    return change


def _replace(folder: Path) -> None:
    """With a file of the same size, as an editor or git does."""
    new = folder / "recipe/new"
    new.write_text("package: {name: b}\n", encoding="utf-8")
    new.replace(folder / "recipe/meta.yaml")


@pytest.mark.parametrize(
    "change",
    [
        _write("recipe/meta.yaml", "package: {name: b}\n"),
        _write("recipe/conda_build_config.yaml", "x: [1]\n"),
        _write("recipe.yaml", "package: {name: a}\n"),
        _write(".ci_support/linux_64_.yaml", "x: [1]\n"),
        _write(".ci_support/migrations/zlib2.yaml", "x: [1]\n"),
        _replace,
        lambda folder: (folder / "conda-forge.yml").unlink(),
        lambda folder: (folder / "recipe").rename(folder / "elsewhere"),
    ],
)
def test_what_was_changed_is_noticed(tmp_path: Path, feedstock: Path, change: Callable[[Path], None]) -> None:
    kept(tmp_path).put({**MANY, "a": (signature_of(feedstock), FACTS)}, fresh=len(MANY))
    change(feedstock)
    signature, facts = kept(tmp_path).get("a", feedstock)
    assert facts is None
    assert signature == signature_of(feedstock)


def test_other_files_beside_the_recipe_do_not_matter(tmp_path: Path, feedstock: Path) -> None:
    kept(tmp_path).put({**MANY, "a": (signature_of(feedstock), FACTS)}, fresh=len(MANY))
    _write("recipe/0001-fix.patch", "")(feedstock)
    _write("README.md", "")(feedstock)
    signature, facts = kept(tmp_path).get("a", feedstock)
    assert (signature, facts) == (signature_of(feedstock), FACTS)


@pytest.mark.parametrize("young", ["recipe/meta.yaml", "recipe", ""])
def test_what_is_young_is_not_kept(tmp_path: Path, feedstock: Path, young: str) -> None:
    os.utime(feedstock / young)
    kept(tmp_path).put({**MANY, "a": (signature_of(feedstock), FACTS)}, fresh=len(MANY))
    assert kept(tmp_path).get("a", feedstock)[1] is None


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    assert kept(tmp_path).get("a", tmp_path / "nothing") == (None, None)


def test_facts_of_one_feedstock() -> None:
    assert stored_facts(stored(FACTS)) == FACTS
    assert stored_facts(b"{}") is None
    assert stored_facts(None) is None


def test_few_that_are_new_do_not_have_all_written_again(tmp_path: Path, feedstock: Path) -> None:
    entries = {**MANY, "a": (signature_of(feedstock), FACTS)}
    kept(tmp_path).put(entries, fresh=len(entries) // 50)
    assert kept(tmp_path).get("a", feedstock)[1] is None
    kept(tmp_path).put(entries, fresh=len(entries) // 50 + 1)
    assert kept(tmp_path).get("a", feedstock)[1] == FACTS
