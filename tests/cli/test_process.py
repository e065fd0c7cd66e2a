"""The process: streams that are closed or full, interrupts at any moment, and the exit code."""

from __future__ import annotations

import os
import platform
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.samples import WHOLE

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell and signals")


def environment(folder: Path, **more: str) -> dict[str, str]:
    own = {"PYTHONPATH": str(ROOT / "src"), "DIRAC_FORGE_CACHE": str(folder / "cache")}
    return {**os.environ, **own, **more}


def shell(folder: Path, redirection: str, command: str = "doctor --offline", **more: str) -> tuple[int, str, str]:
    """Run the program in a shell; its exit code, stdout and stderr."""
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m dirac_forge {command} {redirection}"],
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", ["schema", "--version"])
def test_a_result_for_a_closed_stream_is_an_error(tmp_path: Path, command: str) -> None:
    code, _, said = shell(tmp_path, ">&-", command)
    assert (code, said) == (2, "error: The result can't be written: Bad file descriptor\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["doctor --offline", "schema", "--help"])
def test_a_result_for_a_full_disk_is_an_error(tmp_path: Path, command: str) -> None:
    code, _, said = shell(tmp_path, ">/dev/full", command)
    assert (code, said) == (2, "error: The result can't be written: No space left on device\n")


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_without_stderr_the_result_and_the_code_stay(tmp_path: Path, redirection: str) -> None:
    code, result, _ = shell(tmp_path, redirection, "schema")
    assert (code, result[:1]) == (0, "{")
    assert shell(tmp_path, redirection, "check --channel /nowhere/at/all")[0] == 2


def test_without_any_stream_the_code_stays(tmp_path: Path) -> None:
    assert shell(tmp_path, "<&- >&- 2>&-", "check --channel /nowhere/at/all")[0] == 2


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    _, result, said = shell(tmp_path, "2>&1 | head -n 1", "doctor --offline")
    assert len(result.splitlines()) == 1
    assert "Traceback" not in result + said


def test_an_ascii_terminal_has_words_for_signs(tmp_path: Path) -> None:
    code = (
        "import os, pty, sys\n"
        "sys.exit(os.waitstatus_to_exitcode(pty.spawn([sys.executable, '-m', 'dirac_forge', 'doctor', '--offline'])))"
    )
    settings = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(tmp_path, **settings),
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode in (0, 1), done.stdout
    assert b"UnicodeEncodeError" not in done.stdout
    assert done.stdout.isascii()


@pytest.mark.parametrize("service", ["GITHUB_ACTIONS", "TF_BUILD"])
def test_foreign_text_is_no_command_in_the_log_of_a_ci_service(tmp_path: Path, service: str) -> None:
    command = "check '>##vso[task.prependpath]/evil ##[add-mask]e' --offline"
    code, out, err = shell(tmp_path, "", command, **{service: "true"})
    assert (code, out) == (2, "")
    assert err.startswith("error: '>#\u200b#vso[task.prependpath]/evil #\u200b#[add-mask]e' is not a package spec")
    shell(tmp_path, "2> said", command, **{service: "true"})
    assert "'>##vso[task.prependpath]/evil ##[add-mask]e'" in (tmp_path / "said").read_text(encoding="utf-8")


def test_a_folder_that_was_deleted_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", f"cd {gone} && rmdir {gone} && {sys.executable} -m dirac_forge check"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr == "error: the current folder was deleted\nChange to another folder.\n"


@pytest.mark.parametrize("delay", [0.01, 0.1, 0.3, 0.8])
def test_an_interrupt_is_one_line_at_any_moment(tmp_path: Path, delay: float) -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # takes connections, and never answers
    started = (
        "import os, sys\n"
        f"sys.argv = ['dirac-forge', 'check', 'python', '--channel', 'http://127.0.0.1:{silent.getsockname()[1]}/x']\n"
        "from dirac_forge.cli import run\n"
        "print('.', flush=True)\n"
        "run()\n"
    )
    with (
        silent,
        subprocess.Popen(
            [sys.executable, "-c", started],
            cwd=tmp_path,
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [line for line in said.splitlines() if not line.endswith("…")] == ["error: interrupted"]


def test_an_interrupt_that_a_library_turns_into_an_error_stays_one(tmp_path: Path) -> None:
    script = (
        "import os, signal\n"
        "from dirac_forge.cli.process import interruptible, run_process\n"
        "def main():\n"
        "    with interruptible():\n"
        "        try:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "        except KeyboardInterrupt as error:\n"
        "            raise RuntimeError('import failed') from error\n"
        "run_process(main)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(tmp_path), capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, b"error: interrupted\n")


def test_every_run_of_the_solver_ends_with_the_code(tmp_path: Path) -> None:
    """py-rattler's threads may call into the interpreter while it ends, which aborts some runs unless prevented.

    A few runs in each run of the tests, fifty with DIRAC_FORGE_TESTS=whole.
    """
    (tmp_path / "repodata.json").write_text('{"packages": {}, "packages.conda": {}}', encoding="utf-8")
    script = (
        "from dirac_forge.cli.process import run_process\n"
        "def main():\n"
        "    import asyncio, rattler\n"
        "    from rattler.exceptions import SolverError\n"
        "    async def solve():\n"
        "        try:\n"
        "            await rattler.solve([], ['python'], platforms=['linux-64'], timeout=None)\n"
        "        except SolverError:\n"
        "            pass\n"
        "        return 7\n"
        "    print('solved')\n"
        "    return asyncio.run(solve())\n"
        "run_process(main)\n"
    )
    ends = set()
    for _ in range(50 if WHOLE else 5):
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, env=environment(tmp_path), capture_output=True, timeout=60
        )
        ends.add((done.returncode, done.stdout))
    assert ends == {(7, b"solved\n")}


_HEAPS = """
import ctypes, re, sys, tempfile, threading
from dirac_forge.cli.process import save_memory
if sys.argv[1:]:
    save_memory()
libc = ctypes.CDLL(None)
barrier = threading.Barrier(8)

def use():
    libc.malloc.restype = ctypes.c_void_p
    block = libc.malloc(1000)
    barrier.wait()
    libc.free(ctypes.c_void_p(block))

threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile("r") as told:
    stream = ctypes.c_void_p(libc.fopen(told.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(told.read().count("<heap nr="))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another libc")
def test_threads_share_two_heaps() -> None:
    heaps = [
        int(subprocess.run([sys.executable, "-c", _HEAPS, *saving], capture_output=True, check=True, text=True).stdout)
        for saving in ([], ["saving"])
    ]
    assert heaps[0] > 2
    assert heaps[1] == 2
