"""Targets installed from the local channel and those below it: pip check, and commands that run."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from typing import Any

from dirac_forge.build.children import Child, ChildAnswer
from dirac_forge.build.environments import Environments
from dirac_forge.build.failures import Unsolvable
from dirac_forge.build.model import BuildOptions, CommandRun, InstalledTarget
from dirac_forge.errors import UnknownError

__all__ = ["install_target"]

_COMMAND_SECONDS = 120.0
_PIP_CHECK = "python -m pip check"


def install_target(
    target: str,
    specs: Sequence[str],
    python: str,
    commands: Sequence[str],
    *,
    environments: Environments,
    options: BuildOptions,
    run: Callable[[Child], ChildAnswer],
) -> InstalledTarget:
    """Install a target into a fresh environment, run pip check and the commands in it."""
    asked = (*specs, *((f"python {python}.*",) if python else ()))
    # pip comes too where the target does not bring it: it is what checks.
    found = environments.solve((*asked, "pip"), phase="install", environment=target)
    if isinstance(found, Unsolvable):
        return InstalledTarget(target=target, python=python, failure=found)
    if not any(record.name == "python" for record in found):
        found = environments.solve(asked, phase="install", environment=target)
        if isinstance(found, Unsolvable):
            return InstalledTarget(target=target, python=python, failure=found)
    name = hashlib.sha256(f"install {target} {python}".encode()).hexdigest()[:12]
    folder = options.folder / "work" / name
    log = options.folder / "logs" / f"install-{_file_name(target)}-{python or 'any'}.log"
    log.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        return _installed(target, python, found, commands, environments, options, run, folder, log)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _installed(
    target: str,
    python: str,
    records: Sequence[Any],
    commands: Sequence[str],
    environments: Environments,
    options: BuildOptions,
    run: Callable[[Child], ChildAnswer],
    folder: Any,
    log: Any,
) -> InstalledTarget:
    try:
        environments.mirror(records, folder / "channel")
    except UnknownError as error:
        failure = Unsolvable(phase="install", environment=target, specs=(), text=error.message, unknown=True)
        return InstalledTarget(target=target, python=python, failure=failure)
    checks = (_PIP_CHECK,) if any(record.name == "pip" for record in records) else ()
    job = {
        "mode": "install",
        "phase": "install",
        "mirror": str(folder / "channel"),
        "prefix": str(folder / "env"),
        "folder": str(folder),
        "commands": [*checks, *commands],
        "seconds": _COMMAND_SECONDS,
    }
    child = Child(
        job=job,
        folder=folder,
        log=log,
        cache=options.folder / "cache",
        isolation=options.isolation,
        container=options.container,
        limits=options.limits,
    )
    answer = run(child)
    if answer.failure is not None:
        return InstalledTarget(target=target, python=python, failure=answer.failure, log=log)
    runs = tuple(
        CommandRun(command=one["command"], code=int(one["code"]), output=one["output"], seconds=float(one["seconds"]))
        for one in answer.values["commands"]
    )
    return InstalledTarget(
        target=target,
        python=python,
        packages=int(answer.values["packages"]),
        seconds=float(answer.values["installed"]),
        pip_check=runs[0] if checks else None,
        commands=runs[len(checks) :],
        log=log,
    )


def _file_name(target: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in target)[:80]
