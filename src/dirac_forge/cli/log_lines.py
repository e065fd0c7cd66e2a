"""Where the lines of the bot's log go: a file, or stderr."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from dirac_forge.errors import InputError


@contextlib.contextmanager
def log_lines(path: Path | None, *, on_stderr: bool) -> Iterator[Callable[[str], None] | None]:
    """Yield what writes a line: to a file, else to stderr where that is requested; None for neither.

    Raises InputError for a file that can't be written.
    """
    if path is None:
        yield (lambda line: _put(sys.stderr, line)) if on_stderr else None
        return
    lock = threading.Lock()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--log: {path} can't be written: {error.strerror or error}") from error

    def write(line: str) -> None:
        try:
            with lock:
                _put(file, line)
        except OSError as error:
            raise InputError(f"--log: {path} can't be written: {error.strerror or error}") from error

    with file:
        yield write


def _put(file: IO[str], line: str) -> None:
    file.write(f"{line}\n")
    file.flush()
