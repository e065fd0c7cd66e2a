"""A step of a run in a separate process: one that has the token, started by one that does not."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import dirac_forge
from dirac_forge.cli.bot_request import RunRequest
from dirac_forge.cli.context import Context
from dirac_forge.cli.exit_codes import INTERNAL

_SAFE = "PYTHONSAFEPATH"
_PACKAGE = Path(dirac_forge.__file__).parents[1]
"""Where this program is; who works in that folder means it."""


Step = Callable[[Context, str, RunRequest], int]
"""Runs a step by its name."""


def in_child(run: Step, context: Context, step: Literal["observe", "send"], request: RunRequest) -> int:
    """Run a step that has the token in a separate process, and return its exit code."""
    context.observer.stop()
    values = {"request": replace(request, summary=request.summary if step == "send" else None)}
    child = multiprocessing.get_context("spawn").Process(target=_child, args=(run, step, context.options, values))
    with _nothing_from_here():
        child.start()
    child.join()
    code = child.exitcode
    return INTERNAL if code is None or code < 0 else code


@contextmanager
def _nothing_from_here() -> Iterator[None]:
    """Let a process that is started meanwhile import nothing from the working folder: it will have the token."""
    path, here = list(sys.path), Path.cwd()
    known = os.environ.get(_SAFE)
    sys.path[:] = [each for each in path if each and (Path(each).absolute() != here or here == _PACKAGE)]
    os.environ[_SAFE] = "1"
    try:
        yield
    finally:
        sys.path[:] = path
        if known is None:
            del os.environ[_SAFE]
        else:
            os.environ[_SAFE] = known


def _child(run: Step, step: str, options: object, values: dict[str, RunRequest]) -> None:
    from dirac_forge.cli.running import run_command  # noqa: PLC0415  # a command imports what runs commands

    raise SystemExit(run_command(run, options, {"step": step, **values}))  # type: ignore[arg-type]
