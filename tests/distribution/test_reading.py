"""Locks from files and prefixes, and what is said of files that are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dirac_forge.distribution.locks import Lock, LockedPackage, file_parts
from dirac_forge.distribution.reading import read_lock
from dirac_forge.errors import InputError


def test_file_parts_of_urls_and_names() -> None:
    assert file_parts("https://host/c/linux-64/a-b-1.0-h0_1.conda#abc") == ("linux-64", "a-b", "1.0", "h0_1")
    assert file_parts("x-2-0.tar.bz2") == ("", "x", "2", "0")
    assert file_parts("x-2.conda") is None
    assert file_parts("https://host/x-2-0.whl") is None


def test_explicit_list(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    digest = "0" * 32
    path.write_text(f"# platform: osx-64\n@EXPLICIT\nhttps://host/c/noarch/a-1-0.conda#{digest}\n", encoding="utf-8")
    (package,) = read_lock(path).environments["default"]["osx-64"]
    assert (package.name, package.version, package.build, package.md5) == ("a", "1", "0", digest)
    assert package.url == "https://host/c/noarch/a-1-0.conda"


def test_conda_lock_file(tmp_path: Path) -> None:
    path = tmp_path / "conda-lock.yml"
    path.write_text(
        "version: 1\nmetadata:\n  channels:\n  - url: conda-forge\n    used_env_vars: []\npackage:\n"
        "- name: a\n  version: '1.0'\n  manager: conda\n  platform: linux-64\n  dependencies:\n    b: '>=2'\n"
        "  url: https://host/c/linux-64/a-1.0-h0.conda\n  hash:\n    sha256: ff\n"
        "- name: pipped\n  version: '1'\n  manager: pip\n  platform: linux-64\n  url: https://host/x.whl\n",
        encoding="utf-8",
    )
    lock = read_lock(path)
    (package,) = lock.environments["default"]["linux-64"]
    assert (package.build, package.depends, package.sha256) == ("h0", ("b >=2",), "ff")
    assert lock.channels == ("conda-forge",)
    assert lock.from_index == ("pipped",)


def test_installed_prefix(tmp_path: Path) -> None:
    folder = tmp_path / "conda-meta"
    folder.mkdir()
    entry = {"name": "a", "version": "1", "build": "h0", "subdir": "linux-64", "depends": ["b"], "size": 3}
    (folder / "a-1-h0.json").write_text(json.dumps({**entry, "license": "MIT"}), encoding="utf-8")
    (package,) = read_lock(tmp_path).environments["default"]["linux-64"]
    assert (package.size, package.license, package.depends) == (3, "MIT", ("b",))


def test_packages_of_pixi_lock_that_no_channel_has(tmp_path: Path) -> None:
    conda, wheel = "https://host/c/linux-64/a-1.0-h0.conda", "https://host/pipped-1-py3-none-any.whl"
    path = tmp_path / "pixi.lock"
    path.write_text(
        "version: 6\nenvironments:\n  default:\n    channels:\n    - url: https://host/c/\n    packages:\n"
        f"      linux-64:\n      - conda: {conda}\n      - pypi: {wheel}\n"
        f"packages:\n- conda: {conda}\n  sha256: {'b' * 64}\n"
        f"- pypi: {wheel}\n  name: pipped\n  version: '1'\n  sha256: {'a' * 64}\n",
        encoding="utf-8",
    )
    lock = read_lock(path)
    assert [str(each) for each in lock.environments["default"]["linux-64"]] == ["a 1.0 h0"]
    assert lock.from_index == ("pipped",)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("list.txt", "a-1-0.conda\na-2-0.conda\n", "it has both a 1 0 and a 2 0; an environment has one package"),
        ("pixi.lock", "version: 999\nenvironments: {}\n", "not readable as a pixi.lock"),
        ("pixi.lock", "a: [", "not readable as YAML"),
        ("pixi.lock", "a: 1\n", "not a lock"),
        ("conda-lock.yml", "version: 7\npackage: []\n", "version 7 of conda-lock's format is not known; expected 1"),
        ("conda-lock.yml", "version: 1\npackage:\n- manager: conda\n", "package[0]: not an entry of conda-lock"),
        ("list.txt", "@EXPLICIT\nnonsense\n", ":2: expected the URL or file name of a conda package, got 'nonsense'"),
        ("list.txt", "@EXPLICIT\n", "it lists no package"),
    ],
)
def test_damaged_locks_are_told(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_lock(path)
    assert str(path) in caught.value.message
    assert message in caught.value.message


def test_missing_lock_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_lock(tmp_path / "none.lock")


def test_packages_for_any_platform_can_be_placed_on_one() -> None:
    package = LockedPackage(name="lib", version="1.0", build="0", subdir="noarch")
    lock = Lock(name="x", environments={"default": {"noarch": (package,)}})
    assert lock.placed("linux-64").environments == {"default": {"linux-64": (package,)}}
