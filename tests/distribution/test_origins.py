"""The file that a lock was made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.distribution.origins import (
    LockOrigin,
    distributions_in,
    is_made_from,
    noted_origin,
    origin_of,
    own_lock,
)

CONDA_LOCK = "version: 1\nmetadata:\n  sources:\n  - {}\npackage:\n- name: a\n"


def test_a_file_is_named_relative_to_the_lock_and_a_spec_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "files" / "construct.yaml"
    file.parent.mkdir()
    file.touch()
    found = origin_of(str(file), tmp_path / "locks" / "pixi.lock")
    assert (found.text, found.note) == ("../files/construct.yaml", "# Made from ../files/construct.yaml")
    assert found.beside(tmp_path / "locks" / "pixi.lock") == str(file)
    spec = origin_of("numpy >=2\n", tmp_path / "pixi.lock")
    assert (spec.text, spec.is_file, spec.note) == ("numpy >=2", False, "# Made from the spec numpy >=2")
    assert spec.beside(tmp_path / "pixi.lock") == "numpy >=2"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("pixi.lock", "# Made from environment.yml\nversion: 7\n", LockOrigin(text="environment.yml", is_file=True)),
        ("a.lock", "# Made from the spec numpy\nversion: 7\n", LockOrigin(text="numpy", is_file=False)),
        ("pixi.lock", "version: 7\n", None),
        ("pixi.lock", f"version: 7\n{'a: b' * 2000}\n# Made from late\n", None),
        ("conda-lock.yml", CONDA_LOCK.format("environment.yml"), LockOrigin(text="environment.yml", is_file=True)),
        ("conda-lock.yml", "metadata:\n  sources: [a.yml, b.yml]\npackage: []\n", None),
        ("conda-lock.yml", "metadata: 1\n", None),
        ("conda-lock.yml", "a: [\n", None),
    ],
)
def test_what_a_lock_says(name: str, text: str, expected: LockOrigin | None, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert noted_origin(tmp_path / name) == expected


def test_a_pixi_lock_without_a_note_is_that_of_the_manifest(tmp_path: Path) -> None:
    lock = tmp_path / "pixi.lock"
    assert noted_origin(lock) is None
    lock.write_text("version: 7\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.dirac-forge]\n", encoding="utf-8")
    assert (noted_origin(lock), distributions_in(tmp_path)) == (None, ())
    (tmp_path / "pyproject.toml").write_text("[tool.pixi.workspace]\n", encoding="utf-8")
    assert noted_origin(lock) == LockOrigin(text="pyproject.toml", is_file=True)
    assert distributions_in(tmp_path) == (tmp_path / "pyproject.toml",)
    assert is_made_from(lock, str(tmp_path / "pyproject.toml"))
    (tmp_path / "pixi.lock").write_bytes(b"\xff\xfe")
    assert noted_origin(lock) is None


def test_the_lock_next_to_a_file_is_its_own_unless_it_says_otherwise(tmp_path: Path) -> None:
    file, lock = tmp_path / "construct.yaml", tmp_path / "pixi.lock"
    file.touch()
    assert own_lock(file) is None
    lock.write_text("version: 7\n", encoding="utf-8")
    assert own_lock(file) == lock
    lock.write_text("# Made from environment.yml\nversion: 7\n", encoding="utf-8")
    assert own_lock(file) is None
    (tmp_path / "conda-lock.yml").write_text(CONDA_LOCK.format("construct.yaml"), encoding="utf-8")
    assert own_lock(file) == tmp_path / "conda-lock.yml"
    lock.write_text("# Made from ./construct.yaml\nversion: 7\n", encoding="utf-8")
    assert own_lock(file) == lock
