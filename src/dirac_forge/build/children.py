"""Child processes that do one job of the build engine each, and what they answer."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from dirac_forge.build.answers import is_answer
from dirac_forge.build.failures import Crashed, DiskFull, Failure, OutOfMemory, TimedOut, UnknownFailure, recognised
from dirac_forge.build.handed_over import last_bytes, whole
from dirac_forge.build.isolation import (
    Container,
    Isolation,
    Limits,
    Seen,
    child_environment,
    contained,
    end_container,
    wrapped,
)
from dirac_forge.build.slots import Slot
from dirac_forge.programs import TooMuchError, TooSlowError, run
from dirac_forge.untrusted import parse_json
from dirac_forge.values import dataclass

_MOST_OUTPUT = 50_000_000
_MOST_LOG = 5_000_000
_MOST_KEPT = 50_000_000
_SIGKILL = 9
_RESERVE = 1_000_000_000
"""Bytes of the disk that no child may use: whatever else runs on the machine needs some, too."""
_LOG = "log.txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A job and where it runs; plain values, so that it can be run on another machine with the same files."""

    job: Mapping[str, Any]
    slot: Slot
    log: Path
    readable: tuple[Path, ...] = ()
    isolation: Isolation = "none"
    container: Container | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildAnswer:
    """What the engine answered, or why there is no answer."""

    values: Mapping[str, Any] = field(default_factory=dict)
    failure: Failure | None = None
    seconds: float = 0.0


def run_child(child: Child) -> ChildAnswer:
    """Run one job to its end. A crash or abort after the answer was written does not take it away.

    `failure` is set where the engine reports an error, dies without an answer, takes too long, or fills the disk.
    """
    phase = child.job.get("phase", "build")
    home = child.slot.work / "home"
    for each in (home / "tmp", child.slot.cache, child.log.parent):
        each.mkdir(parents=True, exist_ok=True)
    job, answer = child.slot.work / "job.json", child.slot.work / "answer.json"
    log = child.slot.work / _LOG
    alone = child.container is not None or child.isolation != "none"
    job.write_text(json.dumps({**child.job, "memory": child.limits.memory, "alone": alone}), encoding="utf-8")
    try:
        _require_space(child.slot.work)
        code, said = _run(child, home, (str(job), str(answer), str(log)))
    except _LittleSpaceError:
        _keep_log(child, b"")
        return ChildAnswer(failure=DiskFull(phase=phase, reserve=_RESERVE, excerpt=tuple(_lines(child)[-10:])))
    except TooSlowError:
        _keep_log(child, b"")
        return ChildAnswer(
            failure=TimedOut(phase=phase, seconds=child.limits.seconds, excerpt=tuple(_lines(child)[-10:])),
            seconds=child.limits.seconds,
        )
    _keep_log(child, said)
    try:
        values = parse_json(whole(answer, area=child.slot.work, most=_MOST_OUTPUT))
    except (OSError, ValueError):
        excerpt = tuple([*_lines(child), *said.decode("utf-8", "replace").splitlines()][-20:])
        if code in (-_SIGKILL, 128 + _SIGKILL):
            return ChildAnswer(failure=OutOfMemory(phase=phase, excerpt=excerpt))
        return ChildAnswer(failure=Crashed(phase=phase, code=code, excerpt=excerpt))
    if not is_answer(values, child.job):
        excerpt = tuple(_lines(child)[-20:])
        message = "the result of the build engine is invalid: a build may have replaced it"
        return ChildAnswer(failure=UnknownFailure(phase=phase, message=message, excerpt=excerpt))
    seconds = float(values["seconds"])
    if "error" in values:
        return ChildAnswer(failure=recognised(_lines(child), phase=phase, message=values["error"]), seconds=seconds)
    return ChildAnswer(values=values, seconds=seconds)


def _run(child: Child, home: Path, arguments: Sequence[str]) -> tuple[int, bytes]:
    engine = Path(__file__).with_name("engine.py")
    environment = child_environment(os.environ, home=home, cache_folder=child.slot.cache)
    seen = Seen(writable=(child.slot.work,), readable=(*child.readable, child.slot.given, engine.parent))
    name = f"dirac-forge-{secrets.token_hex(6)}"
    if child.container is not None:
        command = contained(
            ["python", "-I", str(engine), *arguments],
            container=child.container,
            name=name,
            seen=seen,
            environment=environment,
            limits=child.limits,
        )
        environment = {**environment, "HOME": str(Path.home())}  # the container program's own settings
    else:
        command = wrapped([sys.executable, "-I", str(engine), *arguments], seen=seen, isolation=child.isolation)
    try:
        done = run(
            command,
            timeout=child.limits.seconds,
            environment=environment,
            folder=child.slot.work,
            limit=_MOST_OUTPUT,
            watch=lambda: _require_space(child.slot.work),
        )
    except BaseException as error:
        if child.container is not None:
            end_container(child.container, name)
        if isinstance(error, TooMuchError):
            return -1, str(error).encode()
        raise
    return done.code, done.output[-_MOST_LOG:] + done.errors[-_MOST_LOG:]


class _LittleSpaceError(Exception):
    """Less of the disk is free than has to be."""


def _require_space(folder: Path) -> None:
    if shutil.disk_usage(folder).free < _RESERVE:
        raise _LittleSpaceError


def _keep_log(child: Child, said: bytes) -> None:
    """Append what the engine logged, and other output, to the log that is kept."""
    told = last_bytes(child.slot.work / _LOG, area=child.slot.work, most=_MOST_KEPT)
    with child.log.open("ab") as kept:
        if len(told) == _MOST_KEPT:
            kept.write(b"(only the end of this log was kept)\n")
        kept.write(told + said)


def _lines(child: Child) -> list[str]:
    told = last_bytes(child.slot.work / _LOG, area=child.slot.work, most=_MOST_LOG)
    return told.decode("utf-8", errors="replace").splitlines()
