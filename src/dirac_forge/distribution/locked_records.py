"""Locked packages as records of the channel: what an audit compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from dirac_forge.audit.builds import declared_of
from dirac_forge.audit.findings import Finding, Severity
from dirac_forge.channel.file_lists import FileList, installed_files
from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.records import Record, name_of
from dirac_forge.distribution.locks import DEFAULT_ENVIRONMENT, Lock, LockedPackage
from dirac_forge.distribution.reading import installed_entries


def locked_environments(
    lock: Lock, index: Callable[[str], RecordIndex]
) -> Iterator[tuple[str, str, tuple[Record, ...]]]:
    """Yield name, platform and records of each environment of a lock.

    A record is the channel's where the channel has the file; else what the lock has, without dependencies where it is
    a list of URLs.
    """
    for environment, platforms in lock.environments.items():
        name = _target(lock, environment)
        for platform, packages in platforms.items():
            known = index(platform)
            known.prefetch(package.name for package in packages)
            yield name, platform, tuple(_record(package, known) for package in packages)


def added_requirements(lock: Lock, index: Callable[[str], RecordIndex]) -> Iterator[Finding]:
    """Yield what the channel's records require and the locked records of the same files do not.

    The lock's are what was or will be installed. Locks without whole records (conda-lock, lists of URLs) are left out.
    """
    for environment, platforms in lock.environments.items():
        target = _target(lock, environment)
        for platform, packages in platforms.items():
            versions = {package.name: package.version for package in packages}
            known = index(platform)
            for package in packages:
                if package.depends_known and package.size is not None:
                    yield from _added(package, _record(package, known), versions, target)


def _added(package: LockedPackage, record: Record, versions: Mapping[str, str], target: str) -> Iterator[Finding]:
    for spec in declared_of(record):
        if spec.spec in package.depends or spec.name.startswith("__"):
            continue
        version = versions.get(spec.name)
        severity: Severity = "high" if version is None else "low" if spec.admits(version) else "medium"
        yield Finding(
            record=record,
            kind="patched",
            dependency=spec.name,
            upstream=spec.spec,
            severity=severity,
            certainty="sure",
            targets=(target,),
        )


def _target(lock: Lock, environment: str) -> str:
    return lock.name if environment == DEFAULT_ENVIRONMENT else f"{lock.name} ({environment})"


def prefix_files(prefix: Path) -> dict[tuple[str, str], FileList]:
    """Return subdir and file of each installed package to the files that it installed.

    Raises:
        InputError: `prefix` is not an installed environment.
    """
    return {
        (str(entry.get("subdir", "")), _file_of(entry)): installed_files(entry) for entry in installed_entries(prefix)
    }


def _file_of(entry: dict[str, object]) -> str:
    return str(entry.get("fn") or "{name}-{version}-{build}.conda".format(**entry))


def _record(package: LockedPackage, known: RecordIndex) -> Record:
    file = unquote(PurePosixPath(package.url.partition("?")[0]).name)
    usual = f"{package.name}-{package.version}-{package.build}"
    files = {file} if file else {f"{usual}.conda", f"{usual}.tar.bz2"}
    for record in known.group(package.name).records:
        if record.file in files and package.subdir in ("", record.subdir):
            return record
    return Record(
        name=package.name,
        version=package.version,
        build=package.build,
        subdir=package.subdir or known.platform,
        depends=package.depends,
        noarch=_noarch(package),
        file_name=file if file != f"{usual}.conda" else "",
        channel=package.url.rpartition(f"/{package.subdir}/")[0] if package.subdir else "",
    )


def _noarch(package: LockedPackage) -> str | None:
    if package.subdir != "noarch":
        return None
    needs_python = any(name_of(spec) in {"python", "python_abi"} for spec in package.depends)
    return "python" if needs_python else "generic"
