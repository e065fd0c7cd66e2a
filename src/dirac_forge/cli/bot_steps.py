"""The steps of a run of the bot, each in a process, job or unit of its own."""

from __future__ import annotations

from dirac_forge.cli.bot_run import RunRequest, observe_once, prepare_once, send_once
from dirac_forge.cli.context import Context
from dirac_forge.cli.log_lines import log_lines

__all__ = ["run_step"]

_STEPS = {"prepare": prepare_once, "send": send_once, "observe": observe_once}


def run_step(context: Context, step: str, request: RunRequest) -> int:
    """Run one step (`prepare`, `send`, `observe`), and return its exit code."""
    with log_lines(request.log, on_stderr=False) as write:
        return _STEPS[step](context, request, write)
