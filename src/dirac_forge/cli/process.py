"""The process around a command: its streams, its interrupts and its end."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from contextlib import contextmanager, suppress

from dirac_forge.cli.exit_codes import BROKEN_PIPE, INTERNAL, INTERRUPTED
from dirac_forge.scratch import remove_scratch_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn, TextIO

UNWRITABLE = 2
UNWRITTEN = "The result can't be written"
_GRACE = 5.0
"""Seconds for cleaning up after an interrupt."""
_ARENA_MAX = -8
"""`M_ARENA_MAX` of glibc's mallopt(3)."""


def save_memory() -> None:
    """Set how this process uses memory; only the program does that, in a library it is for the caller to decide.

    Plans for thousands of feedstocks make millions of objects, next to none of them in cycles: at Python's own
    threshold the collector goes over them again and again. And glibc gives up to eight threads a processor a heap of
    their own, each of which keeps what it once had: a third of the memory of a large run.
    """
    gc.set_threshold(1_000_000, 20, 20)
    with suppress(AttributeError, OSError, TypeError):  # another libc
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)


def run_process(main: Callable[[], int]) -> NoReturn:
    """Run `main` with streams that can be written to, and end the process with its exit code.

    The end is immediate: neither threads that still run nor what libraries do at exit can change the code.
    """
    try:
        signal.signal(signal.SIGINT, _leave_at_once)
        _open_standard_streams()
        _encode_every_character()
        try:
            code = main()
        except OSError as error:  # of a help text, which typer prints
            code = _unwritten(error)
        except Exception as error:  # noqa: BLE001  # a normal end of the interpreter could crash in a library
            say(f"error: internal error: {type(error).__name__}: {error!r:.200}\n")
            code = INTERNAL
        _end(code)
    except KeyboardInterrupt:
        _leave_at_once()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let an interrupt be a KeyboardInterrupt inside, so that all is cleaned up within `_GRACE` seconds."""
    if signal.getsignal(signal.SIGINT) is not _leave_at_once:
        yield
        return
    from threading import Timer  # noqa: PLC0415  # the program starts sooner without

    # A thread may wait for a server that does not answer, and is waited for in turn.
    patience = Timer(_GRACE, _leave_at_once)
    patience.daemon = True

    def interrupt(*_: object) -> NoReturn:
        if not patience.is_alive():
            patience.start()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except Exception as error:
        if patience.is_alive():  # interrupted, and a library raised its own error for that
            raise KeyboardInterrupt from error
        raise
    finally:
        patience.cancel()
        signal.signal(signal.SIGINT, _leave_at_once)


def _open_standard_streams() -> None:
    """Open what was closed: the next file would take its number, and get what is printed.

    What is printed to a closed standard output is an error, as it is with other programs.
    """
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


_IN_ASCII = {"✓": "yes", "✗": "no", "…": "...", "→": "->", "\u2013": "-", "\u2014": "-", "·": "-", "≥": ">=", "≤": "<="}


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for characters that a terminal does not have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_IN_ASCII.get(mark, "?") for mark in missing), error.end


def _encode_every_character() -> None:
    """Write UTF-8 into pipes and files, and on a terminal what it has."""
    import codecs  # noqa: PLC0415

    codecs.register_error("dirac-forge", _in_ascii)
    _disarm_for_ci()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream.isatty():
                stream.reconfigure(errors="dirac-forge")  # type: ignore[union-attr]
            else:  # on Windows it would get the code page of the console
                stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        except (AttributeError, ValueError, OSError):
            continue


def _disarm_for_ci() -> None:
    """Write no foreign text into the log of a CI service that it would take for a command; files get what they get."""
    if not (os.environ.get("GITHUB_ACTIONS") or os.environ.get("TF_BUILD")):
        return
    import io  # noqa: PLC0415
    import stat  # noqa: PLC0415

    from dirac_forge.untrusted import without_commands  # noqa: PLC0415

    class Disarmed(io.TextIOWrapper):
        def write(self, text: str, /) -> int:
            super().write(without_commands(text))
            return len(text)

    for number, name in ((1, "stdout"), (2, "stderr")):
        if not stat.S_ISREG(os.fstat(number).st_mode):
            stream = getattr(sys, name)
            disarmed = Disarmed(
                stream.buffer, encoding=stream.encoding, errors=stream.errors, line_buffering=number == 2
            )
            setattr(sys, name, disarmed)


def _leave_at_once(*_: object) -> NoReturn:
    """End the process on an interrupt before or after the command, or on a second one."""
    _write(sys.__stderr__, "error: interrupted\n")
    remove_scratch_folders()
    os._exit(INTERRUPTED)


def _end(code: int) -> NoReturn:
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        code = code or _unwritten(error)
    say("")
    remove_scratch_folders()
    os._exit(code)


def _unwritten(error: Exception) -> int:
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    say(f"error: {UNWRITTEN}: {getattr(error, 'strerror', None) or error}\n")
    return UNWRITABLE


def say(text: str) -> None:
    """Write to stderr; if that is not possible, nobody is left to read it."""
    _write(sys.stderr, text)


def _write(stream: TextIO | None, text: str) -> None:
    try:
        if stream is not None:
            stream.write(text)
            stream.flush()
    except (OSError, ValueError):
        return  # nobody is left to read it
