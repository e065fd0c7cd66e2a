"""The workflows: what they run is pinned, what they may is little, and secrets reach only the step that needs them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[1] / ".github/workflows"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


def read(name: str) -> dict[Any, Any]:
    document = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def steps(document: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.yml")))
def test_actions_are_pinned_by_hash_with_their_version_and_nothing_is_allowed_by_default(name: str) -> None:
    document = read(name)
    used = [step["uses"] for step in steps(document) if "uses" in step]
    assert [use for use in used if not PINNED.fullmatch(use)] == []
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "uses:" in line and not re.search(r"# v\d+\.\d+\.\d+$", line)] == []
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        # The right to publish is that of one job, which runs nothing of this repository.
        if job.get("environment") == "pypi":
            assert job["permissions"] == {"id-token": "write"}
        else:
            assert set(job["permissions"].values()) <= {"read"}
        assert job["timeout-minutes"] <= 120
    for step in steps(document):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.yml")))
def test_what_people_type_reaches_a_shell_only_through_the_environment(name: str) -> None:
    assert [step["run"] for step in steps(read(name)) if "${{" in step.get("run", "")] == []


def test_what_is_published_was_built_and_tested_by_another_job() -> None:
    document = read("release.yml")
    assert document[True] == {"push": {"tags": ["v*"]}}
    publish = document["jobs"]["publish"]
    assert publish["needs"] == "build"
    assert [step for step in publish["steps"] if "run" in step] == []
    assert "secrets." not in str(document)


def test_the_bot_runs_one_at_a_time_on_a_schedule_on_demand_and_from_other_repositories() -> None:
    document = read("bot.yml")
    on = document[True]  # YAML 1.1 takes `on` for a boolean
    assert on["schedule"] == [{"cron": "17 */6 * * *"}]
    assert set(on["workflow_dispatch"]["inputs"]) == {
        *("feedstocks", "pr", "canary", "version", "site", "retract", "why", "sweep")
    }
    assert on["workflow_dispatch"]["inputs"]["pr"]["default"] is False
    assert set(on["workflow_call"]["inputs"]) >= {"version", "pr", "canary", "site", "retract", "why", "sweep"}
    assert document["concurrency"] == {"group": "bot", "cancel-in-progress": False}
    assert list(document["jobs"]) == ["command", "observe", "prepare", "send", "site"]


def test_no_step_of_the_job_that_executes_recipes_has_a_secret() -> None:
    document = read("bot.yml")
    holders = {
        name: [step.get("name") for step in job["steps"] if "secrets." in str(step)]
        for name, job in document["jobs"].items()
    }
    assert holders == {"command": ["Command"], "observe": ["Observe"], "prepare": [], "send": ["Send"], "site": []}
    assert "secrets." not in str({key: value for key, value in document.items() if key != "jobs"})
    for job in document["jobs"].values():
        assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"})


def test_conda_smithy_is_installed_only_where_no_token_is() -> None:
    jobs = read("bot.yml")["jobs"]
    assert [name for name, job in jobs.items() if "conda-smithy" in str(job["steps"])] == ["prepare"]


@pytest.mark.parametrize(("job", "passing"), [("observe", {3}), ("prepare", {1, 3}), ("send", {3})])
@pytest.mark.parametrize("code", [0, 1, 2, 3, 70, 137])
def test_only_open_questions_leave_a_job_green(job: str, passing: set[int], code: int, tmp_path: Path) -> None:
    program = tmp_path / "dirac-forge"
    program.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    program.chmod(0o755)
    (script,) = [
        step["run"]
        for step in steps({"jobs": {"one": read("bot.yml")["jobs"][job]}})
        if "dirac-forge bot" in step.get("run", "")
    ]
    ledger = tmp_path / "prepared/.dirac-forge/ledger.sqlite"
    ledger.parent.mkdir(parents=True)
    ledger.touch()
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "CANARY": "3", "RUNNER_TEMP": str(tmp_path)}
    command = ("bash", "-e", "-o", "pipefail", "-c", script)
    done = subprocess.run(command, env=environment, capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == (0 if code in passing else code)


def test_the_ledger_goes_from_run_to_run_and_is_kept_where_a_run_fails_too() -> None:
    jobs = read("bot.yml")["jobs"]
    (restore,) = [step for step in jobs["observe"]["steps"] if "cache/restore@" in step.get("uses", "")]
    (save,) = [step for step in jobs["send"]["steps"] if "cache/save@" in step.get("uses", "")]
    assert restore["with"]["path"] == save["with"]["path"] == ".dirac-forge"
    assert restore["with"]["key"] == save["with"]["key"]
    assert restore["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert save["if"] == "always()"
    assert not any("cache/" in step.get("uses", "") for step in jobs["prepare"]["steps"])


def test_nothing_that_the_job_with_recipes_made_gets_into_the_workspace_of_the_job_that_sends() -> None:
    (download,) = [step for step in read("bot.yml")["jobs"]["send"]["steps"] if "download-" in step.get("uses", "")]
    assert download["with"]["path"].startswith("${{ runner.temp }}/")


def test_a_token_that_is_not_accepted_turns_the_job_red(tmp_path: Path) -> None:
    program = tmp_path / "dirac-forge"
    program.write_text(
        '#!/bin/sh\necho \'{"step": "end", "fault": "credentials"}\' > bot.jsonl\nexit 3\n', encoding="utf-8"
    )
    program.chmod(0o755)
    (tmp_path / "prepared/.dirac-forge").mkdir(parents=True)
    (tmp_path / "prepared/.dirac-forge/ledger.sqlite").touch()
    (script,) = [step["run"] for step in read("bot.yml")["jobs"]["send"]["steps"] if step.get("name") == "Send"]
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "CANARY": "3", "RUNNER_TEMP": str(tmp_path)}
    command = ("bash", "-e", "-o", "pipefail", "-c", script)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "::error::GitHub does not accept the token any more: make a new one\n")
