"""The program: what goes where, exit codes, options of every command, errors in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dirac_forge import __version__
from dirac_forge.cli import main
from dirac_forge.cli.program import COMMANDS

ROOT = Path(__file__).parents[2]
REPORT = "This is a bug in dirac-forge. Please report it at https://github.com/DIRACGrid/dirac-forge/issues"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(COMMANDS, "ends", ("support.commands:ends", "End in some way."))
    monkeypatch.setitem(COMMANDS, "several", ("support.commands:several", "Several commands."))


def test_result_on_stdout_and_the_rest_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ends", "well"]) == 0
    said = capsys.readouterr()
    assert said.out == "[bold] well\n"
    assert said.err == "warning: a warning\nwork …\nwork: 2\n"


def test_json_is_all_that_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ends", "well", "--json", "--channel", "bioconda", "--channel", "conda-forge", "--code", "1"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {"how": "well", "channels": ["bioconda", "conda-forge"], "é": 1}


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ends", "input", "-q"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "error: there is no project 'x'\nDid you mean 'y'?\n")


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("input", 2, "error: there is no project 'x'\nDid you mean 'y'?\n"),
        ("unknown", 3, "error: https://***@host/x can't be reached\n"),
        ("forge", 2, "error: the disk is full\n"),
        ("interrupt", 130, "error: interrupted\n"),
        ("pipe", 141, ""),
    ],
)
def test_ends(capsys: pytest.CaptureFixture[str], how: str, code: int, said: str) -> None:
    assert main(["ends", how, "--json", "-q"]) == code
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", said)


def test_an_internal_error_is_brief_and_its_traceback_is_saved(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["ends", "bug", "-q"]) == 70
    (saved,) = tmp_path.glob("dirac-forge-error-*.txt")
    told = capsys.readouterr().err
    assert told == f"error: internal error: ZeroDivisionError: https://***@host/\n{REPORT}. Details: {saved}\n"
    trace = saved.read_text(encoding="utf-8")
    assert trace.startswith("Traceback (most recent call last)")
    assert "s3cret" not in trace


def test_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in [
        (["nothing"], "No such command 'nothing'."),
        (["end", "x"], "No such command 'end'. Did you mean 'ends'?"),
        (["ends"], "Missing argument 'how'."),
        (["ends", "x", "--chanel", "y"], "No such option: --chanel"),
        (["ends", "x", "-q", "-v"], "--quiet and --verbose contradict each other"),
    ]:
        assert main(arguments) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert said.lower() in printed.err.lower()


def test_a_value_that_is_not_a_choice_is_told_without_the_librarys_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "nosuch"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "Error: Invalid value for 'settings|migration|site': 'nosuch' is not one of 'settings', 'migration', 'site'."
    )


def test_wrong_settings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.dirac-forge]\nchanels = []\n", encoding="utf-8")
    assert main(["ends", "x", "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (f"error: {tmp_path / 'pyproject.toml'}:2: unknown key 'chanels'; did you mean 'channels'?\n")


def test_the_workspace(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / "pyproject.toml").write_text(
            f"[tool.dirac-forge]\nchannels = ['{folder.name}-forge']\n", encoding="utf-8"
        )
    monkeypatch.setenv("DIRAC_FORGE_WORKSPACE", str(folders[0]))
    main(["ends", "x", "--json"])
    assert json.loads(capsys.readouterr().out)["channels"] == ["one-forge"]
    main(["ends", "x", "--json", "--workspace", str(folders[1])])
    assert json.loads(capsys.readouterr().out)["channels"] == ["two-forge"]


def test_a_command_of_several(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["several", "two", "well", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["how"] == "well"
    assert main(["several", "--help"]) == 0
    assert "one" in capsys.readouterr().out


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--version", "-V"):
        assert main([option]) == 0
        assert capsys.readouterr().out == f"dirac-forge {__version__}\n"
    assert main(["-h"]) == 0
    said = capsys.readouterr().out
    for name, (_, summary) in COMMANDS.items():
        assert name in said
        assert summary[:30] in said


SUBCOMMANDS = [[name] for name in COMMANDS if name not in {"migrate", "bot", "cache"}] + [
    [group, name]
    for group, names in {
        "migrate": ["plan", "status", "next", "why", "new", "run"],
        "bot": ["run", "why", "sweep", "retract"],
        "cache": ["size", "prune", "clear"],
    }.items()
    for name in names
]


@pytest.mark.parametrize("command", SUBCOMMANDS, ids=" ".join)
def test_every_command_takes_the_global_options(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert main([*command, "--help"]) == 0
    said = capsys.readouterr().out
    for option in ("--workspace", "--channel", "--platform", "--python", "--pinning", "--index-url", "--offline"):
        assert option in said
    for option in ("--json", "-q", "-v"):
        assert option in said


def test_help_of_a_command_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "why", "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Usage: dirac-forge migrate why MIGRATION FEEDSTOCK [OPTIONS]\n")
    assert "\nExamples:\n  dirac-forge migrate why openssl4 xrootd\n" in said
    assert main(["help", "migrate", "why"]) == 0
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--channel", "bioconda", "-q", "--json", "several", "two", "well"],
        ["-q", "several", "--json", "two", "well", "--channel", "bioconda"],
        ["several", "-q", "--json", "--channel", "bioconda", "two", "well"],
    ],
)
def test_global_options_before_the_command(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["channels"] == ["bioconda"]
    assert said.err == ""


def test_no_progress_keeps_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--no-progress", "ends", "well"]) == 0
    assert capsys.readouterr().err == "warning: a warning\n"


def test_color_always_and_never(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ends", "input", "--color", "always"]) == 2
    assert capsys.readouterr().err.endswith("\x1b[31merror:\x1b[0m there is no project 'x'\nDid you mean 'y'?\n")
    assert main(["ends", "input", "--color", "never"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def program(*arguments: str, **options: object) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "dirac_forge", *arguments)
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "DIRAC_FORGE_CACHE": "cache"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, encoding="utf-8", env=environ)


HEAVY = {
    "requests",
    "rattler",
    "rattler_build",
    "networkx",
    "ruamel",
    "rich",
    "grayskull",
    "pydantic",
    "yaml",
    "sqlite3",
}

BUMPING = ["cli.bump_run", "cli.bump_answer", "proposals.drift", "report.bodies"]
"""What `bump --no-check --json` loads."""
READ = {"pydantic", "requests", "yaml"}
"""What reads settings, recipes and the index."""
PROVING = ["proposals.ordering", "report.verdicts"]
"""What `bump --json` loads besides, and the solver."""
HELPED = [[], ["migrate"], ["bot"], ["cache"], *SUBCOMMANDS]


def test_help_and_bump_import_no_engine() -> None:
    """One process for all commands: what one of them imports is seen after it."""
    # coverage, where it measures, imports modules of its own into each process.
    own = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    code = (
        "import sys\n"
        "from importlib import import_module\n"
        "from dirac_forge.cli import main\n"
        f"for command in {HELPED!r}:\n"
        "    assert main([*command, '--help']) == 0\n"
        f"    heavy = sorted({HEAVY!r} & set(sys.modules))\n"
        "    print('imported', *command, *heavy, file=sys.stderr)\n"
        f"for module in {BUMPING!r}:\n"
        "    import_module(f'dirac_forge.{module}')\n"
        f"print('imported to bump', *sorted({HEAVY - READ!r} & set(sys.modules)), file=sys.stderr)\n"
        f"for module in {PROVING!r}:\n"
        "    import_module(f'dirac_forge.{module}')\n"
        f"print('imported to prove', *sorted({HEAVY - READ!r} & set(sys.modules)), file=sys.stderr)\n"
    )
    ran = subprocess.run(
        (sys.executable, "-c", code),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=own | {"PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    helped = [" ".join(["imported", *command]) for command in HELPED]
    assert ran.stderr.splitlines() == [*helped, "imported to bump", "imported to prove rattler"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no broken pipes")
def test_a_reader_that_goes_away() -> None:
    ran = program("doctor", "--offline")
    assert ran.stdout is not None
    assert ran.stderr is not None
    ran.stdout.close()
    assert ran.stderr.read() == ""
    ran.stderr.close()
    assert ran.wait() == 141


@pytest.mark.parametrize("name", ["COLUMNS", "LINES"])
def test_a_size_of_the_terminal_without_end_is_no_size(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "9" * 5000)
    assert main(["schema", "settings"]) == 0
