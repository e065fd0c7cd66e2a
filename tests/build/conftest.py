"""A channel with the running Python, and recipes of small projects."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from textwrap import dedent, indent

import pytest

from dirac_forge.build.isolation import working
from support.condachannel import another_interpreter, index, installed_package, python_package

Project = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    if not working():  # what is built here does no harm
        monkeypatch.setenv("DIRAC_FORGE_UNISOLATED_BUILDS", "1")


@pytest.fixture(scope="session")
def python_channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python and pip."""
    channel = tmp_path_factory.mktemp("channel")
    stage = tmp_path_factory.mktemp("stage")
    python_package(channel, stage / "python")
    installed_package(channel, stage / "pip", "pip")
    index(channel)
    return channel


@pytest.fixture(scope="session")
def two_pythons_channel(python_channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a newer Python."""
    newer = another_interpreter()
    if newer is None:
        pytest.skip("this machine has no newer Python")
    channel = tmp_path_factory.mktemp("two") / "channel"
    shutil.copytree(python_channel, channel)
    python_package(channel, tmp_path_factory.mktemp("stage") / "python", newer)
    index(channel)
    return channel


TESTS = """\
- python:
    imports:
      - @NAME
    pip_check: false
- script:
    - @NAME
"""
RECIPE = """\
schema_version: 1

context:
  version: "1.0"

package:
  name: @NAME
  version: ${{ version }}

source:
  url: @URL
  sha256: @SHA@PATCHES

build:
  number: 0
  noarch: python
  script: @SCRIPT
  python:
    entry_points:
      - @NAME = @NAME:main

requirements:
  host:
    - python ${{ python_min }}.*
  run:@RUN

tests:
@TESTS
about:
@ABOUT
"""

PLAIN_RECIPE = """\
schema_version: 1

package:
  name: @NAME
  version: "1.0"

build:
  number: 0
  noarch: generic
  script: @SCRIPT

requirements:
  host: [@NEEDS]
  run: [@NEEDS]

tests:
  - script:
      - test -f $PREFIX/share/@NAME
"""

RECIPE_V0 = """\
package:
  name: @NAME
  version: "1.0"

source:
  url: @URL
  sha256: @SHA

build:
  number: 0
  noarch: python
  script: @SCRIPT
  entry_points:
    - @NAME = @NAME:main

requirements:
  host:
    - python {{ python_min }}
  run:@RUN

test:
  imports:
    - @NAME
  commands:
    - pip check
    - @NAME
  requires:
    - pip

about:
@ABOUT
"""


def archive(path: Path, files: Mapping[str, str]) -> str:
    """Write a source archive; its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"{path.name.removesuffix('.tar.gz')}/{name}")
            raw = text.encode()
            info.size = len(raw)
            tar.addfile(info, BytesIO(raw))
    return sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def empty_channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel without packages: enough where what is built is not a Python."""
    channel = tmp_path_factory.mktemp("empty")
    index(channel)
    return channel


def plain_project(workspace: Path, name: str, *, needs: str = "", script: str = "true") -> Path:
    """Write the feedstock of a package with one file that needs no Python; the path of its recipe."""
    recipe = workspace / "feedstocks" / name / "recipe" / "recipe.yaml"
    recipe.parent.mkdir(parents=True, exist_ok=True)
    found = f"test -f $PREFIX/share/{needs} && " if needs else ""
    parts = {
        "@NAME": name,
        "@NEEDS": needs,
        "@SCRIPT": f"{found}{script} && mkdir -p $PREFIX/share && echo 1 > $PREFIX/share/{name}",
    }
    text = PLAIN_RECIPE
    for mark, value in parts.items():
        text = text.replace(mark, value)
    recipe.write_text(text, encoding="utf-8")
    return recipe


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Write a project's source archive and its feedstock into the workspace `tmp_path`; the feedstock's folder."""

    def write(
        name: str,
        *,
        run: tuple[str, ...] = (),
        code: str = "",
        script: str = "",
        tests: str = "",
        about: str = "license: MIT\nlicense_file: LICENSE",
        sha: str = "",
        patches: tuple[str, ...] = (),
        files: Mapping[str, str] | None = None,
        v0: bool = False,
    ) -> Path:
        source = tmp_path / "feedstocks" / name / "sources" / f"{name}-1.0.tar.gz"
        known = archive(
            source,
            {
                f"{name}/__init__.py": code or f"def main():\n    print('{name} speaks')\n",
                "LICENSE": "do as you like\n",
                f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
                **(files or {}),
            },
        )
        folder = tmp_path / "feedstocks" / name
        (folder / "recipe").mkdir()
        parts = {
            "@NAME": name,
            "@URL": f"{source.parent.as_uri()}/{name}-{'1.0' if v0 else '${{ version }}'}.tar.gz",
            "@SHA": sha or known,
            "@PATCHES": "\n  patches:" + "".join(f"\n    - {patch}" for patch in patches) if patches else "",
            "@SCRIPT": script or f"mkdir -p $SP_DIR && cp -r {name} {name}-1.0.dist-info $SP_DIR",
            "@RUN": "".join(f"\n    - {spec}" for spec in ("python >=3.9", *run)),
            "@TESTS": indent(dedent(tests) if tests else TESTS.replace("@NAME", name), "  "),
            "@ABOUT": indent(about, "  "),
        }
        text = RECIPE_V0 if v0 else RECIPE
        for mark, value in parts.items():
            text = text.replace(mark, value)
        (folder / "recipe" / ("meta.yaml" if v0 else "recipe.yaml")).write_text(text, encoding="utf-8")
        return folder

    return write
