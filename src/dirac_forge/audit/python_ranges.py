"""The Pythons that a noarch build admits, compared with upstream's `Requires-Python`; decides from values alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.audit.builds import Published, Surroundings, Use, declared_of, minor_versions
from dirac_forge.audit.findings import Finding, FindingKind, Severity
from dirac_forge.channel.records import Record


def python_findings(
    record: Record, published: Published, uses: Sequence[Use], around: Surroundings
) -> Iterator[Finding]:
    """Yield the Pythons that a noarch build admits and upstream excludes, or the other way round.

    A build whose range has nothing in common with upstream's is a stand-in for later Pythons (`dataclasses`), and no
    fault. Builds of a version may share the Pythons out among them, as those of pip do: where other versions are shared
    out, a build that is not there does not make this one a fault.
    """
    if record.noarch != "python" or published.requires_python is None:
        return
    pythons = minor_versions(around.versions("python"))
    upstream = _allowed(published.requires_python, pythons)
    mine = _admitted(record, pythons)
    if mine and set(mine).isdisjoint(upstream):
        return
    if wrong := [python for python in mine if python not in upstream]:
        yield _looser(record, published, wrong, used={use.python for use in uses if use.target})
    yield from _stricter(record, published, upstream, pythons, around)


def _looser(record: Record, published: Published, wrong: Sequence[Version], *, used: Collection[str]) -> Finding:
    now = next((python for python in wrong if str(python) in used), None)
    return _finding(record, published, "python-looser", now or wrong[0], "high" if now else "low")


def _stricter(
    record: Record, published: Published, upstream: Sequence[Version], pythons: Sequence[Version], around: Surroundings
) -> Iterator[Finding]:
    versions = _by_version(around.builds)
    served = _served([record, *versions.get(record.version, ())], pythons)
    kept_out = [python for python in upstream if python not in served and _is_built_for(python, around)]
    if not kept_out or not served or any(_is_shared_out(builds, pythons) for builds in versions.values()):
        return
    patch = _ends_at_a_patch(record)
    severity: Severity = "medium" if kept_out[0] > max(served) and not patch else "low"
    yield _finding(record, published, "python-stricter", kept_out[0], severity, guess=patch)


def _is_built_for(python: Version, around: Surroundings) -> bool:
    return not around.python_min or python >= Version(around.python_min)


def _ends_at_a_patch(record: Record) -> bool:
    """Whether the range ends at one patch version (`<3.12.4`): somebody found it to break there, after upstream."""
    specs = (each.version for each in declared_of(record) if each.name == "python")
    return any(re.search(r"<=?\d+\.\d+\.[1-9]", spec) for spec in specs)


def _by_version(builds: Iterable[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for build in builds:
        found.setdefault(build.version, []).append(build)
    return found


def _is_shared_out(builds: Sequence[Record], pythons: Sequence[Version]) -> bool:
    """Whether noarch builds of one version serve Pythons without overlap."""
    ranges = {frozenset(_admitted(build, pythons)) for build in builds if build.noarch == "python"} - {frozenset()}
    return len(ranges) > 1 and any(not one & other for one in ranges for other in ranges)


def _served(builds: Iterable[Record], pythons: Sequence[Version]) -> set[Version]:
    return {python for build in builds for python in _admitted(build, pythons)}


def _allowed(requires_python: SpecifierSet, pythons: Iterable[Version]) -> list[Version]:
    return [python for python in pythons if requires_python.contains(f"{python}.99")]


def _admitted(record: Record, pythons: Iterable[Version]) -> list[Version]:
    specs = [each for each in declared_of(record) if each.name == "python"]
    return [python for python in pythons if all(spec.admits(f"{python}.99") for spec in specs)]


def _finding(
    record: Record, published: Published, kind: FindingKind, python: Version, severity: Severity, *, guess: bool = False
) -> Finding:
    return Finding(
        record=record,
        kind=kind,
        dependency="python",
        declared=next((each.spec for each in declared_of(record) if each.name == "python"), ""),
        upstream=f"Requires-Python: {published.requires_python}",
        specifier=published.requires_python,
        where=published.where,
        example=str(python),
        severity=severity,
        certainty="guess" if guess else "sure",
    )
