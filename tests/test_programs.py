"""Other programs, run."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dirac_forge.programs import Finished, TooMuchError, TooSlowError, plain_environment, run


def python(code: str, *, stdin: bytes = b"", folder: Path | None = None) -> Finished:
    command = (sys.executable, "-c", code)
    return run(command, timeout=60, environment=plain_environment(), stdin=stdin, folder=folder)


def gone(pid: int) -> bool:
    """Whether it ends: what was killed may take a moment to be so."""
    state = Path(f"/proc/{pid}/stat")
    for _ in range(1000):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX":
                time.sleep(0.01)
                continue
        return True
    return False


def test_what_a_program_says(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), sys.stdin.read()); print('e', file=sys.stderr); sys.exit(3)"
    done = python(code, stdin=b"in", folder=tmp_path)
    assert done == Finished(code=3, output=f"{tmp_path} in\n".encode(), errors=b"e\n")


def test_a_lot_in_and_out() -> None:
    data = b"x" * 3_000_000
    assert python("import sys; sys.stdout.write(sys.stdin.read())", stdin=data).output == data


def test_one_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    # The child holds the pipe: who waits for it to close waits for the child.
    command = ("sh", "-c", f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    with pytest.raises(TooSlowError) as caught:
        run(command, timeout=1, environment=plain_environment())
    assert str(caught.value) == "no end within 1 s"
    assert gone(int((tmp_path / "pid").read_text(encoding="utf-8")))


@pytest.mark.skipif(shutil.which("setsid") is None, reason="needs setsid")
def test_one_that_left_the_group_is_not_waited_for(tmp_path: Path) -> None:
    command = ("sh", "-c", f"setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 60'")
    started = time.monotonic()
    with pytest.raises(TooSlowError):
        run(command, timeout=1, environment=plain_environment())
    assert time.monotonic() - started < 30
    os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), signal.SIGKILL)


def test_there_is_no_such_program() -> None:
    with pytest.raises(FileNotFoundError):
        run(("dirac-forge-has-no-such-program",), timeout=1, environment={})


def test_an_interrupt_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def interrupted(process: subprocess.Popen[bytes], *arguments: object, **options: object) -> None:
        started.append(process.pid)
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.Popen.communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(("sleep", "60"), timeout=60, environment=plain_environment())
    assert gone(started[0])


def test_secrets_stay_here() -> None:
    given = {
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy",
        "SSH_AUTH_SOCK": "/s",
        "GIT_SSL_CAINFO": "/ca",
        "GITHUB_TOKEN": "x",
        "GH_TOKEN": "x",
        "DIRAC_FORGE_GIT_TOKEN": "x",
        "GITHUB_APP_PRIVATE_KEY": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "ANACONDA_API_KEY": "x",
        "AZURE_PAT": "x",
        "npm_config__auth": "x",
        "PGPASSWORD": "x",
        "GIT_DIR": "x",
        "GIT_CONFIG_COUNT": "1",
        "GIT_TRACE_CURL": "1",
        "GIT_ASKPASS": "x",
    }
    assert sorted(plain_environment(given)) == ["GIT_SSL_CAINFO", "HTTPS_PROXY", "PATH", "SSH_AUTH_SOCK"]
    assert plain_environment().keys() <= os.environ.keys()


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.stdout.write('x' * 101)",
        "import sys\nwhile True: sys.stdout.write('x' * 1000)",
        "import sys; sys.stderr.write('x' * 101)",
        "import sys\nwhile True: sys.stderr.write('x' * 1000)",
    ],
)
def test_one_that_prints_too_much_is_ended(code: str) -> None:
    command = (sys.executable, "-c", code)
    with pytest.raises(TooMuchError) as caught:
        run(command, timeout=60, environment=plain_environment(), limit=100)
    assert str(caught.value) == "more than 100 bytes"


def test_within_a_limit_all_is_as_without() -> None:
    command = (sys.executable, "-c", "import sys, time; time.sleep(0.3); print(sys.stdin.read())")
    done = run(command, timeout=60, environment=plain_environment(), stdin=b"in", limit=100)
    assert done == Finished(code=0, output=b"in\n", errors=b"")
    with pytest.raises(TooSlowError):
        run(("sleep", "60"), timeout=0.3, environment=plain_environment(), limit=100)
