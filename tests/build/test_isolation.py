"""What children see: run for real where this machine can isolate them."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dirac_forge.build.isolation import (
    Container,
    Isolation,
    Limits,
    Seen,
    child_environment,
    contained,
    hidden,
    working,
    wrapped,
)
from dirac_forge.errors import InputError

LOOK = """
import json, os, pathlib, socket, sys
seen, own = sys.argv[1:3]
def tried(do):
    try:
        do()
    except OSError as error:
        return type(error).__name__
    return "done"
def connect():
    socket.create_connection(("192.0.2.1", 80), timeout=2)
def listen():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=2).close()
print(json.dumps({
    "hidden": os.path.exists(seen),
    "own": tried(lambda: pathlib.Path(own, "made").write_text("x")),
    "system": tried(lambda: pathlib.Path("/etc/dirac-forge").write_text("x")),
    "network": tried(connect),
    "loopback": tried(listen),
    "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
}))
"""
isolated = pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=pytest.mark.skipif(kind not in working(), reason=f"{kind} does not work here"))
        for kind in ("bwrap", "unshare")
    ],
)


@isolated
def test_child_sees_its_own_folder_and_neither_homes_nor_the_network(tmp_path: Path, kind: Isolation) -> None:
    secret, own = tmp_path / "secret", tmp_path / "own"
    secret.write_text("s3cret", encoding="utf-8")
    own.mkdir()
    # tmp_path is below /tmp, which is hidden but for what a child may see.
    assert any(secret.resolve().is_relative_to(folder) for folder in hidden())
    command = [sys.executable, "-I", "-c", LOOK, str(secret), str(own)]
    done = subprocess.run(
        wrapped(command, seen=Seen(writable=(own,)), isolation=kind),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=own,
        # A process that is measured would save its data where it may not write.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")},
    )
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found.pop("processes") < 10
    assert found == {"hidden": False, "own": "done", "system": "OSError", "network": "OSError", "loopback": "done"}
    assert (own / "made").read_text(encoding="utf-8") == "x"


@isolated
def test_child_can_not_take_its_mounts_away(tmp_path: Path, kind: Isolation) -> None:
    own = tmp_path / "own"
    own.mkdir()
    command = wrapped(["umount", str(hidden()[0])], seen=Seen(writable=(own,)), isolation=kind)
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=own)
    assert done.returncode != 0


def test_environment_of_a_child_has_no_tokens_agents_or_proxies(tmp_path: Path) -> None:
    ours = {
        "GITHUB_TOKEN": "t",
        "SSH_AUTH_SOCK": "/run/agent",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/bus",
        "HTTPS_PROXY": "http://proxy",
        "PYTHONPATH": "/elsewhere",
        "CONDA_PREFIX": "/conda",
        "LANG": "de_DE.UTF-8",
        "PATH": "/home/me/bin:/usr/bin",
    }
    found = child_environment(ours, home=tmp_path, cache_folder=tmp_path / "cache")
    assert ours.keys() & found.keys() == {"LANG", "PATH"}
    assert found["HOME"] == str(tmp_path)
    if os.name == "posix":
        assert found["PATH"] == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def test_container_has_no_network_and_no_privileges(tmp_path: Path) -> None:
    seen = Seen(writable=(tmp_path / "slot",), readable=(tmp_path / "source",))
    command = contained(
        ["python", "-I", "engine.py"],
        container=Container(program="docker", image="image:1"),
        name="dirac-forge-1",
        seen=seen,
        environment={"HOME": "/h"},
        limits=Limits(memory=1 << 30),
    )
    user = ["--user", f"{os.getuid()}:{os.getgid()}"] if sys.platform != "win32" else []
    assert command == [
        *(("setpriv", "--pdeathsig", "TERM", "--") if shutil.which("setpriv") else ()),
        *("docker", "run", "--rm", "--init", "--name", "dirac-forge-1", "--network", "none", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges", "--pids-limit", "4096", "--memory", str(1 << 30), *user),
        *("--volume", f"{tmp_path / 'source'}:{tmp_path / 'source'}:ro"),
        *("--volume", f"{tmp_path / 'slot'}:{tmp_path / 'slot'}"),
        *("--env", "HOME=/h", "--entrypoint", "python", "image:1", "-I", "engine.py"),
    ]


def test_container_without_docker_and_podman_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError) as caught:
        Container.of("image")
    assert str(caught.value) == ("--container needs docker or podman on PATH\nInstall one, or omit --container.")


def test_container_program_without_its_daemon_is_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho Cannot connect to the daemon >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    with pytest.raises(InputError) as caught:
        Container.of("image")
    said = "--container: docker can't be used: Cannot connect to the daemon\nStart it, or omit --container."
    assert str(caught.value) == said
    program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    assert Container.of("image") == Container(program=str(program), image="image")


def test_image_that_looks_like_an_option_is_wrong_use() -> None:
    with pytest.raises(InputError, match="--container: '--privileged' is not the name of an image"):
        Container.of("--privileged")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such folders")
def test_homes_are_hidden_wherever_they_are_but_no_folder_of_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    monkeypatch.setattr("dirac_forge.build.isolation._SYSTEM", frozenset(each.name for each in Path("/").iterdir()))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "none")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", "/usr/share")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var")
    found = hidden.__wrapped__()
    assert (tmp_path / "config").resolve() in found
    assert not {Path("/usr/share"), Path("/var"), Path("/")} & set(found)


@pytest.mark.skipif(sys.platform != "linux", reason="what root may read")
def test_files_that_only_root_can_read_are_hidden_from_its_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    shadow = Path("/etc/shadow")
    if not shadow.exists() or shadow.stat().st_mode & stat.S_IROTH:
        pytest.skip("/etc/shadow is not private here")
    assert shadow in hidden.__wrapped__()
    if "unshare" in working() and os.getuid() == 0:
        command = wrapped(["cat", "/etc/shadow"], seen=Seen(writable=(tmp_path,)), isolation="unshare")
        done = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path)
        assert done.stdout == b""
