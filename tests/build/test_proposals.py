"""`bump --build`: proposals are built before they are proposed, and one that fails is blocked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from support.archives import sdist
from support.condachannel import MINOR
from support.index import PackageIndex

RECIPE = """\
context:
  version: "1.0"
package:
  name: demo
  version: ${{ version }}
source:
  url: https://pypi.org/packages/source/d/demo/demo-${{ version }}.tar.gz
  sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
build:
  number: 0
  noarch: python
  script: mkdir -p $SP_DIR && cp -r demo $SP_DIR
requirements:
  host:
    - python ${{ python_min }}.*
  run:
    - python >=3.9
tests:
  - python:
      imports: [demo]
      pip_check: false
about:
  license: MIT
  license_file: LICENSE
"""


def bumped(
    workspace: Path,
    channel: Path | str,
    capsys: pytest.CaptureFixture[str],
    code: str,
    *,
    recipe: str = RECIPE,
    exits: int = 0,
) -> dict[str, Any]:
    """What is proposed for demo 1.1, whose module is `code`."""
    path = workspace / "feedstocks/demo/recipe/recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(recipe, encoding="utf-8")
    archive = sdist("demo", "1.1", {"demo/__init__.py": code, "LICENSE": "do as you like\n"})
    with PackageIndex({"demo": {"demo-1.1.tar.gz": archive}}) as index:
        arguments = ["bump", "demo", "--build", "--no-check", "--dependencies", "off", "--index-url", index.url]
        arguments += ["--workspace", str(workspace), "--channel", str(channel), "-q", "--json"]
        assert main(arguments) == exits
    (found,) = json.loads(capsys.readouterr().out)["bumps"]
    assert isinstance(found, dict)
    return found


def test_bump_that_builds_has_a_line_of_proof(
    tmp_path: Path, python_channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = bumped(tmp_path, python_channel, capsys, "")
    assert (found["status"], found["build"]["passed"], found["build"]["outputs"]) == ("proposed", True, ["demo"])
    line = f"Built and tested on {found['build']['platform']} with Python {MINOR}; demo installed with it"
    assert f"- {line}, pip check clean, commands ran." in found["body"].splitlines()
    assert 'version: "1.0"' in (tmp_path / "feedstocks/demo/recipe/recipe.yaml").read_text(encoding="utf-8")


def test_bump_that_fails_its_test_is_blocked(
    tmp_path: Path, python_channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = bumped(tmp_path, python_channel, capsys, "import nowhere\n", exits=1)
    assert found["status"] == "blocked"
    reason = "demo: the Python module nowhere can't be imported in the test"
    assert found["blocked_by"] == [reason]
    assert f"- Not built on {found['build']['platform']}: {reason}." in found["body"].splitlines()


def test_bump_that_needs_what_only_the_embedded_snapshot_lacks_is_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = RECIPE.replace("  host:\n", "  host:\n    - no-such-package-at-all\n")
    found = bumped(tmp_path, "embedded", capsys, "", recipe=recipe, exits=3)
    reason = (
        "demo: whether the environment (host of demo) can be solved is unknown: "
        "the embedded snapshot (2026-08-21) has no no-such-package-at-all; conda-forge may have it"
    )
    assert (found["status"], found["blocked_by"]) == ("unknown", [reason])
