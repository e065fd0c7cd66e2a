import os
from dataclasses import replace
from pathlib import Path

import pytest

from dirac_forge.errors import InputError
from dirac_forge.feedstock.generated import files_of, put
from support.recipes import PURE


def files(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder).as_posix()): p.read_text(encoding="utf-8")
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_a_new_feedstock_is_written_whole(tmp_path: Path) -> None:
    recipe = PURE
    outcome = put(tmp_path, recipe, "v1", force=False)
    assert outcome.state == "written"
    assert outcome.recipe_file == tmp_path / recipe.feedstock / "recipe" / "recipe.yaml"
    assert files(tmp_path / recipe.feedstock) == files_of(recipe, "v1")


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    put(tmp_path, PURE, "v1", force=False)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    assert put(tmp_path, PURE, "v1", force=False).state == "unchanged"
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_something_different_stays_unless_forced(tmp_path: Path) -> None:
    put(tmp_path, PURE, "v1", force=False)
    other = replace(PURE, version="9.9")
    before = files(tmp_path)
    outcome = put(tmp_path, other, "v1", force=False)
    assert outcome.state == "differs"
    assert files(tmp_path) == before
    (edit,) = outcome.edits
    assert edit.path == "recipe/recipe.yaml"
    assert '+  version: "9.9"' in edit.diff
    assert put(tmp_path, other, "v1", force=True).state == "written"
    assert files(tmp_path / other.feedstock) == files_of(other, "v1")


def test_a_recipe_in_the_other_format_is_something_different(tmp_path: Path) -> None:
    put(tmp_path, PURE, "v0", force=False)
    assert put(tmp_path, PURE, "v1", force=False).state == "differs"
    put(tmp_path, PURE, "v1", force=True)
    assert files(tmp_path / PURE.feedstock) == files_of(PURE, "v1")


def test_files_that_are_no_utf_8_or_have_other_line_ends_are_different(tmp_path: Path) -> None:
    outcome = put(tmp_path, PURE, "v1", force=False)
    outcome.recipe_file.write_bytes(outcome.recipe_file.read_bytes().replace(b"\n", b"\r\n") + b"\xff")
    assert put(tmp_path, PURE, "v1", force=False).state == "differs"


def test_where_nothing_can_be_written_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fdopen

    def full(handle: int, *args: object) -> object:
        if len(list(tmp_path.rglob(".*-*"))) > 1:
            os.close(handle)
            raise OSError(28, "No space left on device", str(tmp_path / "disk"))
        return real(handle, *args)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(InputError) as caught:
        put(tmp_path, PURE, "v1", force=False)
    assert caught.value.message == f"{tmp_path / 'disk'} can't be written: No space left on device"
    assert files(tmp_path) == {}


def test_a_file_in_the_way_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / PURE.feedstock).write_text("in the way", encoding="utf-8")
    with pytest.raises(InputError, match="particles is a file, and a folder is needed there"):
        put(tmp_path, PURE, "v1", force=False)
