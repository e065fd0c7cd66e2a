from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.check.files.kinds import read_targets
from dirac_forge.errors import InputError

URL = "https://conda.anaconda.org/conda-forge"
LOCK = f"""\
version: 6
environments:
  default:
    channels:
    - url: {URL}/
    packages:
      linux-64:
      - conda: {URL}/linux-64/zlib-1.3.1-hb9d3cd8_2.conda
      osx-64:
      - conda: {URL}/osx-64/zlib-1.3.1-hd23fc13_2.conda
packages:
- conda: {URL}/linux-64/zlib-1.3.1-hb9d3cd8_2.conda
  sha256: 5d7c0e5f0005f74112a34a7425179f4eb6e73c92f5d109e6af4ddeca407c92ab
  md5: c9f075ab2f33b3bbee9e62d4ad0a6cd8
  size: 92286
- conda: {URL}/osx-64/zlib-1.3.1-hd23fc13_2.conda
  sha256: 219edbdfe7f073564375819732cbf7cc0d7c7c18d3f546a09c2dfaf26e4d69f3
  md5: c989e0295dcbdc08106fe5d9e935f0b9
  size: 88544
"""


def test_packages_of_a_lock_are_asked_for_by_version_and_build(tmp_path: Path) -> None:
    path = tmp_path / "pixi.lock"
    path.write_text(LOCK, encoding="utf-8")
    (target,) = read_targets(str(path))
    assert (target.name, target.platforms, target.channels) == ("pixi.lock", ("linux-64", "osx-64"), (f"{URL}/",))
    assert target.specs_for("linux-64") == ("zlib ==1.3.1 hb9d3cd8_2",)
    assert target.specs_for("osx-64") == ("zlib ==1.3.1 hd23fc13_2",)
    assert target.specs_for("win-64") == ()


@pytest.mark.parametrize("text", ["version: 99\nenvironments: {}\npackages: []\n", "nothing", ""])
def test_lock_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pixi.lock"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"pixi\.lock: not readable as a pixi\.lock: "):
        read_targets(str(path))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("version: 7\n<<<<<<< HEAD\n", "It has conflict markers of git, the first in line 2"),
        ("version: 99\n", "Its format is newer than this py-rattler"),
        ("", "The file is damaged"),
    ],
)
def test_hint_of_an_unreadable_lock_is_about_its_fault(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "pixi.lock"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_targets(str(path))
    assert (caught.value.hint or "").startswith(hint)
