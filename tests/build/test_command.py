"""`dirac-forge build` from the command line: real builds of small projects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from build.conftest import Project
from dirac_forge.cli import main
from support.condachannel import MINOR


def run(capsys: pytest.CaptureFixture[str], workspace: Path, channel: Path, *arguments: str) -> tuple[int, Any]:
    code = main(["build", *arguments, "--workspace", str(workspace), "--channel", str(channel), "--json", "-q"])
    return code, json.loads(capsys.readouterr().out)


def statuses(document: Any) -> dict[str, str]:
    return {one["output"]: one["status"] for one in document["packages"]}


def test_two_projects_are_built_in_order_tested_installed_and_unchanged_in_a_second_run(
    tmp_path: Path, python_channel: Path, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project("upper", run=("lower",), code="import lower\n\ndef main():\n    lower.main()\n")
    project("lower")
    code, document = run(capsys, tmp_path, python_channel, "upper", "--with-missing")
    assert code == 0, json.dumps(document, indent=1)
    assert [(one["output"], one["status"]) for one in document["packages"]] == [("lower", "built"), ("upper", "built")]
    assert {(test["kind"], test["python"], test["passed"]) for test in document["packages"][1]["tests"]} == {
        ("python", MINOR, True),
        ("commands", MINOR, True),
    }
    (installed,) = (one for one in document["installed"] if one["target"] == "upper")
    assert installed["pip_check"]["output"] == "No broken requirements found.\n"
    assert [(one["command"], one["output"]) for one in installed["commands"]] == [("upper", "lower speaks\n")]
    files = sorted(path.name for path in (tmp_path / "build" / "channel" / "noarch").glob("*.conda"))
    assert [name.rsplit("-", 1)[0] for name in files] == ["lower-1.0", "upper-1.0"]
    code, document = run(capsys, tmp_path, python_channel, "upper", "--with-missing")
    assert code == 0
    assert statuses(document) == {"lower": "unchanged", "upper": "unchanged"}
