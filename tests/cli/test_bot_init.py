"""`dirac-forge bot init`: what runs the bot on a schedule."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from dirac_forge.bot.setup_files import ServerPlaces, systemd_units, workflow
from dirac_forge.cli import main
from dirac_forge.settings import load

UNITS = Path(__file__).parents[2] / "docs/systemd"
BOT = Path(__file__).parents[2] / ".github/workflows/bot.yml"


def init(folder: Path, *arguments: str) -> int:
    return main(["bot", "init", *arguments, "--offline", "--workspace", str(folder)])


def test_a_workflow_and_settings_are_written_into_an_empty_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(tmp_path, "actions", "--dashboard", "dirac-bot/status") == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "Written: .github/workflows/bot.yml, pyproject.toml.\n\nRemaining steps:\n1. Create a separate account"
    )
    assert "gh secret set DIRAC_FORGE_BOT_TOKEN" in said
    assert load(tmp_path, environ={}, flags={}).bot.dashboard == "dirac-bot/status"
    document = yaml.safe_load((tmp_path / ".github/workflows/bot.yml").read_text(encoding="utf-8"))
    assert document["jobs"]["bot"]["secrets"] == {"token": "${{ secrets.DIRAC_FORGE_BOT_TOKEN }}"}
    assert document["permissions"] == {}


def test_what_the_workflow_hands_on_is_taken_by_the_one_that_it_calls() -> None:
    called = yaml.safe_load(BOT.read_text(encoding="utf-8"))[True]["workflow_call"]
    caller = yaml.safe_load(workflow(version="dirac-forge", ref="0" * 40, comment="v1", minute=7))
    assert caller["jobs"]["bot"]["with"].keys() <= called["inputs"].keys()
    assert caller["jobs"]["bot"]["secrets"].keys() <= called["secrets"].keys()
    assert caller[True]["schedule"] == [{"cron": "7 */6 * * *"}]


def test_settings_and_files_of_a_person_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = "[project]\nname = 'x'\n\n[tool.dirac-forge.bot]\nper-run = 1\n"
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    mine = tmp_path / "systemd/dirac-forge-bot.timer"
    mine.parent.mkdir()
    mine.write_text("[Timer]\nOnCalendar=daily\n", encoding="utf-8")
    assert init(tmp_path, "systemd") == 1
    assert "systemd/dirac-forge-bot.timer: already exists and differs" in capsys.readouterr().err
    assert mine.read_text(encoding="utf-8") == "[Timer]\nOnCalendar=daily\n"
    assert [path.name for path in mine.parent.iterdir()] == ["dirac-forge-bot.timer"]
    assert init(tmp_path, "systemd", "--force") == 0
    assert "OnCalendar=*-*-* 00/6:17" in mine.read_text(encoding="utf-8")
    assert (tmp_path / "pyproject.toml").read_text(encoding="utf-8") == settings


def test_the_units_in_the_documentation_are_those_that_are_written() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in UNITS.iterdir()} == systemd_units(ServerPlaces())


def test_the_token_is_in_the_units_that_execute_nothing() -> None:
    holders = {name for name, text in systemd_units(ServerPlaces()).items() if "github-token" in text}
    assert holders == {"dirac-forge-observe.service", "dirac-forge-bot.service"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for name, text in systemd_units(ServerPlaces(program="/bin/true")).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = ("systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir())))
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
