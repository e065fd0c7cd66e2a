"""Completion: what may follow, without an engine and fast."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dirac_forge.cli import main
from dirac_forge.cli.completion import candidates
from dirac_forge.cli.shells import SHELLS

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dirac-grid", "diracx", "m2crypto"):
        (tmp_path / "feedstocks" / name).mkdir(parents=True)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "openssl4.yaml").touch()
    (tmp_path / "pyproject.toml").write_text("[tool.dirac-forge.targets.lhcbdirac]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "feedstocks" / "diracx")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["rec"], ["recipe"]),
        (["migrate", "st"], ["status"]),
        (["-q", "migrate", "--offline", "wh"], ["why"]),
        (["bump", "dirac"], ["dirac-grid", "diracx"]),
        (["bump", "--dep"], ["--dependencies"]),
        (["bump", "--dependencies", ""], ["off", "report", "update"]),
        (["migrate", "status", ""], ["openssl4"]),
        (["migrate", "why", "openssl4", "m2"], ["m2crypto"]),
        (["check", ""], ["lhcbdirac"]),
        (["check", "--with", "m"], ["m2crypto"]),
        (["check", "--platform", "osx"], ["osx-64", "osx-arm64"]),
        (["check", "--channel", ""], ["conda-forge", "embedded"]),
        (["schema", "se"], ["settings"]),
        (["help", "bu"], ["build", "bump"]),
        (["recipe", "DIR"], []),
        (["check", "--no-re"], ["--no-remedies"]),
        (["nonsense", "x"], []),
    ],
)
def test_candidates(words: list[str], found: list[str]) -> None:
    assert candidates(words) == found


def test_every_command_can_be_completed() -> None:
    for name in candidates([""]):
        if name != "help":
            assert "--help" in candidates([name, "--"])


def test_no_engine_is_imported() -> None:
    code = (
        "import sys; from dirac_forge.cli import run\ntry: run()\nfinally: print(sorted(sys.modules), file=sys.stderr)"
    )
    ran = subprocess.run(
        (sys.executable, "-c", code, "bump", "dirac"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "_DIRAC_FORGE_COMPLETE": "1"},
        check=True,
    )
    assert ran.stdout.split() == ["dirac-grid", "diracx"]
    heavy = {"'rattler'", "'requests'", "'networkx'", "'ruamel'", "'pydantic'", "'rich'", "'yaml'"}
    assert not heavy & set(ran.stderr.strip("[]\n").split(", "))


@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_scripts(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == SHELLS[shell]


@pytest.mark.skipif(sys.platform == "win32", reason="bash")
def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "dirac-forge"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dirac_forge "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = f"{SHELLS['bash']}\nCOMP_WORDS=(dirac-forge bump m); COMP_CWORD=2; _dirac_forge; echo ${{COMPREPLY[@]}}"
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src")}
    ran = subprocess.run(("bash", "-c", script), capture_output=True, text=True, encoding="utf-8", env=env, check=True)
    assert ran.stdout == "m2crypto\n"
