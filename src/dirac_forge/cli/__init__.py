"""The command line: parse, wire, call, format; one small file per command."""

from __future__ import annotations

import os
import sys

from dirac_forge.cli.process import run_process, save_memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main", "run"]

_LONGEST_SIZE = 5
"""Digits of the size of a terminal."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; `argv` are the arguments, those of the process where None.

    0: success; 1: the answer is no; 2: usage error or unreadable input; 3: the answer is unknown; 70: internal error.
    """
    from dirac_forge.cli.program import application  # noqa: PLC0415  # `import dirac_forge.cli` stays cheap

    for size in ("COLUMNS", "LINES"):  # rich would read a number of any length
        if len(os.environ.get(size, "")) > _LONGEST_SIZE:
            del os.environ[size]
    try:
        application()(args=None if argv is None else list(argv), prog_name="dirac-forge")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


def run() -> None:
    """Run the program `dirac-forge`; does not return."""
    save_memory()
    # Set by the script of `dirac-forge completion`.
    run_process(_complete if os.environ.get("_DIRAC_FORGE_COMPLETE") else main)


def _complete() -> int:
    from dirac_forge.cli.completion import complete  # noqa: PLC0415

    complete(sys.argv[1:])
    return 0
