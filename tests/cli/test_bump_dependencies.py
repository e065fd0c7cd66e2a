"""`dirac-forge bump --dependencies` from the outside: an index and a channel in a folder, nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from support.archives import metadata, sdist, wheel
from support.index import PackageIndex

PYPROJECT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
BEFORE = "Requires-Dist: attrs>=20", "Requires-Python: >=3.10"
AFTER = "Requires-Dist: attrs>=23", "Requires-Dist: zipp>=3", "Requires-Python: >=3.10"
RECIPE = """\
context:
  version: '1.0'
package:
  name: demo
  version: ${{ version }}
source:
  url: https://pypi.org/packages/source/d/demo/demo-${{ version }}.tar.gz
  sha256: HASH
build:
  number: 0
  noarch: python
requirements:
  host:
    - python ${{ python_min }}.*
    - hatchling
    - pip
  run:
    - python >=${{ python_min }}
    - attrs >=20.0
"""


def release(version: str, *lines: str) -> dict[str, bytes]:
    source = {"pyproject.toml": PYPROJECT, "PKG-INFO": metadata("demo", version, *lines)}
    return {
        f"demo-{version}-py3-none-any.whl": wheel("demo", version, *lines),
        f"demo-{version}.tar.gz": sdist("demo", version, source),
    }


FILES = {**release("1.0", *BEFORE), **release("1.1", *AFTER)}
EDITED = RECIPE.replace("1.0'", "1.1'").replace("HASH", hashlib.sha256(FILES["demo-1.1.tar.gz"]).hexdigest())
CARRIED = EDITED.replace("    - attrs >=20.0\n", "    - attrs >=23.0\n    - zipp >=3\n")


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "feedstocks/demo/recipe/recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(RECIPE.replace("HASH", "a" * 64), encoding="utf-8")
    return path


def run(recipe: Path, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    with PackageIndex({"demo": FILES}) as index:
        options = ("--workspace", str(recipe.parents[3]), "--index-url", index.url, "-q", "--json", "--write")
        assert main(["bump", "demo", *options, *arguments]) == code
    (found,) = json.loads(capsys.readouterr().out)["bumps"]
    assert isinstance(found, dict)
    return found


def channel(folder: Path, **packages: str) -> Path:
    for subdir in ("noarch", "linux-64"):
        records = {
            f"{name}-{version}-py_0.conda": {
                "name": name,
                "version": version,
                "build": "py_0",
                "build_number": 0,
                "depends": ["python"],
                "noarch": "python",
                "subdir": "noarch",
            }
            for name, version in packages.items()
            if subdir == "noarch"
        }
        (folder / subdir).mkdir(parents=True)
        document = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": records, "repodata_version": 1}
        (folder / subdir / "repodata.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_requirements_are_carried_over_with_upstreams_lines(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(recipe, capsys, "--no-check")
    assert recipe.read_text(encoding="utf-8") == CARRIED
    assert (found["status"], found["waits_for"]) == ("proposed", [])
    (added,), (changed,) = found["dependencies"]["added"], found["dependencies"]["changed"]
    assert (added["output"], added["part"], added["after"], added["evidence"]) == ("demo", "run", "zipp >=3", "zipp>=3")
    assert (changed["before"], changed["after"], changed["line"]) == ("attrs >=20.0", "attrs >=23.0", 19)
    assert "demo, run: zipp >=3 added (upstream requires it now: zipp>=3)" in found["reason"]
    assert "+    - zipp >=3" in found["edits"][0]["diff"]


def test_requirements_are_told_only(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(recipe, capsys, "--no-check", "--dependencies", "report")
    assert recipe.read_text(encoding="utf-8") == EDITED
    assert [line["after"] for line in found["dependencies"]["added"]] == ["zipp >=3"]
    assert "not updated: demo, run: zipp >=3 added (upstream requires it now: zipp>=3)" in found["notes"]


def test_requirements_are_left_alone(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(recipe, capsys, "--no-check", "--dependencies", "off")
    assert recipe.read_text(encoding="utf-8") == EDITED
    assert found["dependencies"] == {"added": [], "removed": [], "changed": []}


def test_what_the_channel_lacks_is_waited_for(recipe: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = channel(tmp_path / "channel", attrs="22.1.0", python="3.12.0")
    text = recipe.read_text(encoding="utf-8")
    found = run(recipe, capsys, "--channel", str(folder), code=1)
    assert (found["status"], found["waits_for"]) == ("blocked", ["attrs"])
    should = "this channel has no zipp; conda-forge should have it (the embedded snapshot of conda-forge has it)"
    assert [note for note in found["notes"] if "zipp" in note and should in note]
    assert recipe.read_text(encoding="utf-8") == text
    folder = channel(tmp_path / "newer", attrs="23.2.0", zipp="3.1", python="3.10.18")
    found = run(recipe, capsys, "--channel", str(folder))
    assert (found["status"], found["waits_for"]) == ("proposed", [])
    assert recipe.read_text(encoding="utf-8") == CARRIED


def test_an_old_release_that_is_gone_is_said(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with PackageIndex({"demo": release("1.1", *AFTER)}) as index:
        options = ("--workspace", str(recipe.parents[3]), "--index-url", index.url, "-q", "--json", "--no-check")
        assert main(["bump", "demo", "--to", "1.1", *options]) == 0
    (found,) = json.loads(capsys.readouterr().out)["bumps"]
    assert any(note.startswith("requirements were not compared:") for note in found["notes"])
