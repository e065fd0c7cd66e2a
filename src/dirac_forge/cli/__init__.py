"""The command line: parse, wire, call, format; one small file per command."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from dirac_forge.cli.exit_codes import BROKEN_PIPE

__all__ = ["main", "run"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code: 0 done, 1 the answer is no, 2 wrong use or input, 3 could not be found out.

    `argv`: the arguments without the program's name; those of the process where None.
    """
    from dirac_forge.cli.program import application  # noqa: PLC0415  # `import dirac_forge.cli` stays cheap

    try:
        application()(args=None if argv is None else list(argv), prog_name="dirac-forge")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


def run() -> None:
    """The program `dirac-forge`."""
    for stream in (sys.stdout, sys.stderr):
        if not stream.isatty():  # a pipe or a file on Windows would get the code page of the console
            with contextlib.suppress(AttributeError, ValueError):
                stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    if os.environ.get("_DIRAC_FORGE_COMPLETE"):  # set by the script of `dirac-forge completion`
        from dirac_forge.cli.completion import complete  # noqa: PLC0415

        complete(sys.argv[1:])
        raise SystemExit(0)
    code = main()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more when it exits:
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    raise SystemExit(code)
