"""Targets installed from the local channel and those below it: pip check, and commands that run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dirac_forge.build.children import Child, ChildAnswer
from dirac_forge.build.environments import Environments
from dirac_forge.build.failures import Unsolvable
from dirac_forge.build.model import BuildOptions, CommandRun, InstalledTarget
from dirac_forge.build.slots import Slots
from dirac_forge.channel.records import Record
from dirac_forge.errors import UnknownError
from dirac_forge.files import replace_file
from dirac_forge.untrusted import parse_json
from dirac_forge.values import dataclass

_COMMAND_SECONDS = 120.0
_PIP_CHECK = "python -m pip check"


@dataclass(frozen=True, kw_only=True, slots=True)
class Installer:
    """Installs targets into fresh environments."""

    environments: Environments
    options: BuildOptions
    slots: Slots
    run: Callable[[Child], ChildAnswer]

    def install(self, target: str, specs: Sequence[str], python: str, commands: Sequence[str]) -> InstalledTarget:
        """Install a target, run pip check and the commands where it is."""
        # pip comes too where the target does not bring it: it is what checks.
        asked = (*specs, *((f"python {python}.*", "pip") if python else ()))
        found = self.environments.solve(asked, phase="install", environment=target)
        if isinstance(found, Unsolvable):
            return InstalledTarget(target=target, python=python, failure=found)
        label = f"{_file_name(target)}-{python or 'any'}"
        memory = self.options.folder / "state" / f"install-{label}.json"
        key = self._key(found, commands)
        known = None if self.options.force else _remembered(memory, key, target, python)
        if known is not None:
            return known
        memory.unlink(missing_ok=True)
        log = self.options.folder / "logs" / f"install-{label}.log"
        log.unlink(missing_ok=True)
        with self.slots.taken(hashlib.sha256(f"install {label}".encode()).hexdigest()[:12]) as slot:
            try:
                self.environments.mirror(found, slot.given / "channel")
            except UnknownError as error:
                failure = Unsolvable(phase="install", environment=target, specs=(), reason=error.message, unknown=True)
                return InstalledTarget(target=target, python=python, failure=failure)
            checks = (_PIP_CHECK,) if _has(found, "pip") else ()
            job = {
                "mode": "install",
                "phase": "install",
                "mirror": str(slot.given / "channel"),
                "prefix": str(slot.work / "env"),
                "folder": str(slot.work),
                "commands": [*checks, *commands],
                "seconds": _COMMAND_SECONDS,
            }
            child = Child(
                job=job,
                slot=slot,
                log=log,
                isolation=self.options.isolation,
                container=self.options.container,
                limits=self.options.limits,
            )
            answer = self.run(child)
        if answer.failure is not None:
            return InstalledTarget(target=target, python=python, failure=answer.failure, log=log)
        installed = replace(_installed(target, python, answer.values, len(checks)), log=log)
        if installed.passed:
            memory.parent.mkdir(parents=True, exist_ok=True)
            kept = {"key": key, "checks": len(checks), **answer.values}
            replace_file(memory, json.dumps(kept).encode())
        return installed

    def _key(self, records: Sequence[Record], commands: Sequence[str]) -> str:
        """Return what decides whether an installation has to be tried again."""
        try:
            inputs = self.environments.inputs(records)
        except UnknownError:
            return ""
        parts = [sorted(inputs.items()), list(commands)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _remembered(memory: Path, key: str, target: str, python: str) -> InstalledTarget | None:
    """Return what passed with exactly these packages and commands; None if that is not known."""
    try:
        values = parse_json(memory.read_bytes())
        if not key or values["key"] != key:
            return None
        return _installed(target, python, values, int(values["checks"]))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _installed(target: str, python: str, values: Mapping[str, Any], checks: int) -> InstalledTarget:
    """Return what a child answered; the first `checks` commands are pip check."""
    runs = [
        CommandRun(command=one["command"], code=one["code"], output=one["output"], seconds=one["seconds"])
        for one in values["commands"]
    ]
    return InstalledTarget(
        target=target,
        python=python,
        packages=int(values["packages"]),
        seconds=float(values["installed"]),
        pip_check=runs[0] if checks else None,
        commands=tuple(runs[checks:]),
    )


def _has(records: Sequence[Record], name: str) -> bool:
    return any(record.name == name for record in records)


def _file_name(target: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in target)[:80]
