"""What a lock does not tell of its packages, from the channel: dependencies, licence, size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rattler import RepoDataRecord

from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.records import Record
from dirac_forge.distribution.locks import Lock, LockedPackage


def incomplete(lock: Lock) -> tuple[str, ...]:
    """Return the names of the packages without a size: conda-lock and lists of URLs have none."""
    return tuple(dict.fromkeys(package.name for package in _packages(lock) if package.size is None))


def unheard_of(lock: Lock) -> tuple[str, ...]:
    """Return the names of the packages of which not even the requirements are known."""
    return tuple(dict.fromkeys(package.name for package in _packages(lock) if not package.depends_known))


def _packages(lock: Lock) -> Iterator[LockedPackage]:
    for platforms in lock.environments.values():
        for packages in platforms.values():
            yield from packages


def completed(lock: Lock, index: Callable[[str], RecordIndex]) -> Lock:
    """Return the lock with what the channel's records of the same builds tell; others stay as they are."""
    return replace(
        lock,
        environments={
            environment: {
                platform: _completed(packages, index(platform)) if platform != "noarch" else packages
                for platform, packages in platforms.items()
            }
            for environment, platforms in lock.environments.items()
        },
    )


def _completed(packages: tuple[LockedPackage, ...], known: RecordIndex) -> tuple[LockedPackage, ...]:
    known.prefetch(package.name for package in packages)
    return tuple(_with_record(package, known) for package in packages)


def _with_record(package: LockedPackage, known: RecordIndex) -> LockedPackage:
    group = known.group(package.name)
    for record, raw in zip(group.records, group.found, strict=True):
        same = (record.version, record.build) == (package.version, package.build)
        if same and package.subdir in ("", record.subdir) and isinstance(raw, RepoDataRecord):
            return _filled(package, record, raw)
    return package


def _filled(package: LockedPackage, record: Record, raw: RepoDataRecord) -> LockedPackage:
    """Return the package, completed from its record where the lock says nothing."""
    return replace(
        package,
        size=package.size if package.size is not None else raw.size,
        license=package.license or raw.license or "",
        depends=package.depends if package.depends_known else record.depends,
        depends_known=True,
        sha256=package.sha256 or (raw.sha256.hex() if raw.sha256 else ""),
    )


def with_asked(lock: Lock, names: frozenset[str]) -> Lock:
    """Return the lock in which packages of these names are marked as asked for."""
    return replace(
        lock,
        environments={
            environment: {
                platform: tuple(
                    replace(package, asked=True) if package.name in names else package for package in packages
                )
                for platform, packages in platforms.items()
            }
            for environment, platforms in lock.environments.items()
        },
    )
