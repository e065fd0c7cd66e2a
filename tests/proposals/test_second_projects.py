"""A recipe with two projects, each at a version of its own (opentelemetry-sdk and its semantic conventions)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from dirac_forge.cli import main
from support.archives import metadata, sdist, wheel
from support.index import IndexFile, PackageIndex
from support.server import Answer

A, B = "a" * 64, "b" * 64
BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
V0 = f"""\
{{% set version = "1.40.0" %}}
{{% set conventions = "0.61b0" %}}
package:
  name: tele-sdk
  version: {{{{ version }}}}
source:
  - url: https://pypi.org/packages/source/t/tele-sdk/tele_sdk-{{{{ version }}}}.tar.gz
    sha256: {A}
    folder: sdk
  - url: https://pypi.org/packages/source/t/tele-conventions/tele_conventions-{{{{ conventions }}}}.tar.gz
    sha256: {B}
    folder: conventions
build:
  number: 1
outputs:
  - name: tele-sdk
    requirements:
      host:
        - python
        - hatchling
      run:
        - python
        - tele-conventions =={{{{ conventions }}}}
  - name: tele-conventions
    version: {{{{ conventions }}}}
    requirements:
      run:
        - python
"""
V1 = f"""\
context:
  version: "1.40.0"
  conventions: 0.61b0
recipe:
  name: tele-sdk
  version: ${{{{ version }}}}
source:
  - url: https://pypi.org/packages/source/t/tele-sdk/tele_sdk-${{{{ version }}}}.tar.gz
    sha256: {A}
    target_directory: sdk
  - url: https://pypi.org/packages/source/t/tele-conventions/tele_conventions-${{{{ conventions }}}}.tar.gz
    sha256: {B}
    target_directory: conventions
build:
  number: 1
outputs:
  - package:
      name: tele-sdk
    requirements:
      host:
        - python
        - hatchling
      run:
        - python
        - tele-conventions ==${{{{ conventions }}}}
  - package:
      name: tele-conventions
      version: ${{{{ conventions }}}}
    requirements:
      run:
        - python
"""
RECIPES = pytest.mark.parametrize(("name", "text"), [("meta.yaml", V0), ("recipe.yaml", V1)])


def source(name: str, version: str, *requires: str) -> dict[str, bytes | IndexFile]:
    lines = tuple(f"Requires-Dist: {one}" for one in requires)
    file = name.replace("-", "_")
    archive = sdist(file, version, {"pyproject.toml": BUILD, "PKG-INFO": metadata(name, version, *lines)})
    return {
        f"{file}-{version}.tar.gz": archive,
        f"{file}-{version}-py3-none-any.whl": wheel(file, version, *lines),
    }


def bumped(
    root: Path,
    name: str,
    text: str,
    requirement: str,
    capsys: pytest.CaptureFixture[str],
    *,
    failures: Mapping[str, Answer] = MappingProxyType({}),
) -> tuple[dict[str, Any], str, dict[str, dict[str, bytes | IndexFile]]]:
    """The bump from 1.40.0 to 1.41.0, whose metadata has `requirement`; the recipe after it, and the index's files."""
    path = root / "feedstocks/tele-sdk/recipe" / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    files = {
        "tele-sdk": {
            **source("tele-sdk", "1.40.0", "tele-conventions==0.61b0"),
            **source("tele-sdk", "1.41.0", *filter(None, [requirement])),
        },
        "tele-conventions": {
            **source("tele-conventions", "0.61b0"),
            **source("tele-conventions", "0.62b0", "attrs>=25"),
        },
        "attrs": source("attrs", "25.1.0"),
    }
    with PackageIndex(files, failures=failures) as index:
        options = ("--workspace", str(root), "--index-url", index.url, "--no-check", "--json", "--write")
        main(["bump", "tele-sdk", *options])
    (found,) = json.loads(capsys.readouterr().out)["bumps"]
    return found, path.read_text(encoding="utf-8"), files


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def hashes(files: dict[str, dict[str, bytes | IndexFile]], *names: str) -> list[str]:
    found = {name: content for each in files.values() for name, content in each.items()}
    return [hashlib.sha256(content).hexdigest() for name in names if isinstance(content := found[name], bytes)]


