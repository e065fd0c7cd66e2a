"""Child processes: what they see, and what becomes of those that break."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dirac_forge.build.children import Child, ChildAnswer, run_child
from dirac_forge.build.failures import Crashed, DiskFull, OutOfMemory, TimedOut
from dirac_forge.build.isolation import Container, Isolation, Limits, detect, working
from dirac_forge.build.slots import Slot, Slots
from dirac_forge.report.build_failures import reason

GB = 1024**3
CONNECT = f"{sys.executable} -c 'import socket; socket.create_connection((\"192.0.2.1\", 80), timeout=2)'"
ALLOCATE = f"{sys.executable} -c 'print(len(bytearray({4 * GB})))'"


def child(folder: Path, *commands: str, **more: Any) -> Child:
    """A child that installs nothing and runs commands where nothing is installed."""
    work = folder / "slots" / "0" / "work"
    (work / "mirror").mkdir(parents=True)
    slot = Slot(work=work, given=folder / "slots" / "given" / "0-work")
    slot.given.mkdir(parents=True)
    places = {"mirror": str(work / "mirror"), "prefix": str(work / "env"), "folder": str(work)}
    job = {"mode": "install", "phase": "install", **places, "commands": list(commands), "seconds": 60}
    return Child(job=job, slot=slot, log=folder / "logs" / "log", **more)


def codes(answer: ChildAnswer) -> list[int]:
    assert answer.failure is None, answer.failure
    return [run["code"] for run in answer.values["commands"]]


def output(answer: ChildAnswer) -> str:
    return "".join(run["output"] for run in answer.values["commands"])


@pytest.mark.parametrize("kind", ["bwrap", "unshare"])
def test_commands_see_no_token_no_file_of_ours_and_no_network(
    tmp_path: Path, kind: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind not in working():
        pytest.skip(f"{kind} does not work here")
    secret = tmp_path / "id_rsa"
    secret.write_text("s3cret", encoding="utf-8")
    for name in ("GITHUB_TOKEN", "SSH_AUTH_SOCK", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, str(secret))
    answer = run_child(child(tmp_path, "env; ls -A $HOME", f"cat {secret}", CONNECT, isolation=kind))
    assert [code == 0 for code in codes(answer)] == [True, False, False]
    told = output(answer)
    assert "s3cret" not in told
    assert str(secret) not in answer.values["commands"][0]["output"]
    home = tmp_path / "slots" / "0" / "work" / "home"
    assert {f"HOME={home}", f"TMPDIR={home / 'tmp'}", "tmp"} <= set(told.splitlines())
    assert (tmp_path / "logs" / "log").read_text(encoding="utf-8").startswith("+ env; ls -A $HOME\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_memory_is_limited(tmp_path: Path) -> None:
    answer = run_child(child(tmp_path, ALLOCATE, isolation=detect(), limits=Limits(memory=2 * GB)))
    assert codes(answer) == [1]
    assert output(answer).splitlines()[-1] == "MemoryError"


def test_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    answer = run_child(child(tmp_path, "sleep 100", isolation=detect(), limits=Limits(seconds=3)))
    assert isinstance(answer.failure, TimedOut)
    assert (answer.failure.phase, answer.failure.seconds) == ("install", 3)


DOCKER = """\
#!/bin/sh
printf '%s\\n' "$@" > {log}
while [ "$1" != image:1 ]; do shift; done
shift
{python} "$@"
{end}
"""


def stand_in(folder: Path, end: str, python: str = sys.executable) -> Container:
    """A program in the place of docker, which runs the command here, and ends as it is told."""
    program = folder / "docker"
    program.write_text(DOCKER.format(log=folder / "arguments", python=python, end=end), encoding="utf-8")
    program.chmod(0o755)
    return Container(program=str(program), image="image:1")


def test_abort_after_the_answer_does_not_take_it_away(tmp_path: Path) -> None:
    answer = run_child(child(tmp_path, "echo done", container=stand_in(tmp_path, "kill -ABRT $$")))
    assert (codes(answer), output(answer)) == ([0], "done\n")
    told = (tmp_path / "arguments").read_text(encoding="utf-8").splitlines()
    assert told[:4] == ["run", "--rm", "--init", "--name"]
    assert told[4].startswith("dirac-forge-")
    assert told[5:7] == ["--network", "none"]
    work = tmp_path / "slots" / "0" / "work"
    engine = told[told.index("image:1") + 2]
    assert told[told.index("--entrypoint") :] == [
        *("--entrypoint", "python", "image:1", "-I", engine),
        *(str(work / name) for name in ("job.json", "answer.json", "log.txt")),
    ]
    mounted = [told[at + 1] for at, word in enumerate(told) if word == "--volume"]
    given = tmp_path / "slots" / "given" / "0-work"
    read_only = (given, Path(engine).parent)
    assert mounted == [*(f"{path}:{path}:ro" for path in read_only), f"{work}:{work}"]
    variables = {told[at + 1].partition("=")[0] for at, word in enumerate(told) if word == "--env"}
    assert not {name for name in variables if "TOKEN" in name or "SOCK" in name}


def test_container_of_a_build_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    container = stand_in(tmp_path, "")
    program = Path(container.program)
    program.write_text(f"#!/bin/sh\necho $1 $5 $2 >> {tmp_path}/called\n[ $1 = kill ] || sleep 60\n", encoding="utf-8")
    answer = run_child(child(tmp_path, "true", container=container, limits=Limits(seconds=1)))
    assert isinstance(answer.failure, TimedOut)
    started, ended = (tmp_path / "called").read_text(encoding="utf-8").splitlines()
    assert ended == f"kill {started.split()[1]}"


@pytest.mark.parametrize(
    ("end", "kind"), [("exit 3", Crashed), ("kill -ABRT $$", Crashed), ("kill -KILL $$", OutOfMemory)]
)
def test_child_without_an_answer_is_a_failure_with_what_it_said(
    tmp_path: Path, end: str, kind: type[Crashed | OutOfMemory]
) -> None:
    container = stand_in(tmp_path, f"echo last words\n{end}", python="true")
    failure = run_child(child(tmp_path, "echo done", container=container)).failure
    assert isinstance(failure, kind)
    assert (failure.phase, failure.excerpt) == ("install", ("last words",))


@pytest.mark.parametrize("kind", ["bwrap", "unshare"])
def test_what_a_script_leaves_running_is_ended_after_it(
    tmp_path: Path, kind: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind not in working():
        pytest.skip(f"{kind} does not work here")
    started = time.monotonic()
    # One holds the output open, another does not, and the last has left the session.
    left = "sleep 300 & sleep 300 >/dev/null 2>&1 & setsid sleep 300 & echo done"
    answer = run_child(child(tmp_path, left, "sleep 2; echo next", isolation=kind, limits=Limits(seconds=120)))
    assert (codes(answer), output(answer)) == ([0, 0], "done\nnext\n")
    assert 9 < time.monotonic() - started < 60
    told = (tmp_path / "logs" / "log").read_text(encoding="utf-8").splitlines()
    assert told == [
        "+ " + left,
        "the script has ended; processes that it left running are ended too",
        "done",
        "+ sleep 2; echo next",
        "next",
    ]


@pytest.mark.parametrize("looks", [0, 3], ids=["before", "meanwhile"])
def test_child_that_leaves_too_little_of_the_disk_is_stopped(
    tmp_path: Path, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter([2 * GB] * looks)
    monkeypatch.setattr(
        "dirac_forge.build.children.shutil.disk_usage", lambda _: SimpleNamespace(free=next(free, 999_999_999))
    )
    asked = child(tmp_path, "echo began; sleep 60", isolation=detect(), limits=Limits(seconds=50))
    started = time.monotonic()
    failure = run_child(asked).failure
    assert isinstance(failure, DiskFull)
    assert time.monotonic() - started < 30
    assert reason(failure) == "the install was stopped: less than 1 GB is free on the disk"


def test_child_finds_nothing_that_an_earlier_one_unpacked(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "slots", 1)
    spoilt = "echo bad > $RATTLER_CACHE_DIR/package; ls $RATTLER_CACHE_DIR"
    told = []
    for commands in ([spoilt], ["ls $RATTLER_CACHE_DIR"]):
        with slots.taken("work") as slot:
            asked = replace(child(tmp_path / "other", *commands, isolation=detect()), slot=slot)
            places = {"mirror": str(slot.work), "prefix": str(slot.work / "env"), "folder": str(slot.work)}
            answer = run_child(replace(asked, job={**asked.job, **places}))
            told.append((codes(answer), output(answer)))
        shutil.rmtree(tmp_path / "other")
    assert told == [([0], "package\n"), ([0], "")]
