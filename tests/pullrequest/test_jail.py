"""A program in the sandbox sees no secrets and writes to one folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dirac_forge.pullrequest.jail import Jail, find_jail, jailed_environment

ENVIRONMENT = {
    "PATH": "/bin", "HOME": "/home/me", "GITHUB_TOKEN": "ghp_x", "SSH_AUTH_SOCK": "/run/agent", "LC_ALL": "C",
    "https_proxy": "http://proxy:3128", "http_proxy": "http://me:secret@proxy:3128", "CONDA_PREFIX": "/opt/conda",
}  # fmt: skip


def test_only_what_a_program_needs_is_in_its_environment() -> None:
    assert jailed_environment(ENVIRONMENT) == {
        "PATH": "/bin",
        "LC_ALL": "C",
        "https_proxy": "http://proxy:3128",
        "CONDA_PREFIX": "/opt/conda",
    }


def test_the_command_names_what_is_hidden_and_what_is_writable(tmp_path: Path) -> None:
    jail = Jail(unshare=Path("/usr/bin/unshare"), hidden=(Path("/secret"),))
    command = jail.command(("/bin/true", "x"), folder=tmp_path, readable=(Path("/objects"),))
    plan = json.loads(command[-1])
    assert command[0] == "/usr/bin/unshare"
    assert {"--user", "--mount", "--pid", "--ipc"} <= set(command)
    assert plan["command"] == ["/bin/true", "x"]
    assert plan["writable"] == [str(tmp_path)]
    assert {"/secret", "/home", "/tmp", "/run"} <= set(plan["hidden"])
    assert "/objects" in plan["readable"]


@pytest.mark.skipif(sys.platform != "linux" or find_jail() is None, reason="namespaces are not allowed here")
def test_other_processes_folders_and_files_are_out_of_reach(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    jail = find_jail((secret,))
    assert jail is not None
    script = (
        "import json, os, pathlib\n"
        "def can(path, mode):\n"
        "    try:\n"
        "        open(path, mode).close()\n"
        "        return True\n"
        "    except OSError:\n"
        "        return False\n"
        f"print(json.dumps({{'secret': pathlib.Path({str(secret)!r}).exists() and open({str(secret)!r}).read(),\n"
        "  'processes': len([p for p in os.listdir('/proc') if p.isdigit()]),\n"
        "  'tmp': os.listdir('/tmp'), 'etc': can('/etc/new', 'w'), 'work': can('made', 'w')}))\n"
    )
    command = jail.command((sys.executable, "-I", "-S", "-c", script), folder=work)
    done = subprocess.run(
        command, capture_output=True, text=True, env=jailed_environment(os.environ), timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert not told["secret"]
    assert told["processes"] <= 3
    assert (told["etc"], told["work"]) == (False, True)
    assert (work / "made").exists()
