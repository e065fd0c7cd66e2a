"""Corrections of recipes from findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.audit.findings import Finding, FindingKind
from dirac_forge.channel.records import Record
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.corrections import CorrectionSkip, correction, feedstocks_of
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.files.requirements import DeclaredRequirement

V1 = """\
context:
  version: "1.0"
package:
  name: demo
  version: ${{ version }}
build:
  number: 2
  noarch: python
requirements:
  host:
    - python ${{ python_min }}.*
    - pip
  run:
    - python >=${{ python_min }}
    - numpy >=1  # kept
    - zlib
"""
V0 = """\
package:
  name: demo
  version: "1.0"
build:
  number: 2
  noarch: python
requirements:
  host:
    - python {{ python_min }}
    - pip
  run:
    - python >={{ python_min }}
    - numpy >=1  # kept
    - zlib
"""
RECORD = Record(name="demo", version="1.0", build="pyh_2", subdir="noarch", noarch="python")


def folder(tmp_path: Path, text: str) -> FeedstockFolder:
    name = "recipe.yaml" if text.startswith("context") else "meta.yaml"
    path = tmp_path / "demo" / "recipe" / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return FeedstockFolder("demo", tmp_path / "demo")


def finding(kind: FindingKind, dependency: str, line: str, record: Record = RECORD) -> Finding:
    return Finding(
        record=record,
        kind=kind,
        dependency=dependency,
        declared="",
        upstream=f"Requires-Dist: {line}",
        requirement=DeclaredRequirement(line),
        where="demo-1.0.whl",
        severity="high",
        certainty="sure",
    )


@pytest.mark.parametrize("text", [V0, V1], ids=["v0", "v1"])
def test_missing_and_looser_requirements_are_corrected_and_the_build_number_raised(tmp_path: Path, text: str) -> None:
    found = [finding("missing", "requests", "requests>=2.31"), finding("looser", "numpy", "numpy>=1,<2")]
    change = correction(folder(tmp_path, text), found, python_min="3.10")
    assert isinstance(change, Change)
    (edit,) = change.edits
    assert edit.after == text.replace("number: 2", "number: 3").replace("numpy >=1 ", "numpy >=1,<2 ").replace(
        "    - zlib\n", "    - requests >=2.31\n    - zlib\n"
    )
    assert [worded(reason) for reason in change.reasons] == [
        "demo, run: requests >=2.31 added (upstream requires it: Requires-Dist: requests>=2.31 in demo-1.0.whl)",
        "demo, run: numpy >=1 → numpy >=1,<2 (as upstream declares it: Requires-Dist: numpy>=1,<2 in demo-1.0.whl)",
    ]


def skipped(result: Change | Skip) -> CorrectionSkip:
    assert isinstance(result, Skip)
    assert isinstance(result.reason, CorrectionSkip)
    return result.reason


def test_recipe_of_another_version_is_left_alone(tmp_path: Path) -> None:
    old = Record(name="demo", version="0.9", build="pyh_0", subdir="noarch", noarch="python")
    result = correction(folder(tmp_path, V1), [finding("missing", "requests", "requests", old)], python_min="3.10")
    assert skipped(result) == CorrectionSkip(why="other-version", package="demo", wanted="0.9", has="1.0")


def test_recipe_that_has_the_requirement_needs_a_rebuild_only(tmp_path: Path) -> None:
    result = correction(folder(tmp_path, V1), [finding("missing", "zlib", "zlib")], python_min="3.10")
    assert skipped(result).why == "already"


def test_feedstocks_of_packages(tmp_path: Path) -> None:
    mine = folder(tmp_path, V1)
    assert feedstocks_of([mine], python_min="3.10") == {"demo": mine}
