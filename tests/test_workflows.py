"""The workflows: what they run is pinned, what they may is little, and secrets reach only the step that needs them."""

from __future__ import annotations

import re
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


def test_the_bot_runs_one_at_a_time_on_a_schedule_and_on_demand() -> None:
    document = read("bot.yml")
    on = document[True]  # YAML 1.1 takes `on` for a boolean
    assert on["schedule"] == [{"cron": "17 */6 * * *"}]
    assert set(on["workflow_dispatch"]["inputs"]) == {"feedstocks", "pr", "canary"}
    assert on["workflow_dispatch"]["inputs"]["pr"]["default"] is False
    assert document["concurrency"] == {"group": "bot", "cancel-in-progress": False}
    assert document["jobs"]["run"]["permissions"] == {"contents": "read"}


def test_the_token_is_in_the_environment_of_one_step() -> None:
    document = read("bot.yml")
    holders = [step.get("name") for step in steps(document) if "secrets." in str(step)]
    assert holders == ["Run"]
    assert "secrets." not in str({key: value for key, value in document.items() if key != "jobs"})
    assert "secrets." not in str({key: value for key, value in document["jobs"]["run"].items() if key != "steps"})


def test_the_ledger_goes_from_run_to_run_and_is_kept_where_a_run_fails_too() -> None:
    found = steps(read("bot.yml"))
    (restore,) = [step for step in found if "cache/restore@" in step.get("uses", "")]
    (save,) = [step for step in found if "cache/save@" in step.get("uses", "")]
    assert restore["with"]["path"] == save["with"]["path"] == ".dirac-forge"
    assert restore["with"]["key"] == save["with"]["key"]
    assert restore["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert save["if"] == "always()"
    order = [
        found.index(restore),
        next(i for i, step in enumerate(found) if step.get("name") == "Run"),
        found.index(save),
    ]
    assert order == sorted(order)
