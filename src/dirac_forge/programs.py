"""Other programs: run without a shell, with a time limit that ends their children too, and without our secrets."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Finished", "TooSlowError", "plain_environment", "run"]

# What a program that we start has no business with: secrets, and what would turn git to another repository.
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE|COOKIE|(^|_)(PAT|KEY|AUTH)$", re.IGNORECASE)
_GIT = re.compile(r"GIT_(?!SSL_CAINFO$|SSL_CAPATH$)|SSH_ASKPASS$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How a program ended."""

    code: int
    """0 where it says that all went well; negative: the signal that ended it."""
    output: bytes
    errors: bytes


class TooSlowError(Exception):
    """A program took longer than it may; it and its children were ended."""


def plain_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment (by default this process's) without secrets, and without what redirects git."""
    known = os.environ if environment is None else environment
    return {name: value for name, value in known.items() if not _SECRET.search(name) and not _GIT.match(name)}


def run(
    command: Sequence[str],
    *,
    timeout: float,
    environment: Mapping[str, str],
    folder: Path | None = None,
    stdin: bytes = b"",
) -> Finished:
    """Run a program to its end, `timeout` seconds at most.

    Raises FileNotFoundError where there is no such program, TooSlowError where it takes too long. Whatever ends the
    wait (an interrupt, too) ends the program and what it started.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired as exc:
            _end(process)
            raise TooSlowError(f"no end within {timeout:g} s") from exc
        except BaseException:
            _end(process)
            raise
    return Finished(code=process.returncode, output=output, errors=errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate()
