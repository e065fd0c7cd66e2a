"""`dirac-forge bot init`: what runs the bot on a schedule."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from dirac_forge.bot.setup_files import ServerPlaces, hiding, systemd_units, workflow
from dirac_forge.cli import bot_init, main
from dirac_forge.settings import load
from support.gits import repository, sha

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
        "Written: .github/workflows/bot.yml, pyproject.toml, .gitignore.\n\nRemaining steps:\n1. Create a"
    )
    assert "gh secret set DIRAC_FORGE_BOT_TOKEN" in said
    assert load(tmp_path, environ={}, flags={}).bot.dashboard == "dirac-bot/status"
    document = yaml.safe_load((tmp_path / ".github/workflows/bot.yml").read_text(encoding="utf-8"))
    assert document["jobs"]["bot"]["secrets"] == {"token": "${{ secrets.DIRAC_FORGE_BOT_TOKEN }}"}
    assert document["permissions"] == {}
    assert init(tmp_path, "actions") == 0
    assert capsys.readouterr().out.startswith("Unchanged: .github/workflows/bot.yml.\n\nRemaining steps:\n1. ")


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


@pytest.mark.parametrize(
    ("before", "after"), [("", "/outbox/\n"), ("*.pyc\n\n", "*.pyc\n/outbox/\n"), ("outbox/\n", "outbox/\n")]
)
def test_the_outbox_is_ignored(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / ".gitignore").write_text(before, encoding="utf-8")
    assert init(tmp_path, "systemd") == 0
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == after


def test_a_folder_with_spaces_is_quoted_in_units_and_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / 'bot "ws" é 100%'
    folder.mkdir()
    assert init(folder, "systemd") == 0
    told = capsys.readouterr().out
    assert f"chown -R dirac-forge '{folder}'" in told
    assert f"cp '{folder}/systemd'/* /etc/systemd/system/" in told
    lines = (folder / "systemd/dirac-forge-bot.service").read_text(encoding="utf-8").splitlines()
    quoted = f'{tmp_path}/bot \\"ws\\" é 100%%'
    assert f'ReadWritePaths="{quoted}/outbox" "{quoted}/.dirac-forge"' in lines
    assert f'WorkingDirectory={tmp_path}/bot "ws" é 100%%' in lines


def test_a_folder_that_a_unit_cannot_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "two\nUser=root"
    folder.mkdir()
    assert init(folder, "systemd") == 2
    assert "a systemd unit can't name this path" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def warnings(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]


def fill(folder: Path) -> Path:
    """A workspace with a feedstock."""
    recipe = folder / "feedstocks/demo/recipe/recipe.yaml"
    recipe.parent.mkdir(parents=True)
    recipe.write_text("package:\n  name: demo\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("path", "setting"),
    [
        ("/home/me/ws", "ProtectHome"),
        ("/root", "ProtectHome"),
        ("/tmp/ws", "PrivateTmp"),
        ("/var/tmp/ws", "PrivateTmp"),
        ("/homes/me", ""),
        ("/srv/tmp", ""),
    ],
)
def test_what_the_units_can_not_see(path: str, setting: str) -> None:
    assert hiding(path) == setting
    assert f"{setting or 'ProtectHome'}=true" in systemd_units(ServerPlaces())["dirac-forge-bot.service"]


def test_a_workspace_and_a_program_that_the_units_can_not_see_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/dirac-forge"
    program.parent.mkdir()
    program.touch()
    link = tmp_path / "linked/dirac-forge"
    link.parent.mkdir()
    link.symlink_to(program)
    monkeypatch.setattr("sys.argv", [str(link)])
    hidden = {str(tmp_path / "ws"), str(program)}
    monkeypatch.setattr(bot_init, "hiding", lambda path: "PrivateTmp" if path in hidden else "")
    assert init(fill(tmp_path / "ws"), "systemd") == 0
    hides = "is hidden from them (PrivateTmp=)."
    workspace, python = warnings(capsys)
    assert workspace == (
        f"warning: the units will not start: {tmp_path / 'ws'} {hides} Move the workspace, for example to "
        "/var/lib/dirac-forge/workspace, and run this again there"
    )
    assert python == (
        f"warning: the units will not start: {program} {hides} Install dirac-forge elsewhere, for example into a "
        "virtual environment in /opt/dirac-forge, and run this again with that one"
    )
    hidden.clear()
    assert init(tmp_path / "ws", "systemd") == 0
    assert warnings(capsys) == []
    monkeypatch.setattr("sys.argv", ["__main__.py"])
    assert init(tmp_path / "ws", "systemd", "--force") == 0
    (absent,) = warnings(capsys)
    assert absent == (
        "warning: the units run /opt/dirac-forge/bin/dirac-forge, which is not there: install dirac-forge there, or "
        "edit ExecStart="
    )


def test_a_workspace_without_git_and_feedstocks_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path, "actions") == 0
    _, feedstocks, git = warnings(capsys)
    assert feedstocks == (
        f"warning: there are no feedstocks in {tmp_path / 'feedstocks'}: a run needs some (`dirac-forge sync NAME...` "
        "fetches them)"
    )
    assert git == f"warning: {tmp_path} is not a git repository: GitHub Actions runs what is pushed to one"
    (tmp_path / ".git").mkdir()
    assert init(fill(tmp_path), "actions") == 0
    assert len(warnings(capsys)) == 1


def test_commands_of_the_steps_are_whole_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert init(tmp_path, "systemd") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "    install -D -m 600 /dev/stdin /etc/dirac-forge/token" in lines
    assert "    useradd --system --home-dir /var/lib/dirac-forge --create-home dirac-forge" in lines
    assert "Enter and Ctrl+D" in " ".join(lines)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_workflow_installs_the_commit_that_it_calls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "forge.git"
    commit = sha(repository(there, {"README.md": "x"}), "main")
    monkeypatch.setattr(bot_init, "_REPOSITORY", str(there).removesuffix(".git"))
    monkeypatch.setattr(bot_init, "__version__", "0.2.0")
    workspace = fill(tmp_path / "ws")
    (workspace / ".git").mkdir()
    assert main(["bot", "init", "actions", "--workspace", str(workspace)]) == 0
    assert warnings(capsys) == [f"warning: {tmp_path}/forge has no v0.2.0: the workflow takes its default branch"]
    (job,) = yaml.safe_load((workspace / ".github/workflows/bot.yml").read_text(encoding="utf-8"))["jobs"].values()
    assert job["uses"].endswith(f"bot.yml@{commit}")
    assert job["with"]["version"] == f"git+{tmp_path}/forge@{commit}"


def test_the_units_in_the_documentation_are_those_that_are_written() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in UNITS.iterdir()} == systemd_units(ServerPlaces())


def test_the_token_is_in_the_units_that_execute_nothing() -> None:
    holders = {name for name, text in systemd_units(ServerPlaces()).items() if "github-token" in text}
    assert holders == {"dirac-forge-observe.service", "dirac-forge-bot.service"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    odd = tmp_path / 'my "bot" é\\ 100%'
    odd.mkdir()
    program = tmp_path / "my bot é 100%" / "true"
    program.parent.mkdir()
    program.symlink_to("/bin/true")
    places = ServerPlaces(program=str(program), workspace=str(odd))
    for name, text in systemd_units(places).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = ("systemd-analyze", "verify", *map(str, sorted(tmp_path.glob("*.*"))))
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
