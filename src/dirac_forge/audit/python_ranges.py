"""The Pythons that a noarch build admits, compared with upstream's `Requires-Python`; decides from values alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.audit.builds import Published, Surroundings, Use, declared_of, minor_versions
from dirac_forge.audit.findings import Finding, FindingKind, Severity
from dirac_forge.channel.records import Record

__all__ = ["python_findings"]


def python_findings(
    record: Record, published: Published, uses: Sequence[Use], around: Surroundings
) -> Iterator[Finding]:
    """Yield the Pythons that a noarch build admits and upstream excludes, or the other way round.

    Builds of the version may share the Pythons out among them, as those of pip do: where other versions are shared out
    and the other build of this one is not there, the finding is a guess.
    """
    if record.noarch != "python" or published.requires_python is None:
        return
    pythons = minor_versions(around.versions("python"))
    upstream = _allowed(published.requires_python, pythons)
    mine = _admitted(record, pythons)
    wrong = [python for python in mine if python not in upstream]
    if wrong and not set(mine) & set(upstream):
        # The ranges have nothing in common: the package is a stand-in for later Pythons (`dataclasses`).
        yield _finding(record, published, "python-looser", wrong[0], "low", guess=True)
        return
    if wrong:
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
    oldest = Version(around.python_min) if around.python_min else None
    kept_out = [python for python in upstream if python not in served and (oldest is None or python >= oldest)]
    if not kept_out or not served:
        return
    shared_out = any(_is_shared_out(builds, pythons) for builds in versions.values())
    newer = kept_out[0] > max(served)
    severity: Severity = "medium" if newer and not shared_out else "low"
    yield _finding(record, published, "python-stricter", kept_out[0], severity, guess=newer and shared_out)


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
