"""Audits of many builds: their metadata looked up concurrently, the comparison made from values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor

from packaging.version import Version

from dirac_forge.audit.builds import Declared, Published, Surroundings, Use, admits_python, minor_versions
from dirac_forge.audit.comparison import compare
from dirac_forge.audit.findings import Audited, Uncompared
from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.records import Record, name_of
from dirac_forge.progress import Observer
from dirac_forge.values import dataclass


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
    python_min: str = "",
) -> tuple[Audited, ...]:
    """Return the findings for each build, in their order.

    Args:
        builds: from `builds_of`.
        index: the channel's records of a platform.
        published: looks up what upstream declares.
        executor: runs the look-ups.
        observer: receives the progress.
        overrides: project to package, the workspace's.
        python_min: the oldest Python that the channel builds for, `X.Y`; "" for any.
    """
    task = "auditing"
    observer.started(task, len(builds))

    def audited(build: AuditedBuild) -> Audited:
        upstream = published(build.record)
        if isinstance(upstream, Uncompared):
            found = Audited(record=build.record, unknown=upstream)
        else:
            around = _surroundings(index(build.uses[0].platform), build.record, overrides, python_min)
            findings = compare(build.record, upstream, build.uses, around)
            found = Audited(record=build.record, project=upstream.project, findings=findings)
        observer.advanced(task, detail=build.record.name)
        return found

    try:
        return tuple(executor.map(audited, builds))
    finally:
        observer.finished(task)


def _surroundings(
    known: RecordIndex, record: Record, overrides: Mapping[str, str] | None, python_min: str
) -> Surroundings:
    def versions(name: str) -> Sequence[str]:
        return known.group(name).versions

    def newest(dependency: Declared) -> Record | None:
        return known.newest(dependency.spec)

    def runs_on(name: str, version: str, python: str) -> bool:
        builds = (each for each in known.group(name).records if each.version == version)
        return any(admits_python(each, python) for each in builds)

    return Surroundings(
        versions=versions,
        newest=newest,
        runs_on=runs_on,
        builds=known.group(record.name).records,
        overrides=overrides,
        python_min=python_min,
    )


def _needs_python(record: Record) -> bool:
    """Whether a build is a Python package; one for any platform is, even if it lacks the requirement."""
    return record.noarch == "python" or any(name_of(spec) in {"python", "python_abi"} for spec in record.depends)


def recent_uploads(index: RecordIndex, since: int) -> tuple[Record, ...]:
    """Return the builds that were uploaded at `since` (milliseconds since 1970) or later, by name.

    A build for another platform (one that depends on `__win`, seen from Linux) is left out.
    """
    names = sorted(index.names())
    index.prefetch(names)
    records = (record for name in names for record in index.group(name).records)
    return tuple(each for each in records if (each.timestamp or 0) >= since and _runs_on(index, each))


def python_builds(index: RecordIndex, uploads: Iterable[Record], *, python_min: str = "") -> tuple[AuditedBuild, ...]:
    """Return the Python packages among uploads, with the Pythons that each admits.

    Args:
        index: the channel's records of a platform.
        uploads: from `recent_uploads`.
        python_min: the oldest Python that the channel builds for, `X.Y`; older ones are left out. "" for any.
    """
    pythons = _pythons(index, python_min)
    found = (
        AuditedBuild(record=record, uses=_possible_uses(index.platform, record, pythons))
        for record in uploads
        if _needs_python(record)
    )
    return tuple(build for build in found if build.uses)


def _pythons(index: RecordIndex, oldest: str) -> list[str]:
    known = minor_versions(record.version for record in index.group("python").records)
    return [str(each) for each in known if not oldest or each >= Version(oldest)]


def _possible_uses(platform: str, record: Record, pythons: Iterable[str]) -> tuple[Use, ...]:
    """Return an environment for each Python that the build admits."""
    return tuple(
        Use(target="", platform=platform, python=python, versions={})
        for python in pythons
        if admits_python(record, python)
    )


def _runs_on(index: RecordIndex, record: Record) -> bool:
    """Whether a machine of the platform has the virtual packages that the build asks for."""
    return all(index.group(name).records for spec in record.depends if (name := name_of(spec)).startswith("__"))
