"""Audits of many builds: their metadata looked up concurrently, the comparison made from values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from dirac_forge.audit.comparison import Declared, Published, Use, compare, declared_of, minor_versions
from dirac_forge.audit.findings import Audited, Uncompared
from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.records import Record
from dirac_forge.progress import Observer

__all__ = ["AuditedBuild", "audit", "builds_of", "recent_builds"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditedBuild:
    """A build to be audited, and the environments that install it."""

    record: Record
    uses: tuple[Use, ...]


def builds_of(environments: Iterable[tuple[str, str, Sequence[Record]]]) -> tuple[AuditedBuild, ...]:
    """Return the Python packages of these environments (target, platform, records), each build once."""
    uses: dict[tuple[str, str], tuple[Record, list[Use]]] = {}
    for target, platform, records in environments:
        versions = {record.name: record.version for record in records}
        python = ".".join(versions.get("python", "").split(".")[:2])
        use = Use(target=target, platform=platform, python=python, versions=versions)
        for record in records:
            if _needs_python(record):
                uses.setdefault((record.subdir, record.file), (record, []))[1].append(use)
    return tuple(AuditedBuild(record=record, uses=tuple(mine)) for record, mine in uses.values())


def audit(
    builds: Sequence[AuditedBuild],
    *,
    index: Callable[[str], RecordIndex],
    published: Callable[[Record], Published | Uncompared],
    executor: Executor,
    observer: Observer,
    overrides: Mapping[str, str] | None = None,
) -> tuple[Audited, ...]:
    """Return the findings for each build, in their order.

    Args:
        builds: from `builds_of`.
        index: the channel's records of a platform.
        published: looks up what upstream declares.
        executor: runs the look-ups.
        observer: is told of the progress.
        overrides: project to package, the workspace's.
    """
    task = "auditing"
    observer.started(task, len(builds))

    def audited(build: AuditedBuild) -> Audited:
        found = _audited(build, index, published, overrides)
        observer.advanced(task, detail=build.record.name)
        return found

    try:
        return tuple(executor.map(audited, builds))
    finally:
        observer.finished(task)


def _audited(
    build: AuditedBuild,
    index: Callable[[str], RecordIndex],
    published: Callable[[Record], Published | Uncompared],
    overrides: Mapping[str, str] | None,
) -> Audited:
    record = build.record
    upstream = published(record)
    if isinstance(upstream, Uncompared):
        return Audited(record=record, unknown=upstream)
    known = index(build.uses[0].platform)
    findings = compare(
        record,
        upstream,
        build.uses,
        versions=lambda name: tuple(dict.fromkeys(each.version for each in known.group(name).records)),
        brought=lambda dependency: _brought(known, dependency),
        siblings=[each for each in known.group(record.name).records if each.version == record.version],
        overrides=overrides,
    )
    return Audited(record=record, project=upstream.project, findings=findings)


def _brought(known: RecordIndex, dependency: Declared) -> tuple[str, ...]:
    """The names that the newest build which `dependency` admits depends on."""
    name, mask = known.match(dependency.spec)
    newest = next((each for at, each in enumerate(known.group(name).records) if mask >> at & 1), None) if name else None
    return tuple(spec.split(" ")[0] for spec in newest.depends) if newest else ()


def _needs_python(record: Record) -> bool:
    return any(spec.split(" ")[0] in {"python", "python_abi"} for spec in record.depends)


def recent_builds(index: RecordIndex, since: int, *, target: str) -> tuple[AuditedBuild, ...]:
    """Return the Python packages that were uploaded at `since` or later, with the Pythons that each admits.

    Args:
        index: the channel's records of a platform.
        since: milliseconds since 1970.
        target: what their environments are called.
    """
    names = sorted(index.names())
    index.prefetch(names)
    pythons = [str(each) for each in minor_versions(record.version for record in index.group("python").records)]
    found = []
    for name in names:
        for record in index.group(name).records:
            if (record.timestamp or 0) >= since and _needs_python(record):
                uses = [
                    Use(target=target, platform=index.platform, python=python, versions={})
                    for python in pythons
                    if _admits(record, python)
                ]
                found.append(AuditedBuild(record=record, uses=tuple(uses)))
    return tuple(build for build in found if build.uses)


def _admits(record: Record, python: str) -> bool:
    return all(
        each.admits(f"{python}.99" if each.name == "python" else python)
        for each in declared_of(record)
        if each.name in {"python", "python_abi"}
    )
