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

from build.conftest import Project, plain_project
from build.test_children import stand_in
from dirac_forge.build.repodata import sha256_of
from dirac_forge.cli import main
from support.condachannel import MINOR, another_interpreter, platform


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


def test_changed_recipe_is_tested_and_installed_as_it_is_now(
    tmp_path: Path, empty_channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain_project(tmp_path, "upper", needs="lower")
    for word in ("hi", "bye"):  # both builds have the same file name
        recipe = plain_project(tmp_path, "lower", script=f"mkdir -p $PREFIX/share && echo {word} > $PREFIX/share/word")
        lines = f"    - grep {word} $CONDA_PREFIX/share/word\n"
        recipe.write_text(recipe.read_text(encoding="utf-8").rstrip() + f"\n  {lines}", encoding="utf-8")
        code, document = run(capsys, tmp_path, empty_channel)
        assert (code, statuses(document)) == (0, {"lower": "built", "upper": "built"}), document
        said = {
            each["output"] for one in document["installed"] for each in one["commands"] if "grep" in each["command"]
        }
        assert said == {f"{word}\n"}


def test_killed_run_goes_on_with_what_is_missing(
    tmp_path: Path, empty_channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain_project(tmp_path, "early")
    plain_project(tmp_path, "late", needs="early", script="sleep 60")
    arguments = ["--workspace", str(tmp_path), "--channel", str(empty_channel), "-q"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-m", "dirac_forge", "build", *arguments], env=environment, stdout=subprocess.DEVNULL
    ) as process:
        wait_for(lambda: "+ sleep 60" in said_by_builds(tmp_path))
        process.kill()
    files = [path.name.partition("-")[0] for path in (tmp_path / "build" / "channel").rglob("*.conda")]
    assert files == ["early"]
    plain_project(tmp_path, "late", needs="early")
    code, document = run(capsys, tmp_path, empty_channel)
    assert (code, statuses(document)) == (0, {"early": "unchanged", "late": "built"}), document["installed"]


def said_by_builds(workspace: Path) -> str:
    """What the builds that run have said so far."""
    logs = (workspace / "build" / "slots").glob("*/*/log.txt")
    return "".join(path.read_text(encoding="utf-8") for path in logs if path.exists())


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


def test_lowest_and_highest_python_container_variant_and_test_only(
    tmp_path: Path,
    two_pythons_channel: Path,
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copied = "mkdir -p $SP_DIR && cp -r sweet sweet-1.0.dist-info $SP_DIR"
    project(
        "sweet",
        script=f"{copied} && echo ${{{{ flavour }}}} > $SP_DIR/sweet/flavour.txt",
        code="from pathlib import Path\n\nHERE = Path(__file__)\n\n"
        "def main():\n    print(HERE.with_name('flavour.txt').read_text())\n",
        tests="- python:\n    imports:\n      - sweet\n    pip_check: true\n- script:\n    - sweet\n",
    )
    newer = another_interpreter()
    assert newer is not None
    monkeypatch.setattr("dirac_forge.build.session.Container.of", lambda image: stand_in(tmp_path, "kill -ABRT $$"))
    code, document = run(
        capsys, tmp_path, two_pythons_channel, "--variant", "flavour=vanilla", "--container", "image:1", "--keep"
    )
    assert (code, statuses(document), document["isolation"]) == (0, {"sweet": "built"}, "container")
    (package,) = document["packages"]
    tested = [(test["kind"], test["python"], test["passed"]) for test in package["tests"]]
    assert tested == [(kind, python, True) for kind in ("python", "commands") for python in (MINOR, newer.minor)]
    installed = {one["python"]: [run["output"] for run in one["commands"]] for one in document["installed"]}
    assert installed == {MINOR: ["vanilla\n\n"], newer.minor: ["vanilla\n\n"]}
    assert list((tmp_path / "build" / "slots").glob("0/*/out"))
    # The Python that is asked for is the only one; nothing is built, and nothing kept.
    arguments = ("--variant", "flavour=vanilla", "--python", newer.minor, "--test-only")
    before = Path(package["file"]).stat().st_mtime_ns
    code, document = run(capsys, tmp_path, two_pythons_channel, *arguments)
    assert (code, [test["python"] for test in document["packages"][0]["tests"]]) == (0, [newer.minor] * 2)
    assert [one["python"] for one in document["installed"]] == [newer.minor]
    assert Path(package["file"]).stat().st_mtime_ns == before
    assert not list((tmp_path / "build" / "slots").glob("*/*/out"))


FAMILY = """\
schema_version: 1
recipe:
  name: family
  version: "2.0"
build:
  number: 0
outputs:
  - package:
      name: family-app
    build:
      noarch: generic
      script: mkdir -p $PREFIX/share && cat $PREFIX/share/lib.txt > $PREFIX/share/app.txt
    requirements:
      host:
        - family-lib ==2.0
      run:
        - ${{ pin_subpackage("family-lib", exact=true) }}
    tests:
      - script:
          - cmp $PREFIX/share/lib.txt $PREFIX/share/app.txt
  - package:
      name: family-lib
    build:
      noarch: generic
      script: mkdir -p $PREFIX/share && echo 1 > $PREFIX/share/lib.txt
"""


def test_outputs_that_need_each_other_are_built_as_they_are_released_and_again_when_forced(
    tmp_path: Path, empty_channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "feedstocks" / "family" / "recipe"
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_text(FAMILY, encoding="utf-8")
    code, document = run(capsys, tmp_path, empty_channel)
    assert (code, statuses(document)) == (0, {"family-lib": "built", "family-app": "built"}), document
    assert [(one["target"], one["packages"], one["pip_check"]) for one in document["installed"]] == [
        ("family", 2, None)
    ]
    code, document = run(capsys, tmp_path, empty_channel, "--force", "--jobs", "1")
    assert (code, statuses(document)) == (0, {"family-lib": "built", "family-app": "built"})
    # What was built again is what the channel lists.
    noarch = tmp_path / "build" / "channel" / "noarch"
    entries = json.loads((noarch / "repodata.json").read_text(encoding="utf-8"))["packages.conda"]
    assert {name: entry["sha256"] for name, entry in entries.items()} == {
        path.name: sha256_of(path) for path in noarch.glob("*.conda")
    }
