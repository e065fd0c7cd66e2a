"""Locks of pixi (`pixi.lock`): whether their exact packages still can be installed together."""

from __future__ import annotations

from pathlib import Path

from rattler import LockFile
from rattler.lock import Environment

from dirac_forge.channel.virtual import PLATFORMS
from dirac_forge.check.files.content import Asking, content_of, main_first
from dirac_forge.check.targets import DEFAULT_ENVIRONMENT, Target
from dirac_forge.errors import InputError

_KNOWN = frozenset("1234567")
"""The versions of the format that this py-rattler knows."""


def read_pixi_lock_targets(path: Path, asked: Asking) -> tuple[Target, ...]:
    """Return a target for each environment of a lock; every package is asked for by version and build.

    Raises:
        InputError: the file is damaged, its format is newer than this rattler knows, or it has no conda package.
    """
    try:
        lock = LockFile.from_path(path)
        targets = [_target(path, name, environment, asked) for name, environment in lock.environments()]
    except Exception as exc:  # the exceptions of the parser share no base
        raise InputError(
            f"{path}: not readable as a pixi.lock: {str(exc).splitlines()[0]}", hint=unreadable_hint(path)
        ) from exc
    found = tuple(target for target in targets if any(target.all_specs()))
    if not found:
        raise InputError(f"{path}: it lists no conda package")
    return found


def unreadable_hint(path: Path) -> str:
    """Return what to do about a pixi.lock that can't be read: it is damaged, or its format is newer."""
    lines = content_of(path, most=64_000_000).splitlines()
    conflict = next((at for at, line in enumerate(lines, 1) if line.startswith(("<<<<<<<", ">>>>>>>"))), 0)
    if conflict:
        return f"It has conflict markers of git, the first in line {conflict}: take one side, and lock again."
    version = next((line.partition(":")[2].strip() for line in lines if line.startswith("version:")), "")
    if version.isdigit() and version not in _KNOWN:
        return "Its format is newer than this py-rattler; `pixi lock` with an older pixi writes an older format."
    return "The file is damaged: restore it, or lock again."


def _target(path: Path, name: str, environment: Environment, asked: Asking) -> Target:
    locked = {
        str(platform): main_first(f"{one.name.normalized} =={one.version} {one.build}" for one in records)
        for platform, records in sorted(environment.conda_repodata_records().items(), key=lambda item: str(item[0]))
    }
    by_pip = sorted({str(each.name) for some in environment.pypi_packages().values() for each in some})
    elsewhere: dict[str, tuple[str, ...]] = {platform: () for platform in PLATFORMS if platform not in locked}
    return Target(
        name=path.name if name == DEFAULT_ENVIRONMENT else f"{path.name}:{name}",
        specs=next((specs for specs in locked.values() if specs), ()),
        by_platform=elsewhere | locked,
        platforms=tuple(locked),
        pythons=asked.pythons,
        environment=name,
        channels=tuple(str(channel) for channel in environment.channels()),
        notes=(f"{path}: packages from pip are left out: {', '.join(by_pip)}",) if by_pip else (),
    )
