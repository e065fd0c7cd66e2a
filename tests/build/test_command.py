"""`dirac-forge build` from the command line: real builds of small projects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from build.conftest import Project
from dirac_forge.cli import main
from support.condachannel import MINOR, platform


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
    before = document["installed"]
    (installed,) = (one for one in document["installed"] if one["target"] == "upper")
    assert installed["pip_check"]["output"] == "No broken requirements found.\n"
    assert [(one["command"], one["output"]) for one in installed["commands"]] == [("upper", "lower speaks\n")]
    files = sorted(path.name for path in (tmp_path / "build" / "channel" / "noarch").glob("*.conda"))
    assert [name.rsplit("-", 1)[0] for name in files] == ["lower-1.0", "upper-1.0"]
    code, document = run(capsys, tmp_path, python_channel, "upper", "--with-missing")
    assert code == 0
    assert statuses(document) == {"lower": "unchanged", "upper": "unchanged"}
    # As they passed before, with the same packages.
    again = sorted(document["installed"], key=lambda one: str(one["target"]))
    assert again == [{**one, "log": None} for one in sorted(before, key=lambda one: str(one["target"]))]


def test_killed_run_goes_on_with_what_is_missing(
    tmp_path: Path, python_channel: Path, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project("early", v0=True)
    project("late", run=("early",), script="sleep 12 && mkdir -p $SP_DIR && cp -r late late-1.0.dist-info $SP_DIR")
    arguments = ["--workspace", str(tmp_path), "--channel", str(python_channel), "-q"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-m", "dirac_forge", "build", *arguments], env=environment, stdout=subprocess.DEVNULL
    ) as process:
        wait_for(lambda: list((tmp_path / "build" / "logs").glob("late-*.log")))
        process.kill()
    files = [path.name.partition("-")[0] for path in (tmp_path / "build" / "channel").rglob("*.conda")]
    assert files == ["early"]
    code, document = run(capsys, tmp_path, python_channel)
    assert (code, statuses(document)) == (0, {"early": "unchanged", "late": "built"})


def wait_for(told: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not told():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_recipe_for_another_platform_is_wrong_use(
    tmp_path: Path, python_channel: Path, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project("lower")
    other = "osx-arm64" if platform() != "osx-arm64" else "linux-64"
    code = main(["build", "--workspace", str(tmp_path), "--channel", str(python_channel), "--platform", other])
    assert code == 2
    assert capsys.readouterr().err == (
        f"error: {other} can't be built here: this machine is {platform()}\n"
        "Run the same command on a machine of that kind; docs/build.md has a workflow with a matrix.\n"
    )
