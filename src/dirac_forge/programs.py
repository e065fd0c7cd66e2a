"""Other programs: run without a shell, with a time limit that ends their children too, and without our secrets."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dirac_forge.values import dataclass

# What a program that we start has no business with: secrets, and what would turn git to another repository.
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE|COOKIE|(^|_)(PAT|KEY|AUTH)$", re.IGNORECASE)
_LOOK = 0.25
"""Seconds after which what was printed so far is measured."""
_LAST_WORDS = 2.0
"""Seconds for what a program that was ended has printed."""
_GIT = re.compile(r"GIT_(?!SSL_CAINFO$|SSL_CAPATH$)|SSH_ASKPASS$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How a program ended."""

    code: int
    """0 if it says that all went well; negative: the signal that ended it."""
    output: bytes
    errors: bytes


class TooMuchError(Exception):
    """A program printed more than it may; it and its children were ended."""


class TooSlowError(Exception):
    """A program took longer than it may; it and its children were ended."""


def plain_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment (by default this process's) without secrets, and without what redirects git."""
    known = os.environ if environment is None else environment
    return {name: value for name, value in known.items() if not is_secret(name) and not _GIT.match(name)}


def is_secret(name: str) -> bool:
    """Return whether a variable of this name holds a secret, as far as the name tells."""
    return _SECRET.search(name) is not None


def run(
    command: Sequence[str],
    *,
    timeout: float,
    environment: Mapping[str, str],
    folder: Path | None = None,
    stdin: bytes = b"",
    limit: int | None = None,
    watch: Callable[[], None] | None = None,
) -> Finished:
    """Run a program to its end, `timeout` seconds at most. `watch` is called all the while, and may raise.

    Raises FileNotFoundError if there is no such program, TooSlowError if it takes too long, TooMuchError if it
    prints more than `limit` bytes, to stdout or stderr. Whatever ends the wait (an interrupt, too) ends the
    program and what it started.
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
            output, errors = _said(process, stdin, timeout, limit, watch)
        except subprocess.TimeoutExpired as exc:
            _end(process)
            raise TooSlowError(f"no end within {timeout:g} s") from exc
        except BaseException:
            _end(process)
            raise
    return Finished(code=process.returncode, output=output, errors=errors)


def _said(
    process: subprocess.Popen[bytes],
    stdin: bytes,
    timeout: float,
    limit: int | None,
    watch: Callable[[], None] | None,
) -> tuple[bytes, bytes]:
    if limit is None and watch is None:
        return process.communicate(stdin, timeout=timeout)
    most = sys.maxsize if limit is None else limit
    end = time.monotonic() + timeout
    given: bytes | None = stdin
    while True:
        left = end - time.monotonic()
        try:
            output, errors = process.communicate(given, timeout=max(0.0, min(left, _LOOK)))
        except subprocess.TimeoutExpired as exc:
            given = None  # it goes on with what it was given
            if max(len(exc.output or b""), len(exc.stderr or b"")) > most:
                raise TooMuchError(f"more than {most:,} bytes") from exc
            if left <= _LOOK:
                raise
            if watch is not None:
                watch()
            continue
        if max(len(output), len(errors)) > most:
            raise TooMuchError(f"more than {most:,} bytes")
        return output, errors


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform != "win32":  # there are no groups of processes there
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    # One that left the group may hold the pipes open for as long as it likes.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_LAST_WORDS)
