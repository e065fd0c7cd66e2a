"""A program in the sandbox sees no secrets and writes to one folder."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dirac_forge.pullrequest import jail as module
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


@pytest.mark.parametrize("path", ["pullrequest/jail.py", "build/enter.py", "build/engine.py"])
def test_programs_of_a_sandbox_start_with_the_standard_library_alone(path: str) -> None:
    # With anything else no sandbox can be made anywhere, and the tests of sandboxes are skipped.
    tree = ast.parse((Path(module.__file__).parents[1] / path).read_text(encoding="utf-8"))
    names = [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_command_names_what_is_hidden_and_what_is_writable(tmp_path: Path) -> None:
    jail = Jail(unshare=Path("/usr/bin/unshare"), hidden=(Path("/secret"),))
    command = jail.command(("/bin/true", "x"), folder=tmp_path, readable=(Path("/objects"),))
    plan = json.loads(command[-1])
    assert command[0] == "/usr/bin/unshare"
    assert {"--user", "--mount", "--pid", "--ipc"} <= set(command)
    assert plan["command"] == ["/bin/true", "x"]
    assert plan["writable"] == [str(tmp_path)]
    top = {str(path) for path in Path("/").iterdir() if not path.is_symlink()}
    assert {"/secret", "/dev", "/var/tmp", str(Path.home())} <= set(plan["hidden"])
    assert top & {"/home", "/tmp", "/run", "/srv", "/mnt"} <= set(plan["hidden"])
    assert not {"/usr", "/etc"} & set(plan["hidden"])
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
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=jailed_environment(os.environ),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert not told["secret"]
    assert told["processes"] <= 3
    assert (told["etc"], told["work"]) == (False, True)
    assert (work / "made").exists()


LOOK = """
import ctypes, json, os, socket
def tried(act):
    try:
        act()
    except OSError as error:
        return error.errno
    return 0
def meet():
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(NAME)
keys = {"x86_64": 250, "aarch64": 219}.get(os.uname().machine)
libc = ctypes.CDLL(None, use_errno=True)
print(json.dumps({
    "agent": tried(meet),
    "internet": tried(lambda: socket.socket(socket.AF_INET).close()),
    "pair": tried(lambda: [each.close() for each in socket.socketpair()]),
    "keys": keys and libc.syscall(keys, 0, -3, 0, 0),
    "ring": libc.syscall(425, 1, 0),
    "devices": sorted(set(os.listdir("/dev")) - {"fd", "shm", "stdin", "stdout", "stderr"}),
    "random": len(open("/dev/urandom", "rb").read(4)),
    "rights": [line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapBnd"))],
}))
"""


@pytest.mark.skipif(sys.platform != "linux" or find_jail() is None, reason="namespaces are not allowed here")
def test_sockets_of_agents_terminals_key_rings_and_rights_are_out_of_reach(tmp_path: Path) -> None:
    jail = find_jail()
    assert jail is not None
    name = f"\0dirac-forge-agent-{os.getpid()}"  # in no folder, as some session buses have them
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(name)
        agent.listen()
        script = LOOK.replace("NAME", repr(name))
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, encoding="utf-8", check=True
        )
        assert json.loads(done.stdout)["agent"] == 0  # it is there
        command = jail.command((sys.executable, "-I", "-S", "-c", script), folder=tmp_path)
        environment = jailed_environment(os.environ)
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.pop("keys") in {None, -1}
    assert told == {
        "agent": 1,
        "internet": 0,
        "pair": 0,
        "ring": -1,
        "devices": ["full", "null", "random", "urandom", "zero"],
        "random": 4,
        "rights": ["0" * 16, "0" * 16],
    }


@pytest.mark.skipif(sys.platform != "linux" or find_jail() is None, reason="namespaces are not allowed here")
def test_it_is_made_also_where_parts_of_proc_are_covered() -> None:
    """As in a service of systemd with ProtectKernelTunables."""
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import jail; print(jail.find_jail())"
    )
    covered = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"'
    outer = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", covered, "sh")
    folder = str(Path(module.__file__).parent)
    command = (*outer, sys.executable, "-I", "-S", "-c", script, folder)
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)
    assert done.stdout.startswith("Jail("), done.stderr


def test_a_machine_without_known_system_calls_has_no_jail() -> None:
    with pytest.raises(OSError, match="no filter of system calls is known for this machine"):
        module._filter("pdp11")
