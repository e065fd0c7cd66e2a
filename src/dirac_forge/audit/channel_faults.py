"""Faults that the channel's own records show: builds that were taken back, missing licences, pins of another time.

Decided from values. Where there is no evidence, that is a gap: reported once, and never a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Literal

from rattler import Version as CondaVersion

from dirac_forge.audit.builds import Declared, declared_of
from dirac_forge.audit.findings import EvidenceGap, Finding
from dirac_forge.channel.records import Record, name_of
from dirac_forge.values import dataclass

_REVOKED = "package_has_been_revoked"
"""A package that no channel has: repodata patches make builds depend on it that must not be installed."""
_BROKEN_LABEL = "/label/broken"

BuildState = Literal["present", "removed", "gone", "unknown"]
"""Whether the channel has a build, took it back, has it no longer, or has no information about its package."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledBuild:
    """A build, and what installs it."""

    record: Record
    platform: str
    targets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PinnedExport:
    """What a build that is made today is pinned to, because of one entry of the pinning."""

    key: str
    value: str
    spec: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PinnedExports:
    """What builds of one platform are pinned to today."""

    of: Mapping[str, tuple[PinnedExport, ...]] = field(default_factory=dict)
    """By the package that they depend on."""
    unknown: frozenset[str] = frozenset()
    """Pinned packages whose run_exports are not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelEvidence:
    """What the channel and the pinning tell about a build."""

    state: Callable[[Record, str], BuildState]
    """Of a build on a platform."""
    licence: Callable[[Record, str], str | None]
    """The licence of its record; None if the record is a copy without most fields."""
    versions: Callable[[str, str], Sequence[str]]
    """The versions of a package on a platform."""
    pinned: Callable[[str, frozenset[str]], PinnedExports | None]
    """Of a platform, for builds that depend on these packages; None without a pinning."""
    pinned_in: str = ""
    """The file of the pinning."""


def installed_builds(environments: Iterable[tuple[str, str, Sequence[Record]]]) -> tuple[InstalledBuild, ...]:
    """Return the builds of these environments (target, platform, records), each once."""
    found: dict[tuple[str, str], tuple[Record, str, dict[str, None]]] = {}
    for target, platform, records in environments:
        for record in records:
            if not record.name.startswith("__"):
                found.setdefault((record.subdir, record.file), (record, platform, {}))[2][target] = None
    return tuple(
        InstalledBuild(record=record, platform=platform, targets=tuple(targets))
        for record, platform, targets in found.values()
    )


def channel_faults(
    builds: Sequence[InstalledBuild], evidence: ChannelEvidence
) -> tuple[tuple[Finding, ...], tuple[EvidenceGap, ...]]:
    """Return what is wrong with these builds, and what could not be looked at."""
    findings: list[Finding] = []
    unlicensed = unlisted = 0
    for build in builds:
        findings += _state_faults(build, evidence)
        licence = evidence.licence(build.record, build.platform)
        unlicensed += licence is None
        unlisted += evidence.state(build.record, build.platform) == "unknown"
        findings += _licence_faults(build) if licence == "" else ()
    stale, gaps = _stale_pins([build for build in builds if build.record.noarch is None], evidence)
    found = (EvidenceGap(kind="channel", builds=unlisted), EvidenceGap(kind="licence", builds=unlicensed), *gaps)
    return (*findings, *stale), tuple(gap for gap in found if gap.builds)


def _stale_pins(
    builds: Sequence[InstalledBuild], evidence: ChannelEvidence
) -> tuple[list[Finding], tuple[EvidenceGap, ...]]:
    """Return the builds of a platform whose pins are no longer those of the pinning."""
    findings: list[Finding] = []
    unpinned = unknown = 0
    for platform in dict.fromkeys(build.platform for build in builds):
        mine = [build for build in builds if build.platform == platform]
        needs = {build: frozenset(map(name_of, build.record.depends)) for build in mine}
        pinned = evidence.pinned(platform, frozenset().union(*needs.values()))
        if pinned is None:
            unpinned += len(mine)
            continue
        unknown += sum(not pinned.unknown.isdisjoint(names) for names in needs.values())
        for build in mine:
            findings += _pin_faults(build, pinned.of, evidence)
    return findings, (EvidenceGap(kind="pinning", builds=unpinned), EvidenceGap(kind="run-exports", builds=unknown))


def _state_faults(build: InstalledBuild, evidence: ChannelEvidence) -> Iterator[Finding]:
    record = build.record
    revoked = next((spec for spec in record.depends if spec.split(" ")[0] == _REVOKED), "")
    state = evidence.state(record, build.platform)
    if revoked or state == "removed" or _BROKEN_LABEL in record.channel:
        yield Finding(
            record=record,
            kind="broken",
            declared=revoked,
            severity="high",
            certainty="sure",
            targets=build.targets,
        )
    elif state == "gone":
        yield Finding(record=record, kind="withdrawn", severity="medium", certainty="likely", targets=build.targets)


def _licence_faults(build: InstalledBuild) -> Iterator[Finding]:
    yield Finding(record=build.record, kind="licence", severity="low", certainty="sure", targets=build.targets)


def _pin_faults(
    build: InstalledBuild, pinned: Mapping[str, tuple[PinnedExport, ...]], evidence: ChannelEvidence
) -> Iterator[Finding]:
    """Yield the dependencies that admit none of the versions that a build is pinned to today."""
    for declared in declared_of(build.record):
        exports = pinned.get(declared.name, ())
        if not exports or not declared.version or declared.exact:
            continue  # an exact pin is on another output of the same recipe
        versions = evidence.versions(declared.name, build.platform)
        today = _pinned_versions(exports, versions)
        if today and not any(map(declared.admits, today)) and not _is_ahead(declared, versions, today):
            yield Finding(
                record=build.record,
                kind="pin",
                dependency=declared.name,
                declared=declared.spec,
                upstream=", ".join(f"{each.key}: {each.value}" for each in exports),
                where=evidence.pinned_in,
                example=today[0],
                severity="low",
                certainty="sure",
                targets=build.targets,
            )


def _is_ahead(declared: Declared, versions: Iterable[str], today: Iterable[str]) -> bool:
    """Whether a build admits only versions that are newer than those of today: a migration to them is under way."""
    admitted = [CondaVersion(version) for version in versions if declared.admits(version)]
    return bool(admitted) and min(admitted) > max(map(CondaVersion, today))


def _pinned_versions(exports: Iterable[PinnedExport], versions: Iterable[str]) -> list[str]:
    """Return the versions that builds of today may be pinned to."""
    return [version for version in versions if any(_admits(each.spec, version) for each in exports)]


def _admits(spec: str, version: str) -> bool:
    _, _, bounds = spec.partition(" ")
    return Declared(name="", version=bounds.split(" ")[0], build="", spec=spec).admits(version)
