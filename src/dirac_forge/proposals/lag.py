"""Since when recipes lag behind upstream: the first release with what they still lack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.bump.drift.carried import Carried, LagStart
from dirac_forge.errors import ForgeError
from dirac_forge.untrusted import parse_version
from dirac_forge.upstream.files.requirements import exactly

if TYPE_CHECKING:
    from dirac_forge.bump.drift.merge import Drift
    from dirac_forge.upstream.files.facts import CoreMetadata
    from dirac_forge.upstream.index.project import Release
    from dirac_forge.upstream.lookup import Lookup


def dated(drift: Drift, projects: Iterable[str], version: str, lookup: Lookup) -> Drift:
    """Return the drift with since when each line of it lags; `projects` are the recipe's, at `version`.

    A line whose history can't be read stays without a date.
    """
    named = list(projects)
    return replace(
        drift,
        added=tuple(_dated(line, named, version, lookup) for line in drift.added),
        changed=tuple(_dated(line, named, version, lookup) for line in drift.changed),
    )


def _dated(line: Carried, projects: Sequence[str], version: str, lookup: Lookup) -> Carried:
    if not line.lags:
        return line
    for project in projects:
        try:
            start = _start(line, project, version, lookup)
        except ForgeError:
            continue
        if start is not None:
            return replace(line, since=start)
    return line


def _start(line: Carried, project: str, version: str, lookup: Lookup) -> LagStart | None:
    current = parse_version(version)
    releases = [one for one in lookup.project(project).releases if _counts(one, current)]
    said = _said_of(line)
    if not releases or not said(lookup.metadata(project, exactly(version))):
        return None

    def told(release: Release) -> frozenset[str]:
        return said(lookup.metadata(project, exactly(str(release.version))))

    first = first_with(list(reversed(releases)), told)
    dates = [file.uploaded for file in first.files if file.uploaded is not None]
    return LagStart(version=str(first.version), date=f"{min(dates):%Y-%m-%d}" if dates else "")


def _counts(release: Release, current: Version | None) -> bool:
    if current is None or release.version > current or not release.files or release.yanked is not None:
        return False
    return not release.version.is_prerelease or release.version == current


def _said_of(line: Carried) -> Callable[[CoreMetadata], frozenset[str]]:
    """Return what metadata says of the line's project, or of Python; empty where nothing."""
    if line.part == "python":
        return lambda metadata: frozenset(filter(None, [metadata.requires_python]))
    name = canonicalize_name(line.project or line.package)
    return lambda metadata: frozenset(str(one) for one in metadata.requires_dist if canonicalize_name(one.name) == name)


def first_with(newest_first: Sequence[Release], told: Callable[[Release], frozenset[str]]) -> Release:
    """Return the first release that has what the newest one has, in few questions.

    All later releases are assumed to have it too: the step back doubles until a release differs.
    """
    now = told(newest_first[0])
    same, step = 0, 1
    other = len(newest_first)
    while same + step < other:
        if told(newest_first[same + step]) != now:
            other = same + step
            break
        same += step
        step *= 2
    while other - same > 1:
        middle = (same + other) // 2
        if told(newest_first[middle]) == now:
            same = middle
        else:
            other = middle
    return newest_first[same]