@RECIPES
def test_the_version_that_the_new_release_requires(
    name: str, text: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, after, files = bumped(root, name, text, "tele-conventions==0.62b0", capsys)
    assert (found["status"], found["to"]) == ("proposed", "1.41.0"), found["reason"]
    one, two = hashes(files, "tele_sdk-1.41.0.tar.gz", "tele_conventions-0.62b0.tar.gz")
    expected = text.replace("1.40.0", "1.41.0").replace("0.61b0", "0.62b0").replace("number: 1", "number: 0")
    last = "    requirements:\n      run:\n        - python\n"
    expected = f"{expected.removesuffix(last)}{last}        - attrs >=25\n"
    assert after == expected.replace(A, one).replace(B, two)
    assert found["notes"][0] == (
        "tele-conventions also moves from 0.61b0 to 0.62b0: the new release requires tele-conventions==0.62b0"
    )
    assert [(one["output"], one["after"]) for one in found["dependencies"]["added"]] == [
        ("tele-conventions", "attrs >=25")
    ]
    assert (found["dependencies"]["removed"], found["dependencies"]["changed"]) == ([], [])


@RECIPES
@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ("tele-conventions==0.61b0", ", which the new release requires (tele-conventions==0.61b0)"),
        (
            "tele-conventions>=0.61b0",
            "; the version for the new release is unknown: check whether it has to move",
        ),
        ("", "; the version for the new release is unknown: check whether it has to move"),
    ],
)
def test_a_project_that_stays_is_told(
    name: str, text: str, requirement: str, told: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, after, _ = bumped(root, name, text, requirement, capsys)
    assert (found["status"], found["to"]) == ("proposed", "1.41.0"), found["reason"]
    assert B in after
    line = next(number for number, each in enumerate(text.split("\n"), start=1) if "tele_conventions-" in each)
    assert found["notes"][0] == f"line {line}: tele-conventions has its own version and stays at 0.61b0{told}"


def test_an_output_and_a_file_with_a_version_of_their_own_are_told(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored = "https://github.com/x/vendored/archive/v2.7.1.tar.gz"
    text = V1.replace(
        "https://pypi.org/packages/source/t/tele-conventions/tele_conventions-${{ conventions }}.tar.gz", vendored
    )
    found, _, _ = bumped(root, "recipe.yaml", text, "", capsys)
    told = [note for note in found["notes"] if "its own version" in note]
    assert [note.partition(" has its ")[0] for note in told] == [f"line 11: {vendored}", "line 26: tele-conventions"]


@RECIPES
def test_a_second_project_without_its_file_stays_and_the_bump_goes_on(
    name: str, text: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, after, _ = bumped(root, name, text, "tele-conventions==0.63", capsys)
    assert (found["status"], found["to"]) == ("proposed", "1.41.0"), found["reason"]
    assert B in after
    line = next(number for number, each in enumerate(text.split("\n"), start=1) if "tele_conventions-" in each)
    assert found["notes"][0] == (
        f"line {line}: tele-conventions has its own version and stays at 0.61b0, though the new release requires "
        "tele-conventions==0.63: https://pypi.org/packages/source/t/tele-conventions/tele_conventions-0.63.tar.gz: "
        "the index lists no such file"
    )


def test_a_second_project_of_a_release_without_readable_metadata_has_an_unknown_version(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = {
        f"/files/tele-sdk/tele_sdk-1.41.0{end}": Answer(status=404)
        for end in (".tar.gz", "-py3-none-any.whl", "-py3-none-any.whl.metadata")
    }
    found, _, _ = bumped(root, "recipe.yaml", V1, "tele-conventions==0.62b0", capsys, failures=gone)
    assert found["notes"][0] == (
        "line 11: tele-conventions has its own version and stays at 0.61b0; the version for the new release is "
        "unknown: no file of tele-sdk 1.41.0 says statically what it needs; fill in requirements, "
        "licence, summary, home page"
    )


def test_a_project_of_the_family_that_could_not_be_looked_up_is_told(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requirements = "tele-conventions==0.62b0\nRequires-Dist: tele-extra"
    failures = {"/simple/tele-extra/": Answer(status=503)}
    found, _, _ = bumped(root, "recipe.yaml", V1, requirements, capsys, failures=failures)
    told = [note for note in found["notes"] if note.startswith("requirements were not compared: ")]
    assert ["tele-extra" in note for note in told] == [True]
