"""Audits as text for a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dirac_forge.audit.baseline import Accepted
from dirac_forge.audit.findings import Audited, EvidenceGap, Finding, FindingKind, Uncompared
from dirac_forge.channel.records import Record
from dirac_forge.report.document import Code, Inline, Items, Line, Paragraph, Section
from dirac_forge.report.numbers import counted

_SAYS: Mapping[FindingKind, str] = {
    "missing": "{dependency} is missing",
    "looser": "{dependency} {example} is allowed, but upstream excludes it",
    "stricter": "{dependency} {example} is excluded, but upstream allows it",
    "python-looser": "Python {example} is allowed, but upstream excludes it",
    "python-stricter": "Python {example} is excluded, but upstream allows it",
    "broken": "the channel marked it as broken",
    "withdrawn": "the channel no longer has this build",
    "licence": "its record has no licence",
    "pin": "its pin on {dependency} is outdated: it excludes {example}",
    "clobber": "{dependency} has {files} with the same path, such as {example}",
    "compiled": "it is noarch, but has {files} for one platform only, such as {example}",
    "patched": "the channel added {dependency} to its requirements since it was locked",
    "entry-point": "the command {dependency} is missing",
}
_UNCOMPARED: Mapping[str, str] = {
    "not-a-project": "{record.name} is not made from the project of that name",
    "not-a-version": "{record.version} is not a version (PEP 440)",
    "no-release": "the index has no {projects} {record.version}",
    "no-metadata": "no file of {projects} {record.version} declares its requirements statically",
    "unreadable": "{problem}",
    "unreachable": "{problem}",
}
_GAPS: Mapping[str, str] = {
    "channel": "Builds that were marked as broken or removed: unknown for {builds}, because no channel that was asked "
    "lists them.",
    "files": "Clobbered files and missing commands: unknown for {builds}, because the channel has repodata but no "
    "package files.",
    "commands": "Missing commands: unknown for {builds}: {detail}.",
    "licence": "Licences: unknown for {builds}, because their records lack most fields.",
    "pinning": "Outdated pins: unknown for {builds}, because there is no pinning (name one with --pinning).",
    "run-exports": "Outdated pins: unknown in part for {builds}, because the channel lacks pinned versions, or "
    "does not have their run_exports.",
}


def audit_sections(
    audited: Sequence[Audited],
    findings: Sequence[Finding],
    accepted: Sequence[tuple[Finding, Accepted]],
    gaps: Sequence[EvidenceGap] = (),
    *,
    lower: int = 0,
    verbose: bool = False,
) -> tuple[Section, ...]:
    """Return the findings by build, what was not compared and could not be looked at, and the counts."""
    summary = Paragraph(_summary(audited, findings, accepted, lower, verbose))
    return (
        *_by_version(findings),
        *(_set_aside(audited, accepted) if verbose else ()),
        *Section.of("Not known", [Items(_gap_lines(gaps))] if gaps else []),
        Section(title="", blocks=(summary,)),
    )


def _set_aside(audited: Sequence[Audited], accepted: Sequence[tuple[Finding, Accepted]]) -> tuple[Section, ...]:
    """Return the findings that a baseline accepts, and the builds that were not compared."""
    known = tuple(f"{each.record}: {each.kind} {each.dependency} ({entry.reason})" for each, entry in accepted)
    unknown = tuple(
        f"{each.record}: {_uncompared(each.record, each.unknown)}" for each in audited if each.unknown is not None
    )
    return (
        *Section.of("Accepted by the baseline", [Items(known)] if known else []),
        *Section.of("Not compared", [Items(unknown)] if unknown else []),
    )


def _uncompared(record: Record, unknown: Uncompared) -> str:
    return _UNCOMPARED[unknown.kind].format(
        record=record, projects=" or ".join(unknown.projects), problem=unknown.problem
    )


def _gap_lines(gaps: Sequence[EvidenceGap]) -> tuple[Line, ...]:
    """Return one line for each kind of gap, whatever the number of targets that have it."""
    builds = Counter[str]()
    details: dict[str, str] = {}
    for gap in gaps:
        builds[gap.kind] += gap.builds
        details.setdefault(gap.kind, gap.detail)
    return tuple(
        _GAPS[kind].format(builds=counted(number, "build"), detail=details[kind]) for kind, number in builds.items()
    )


def _by_version(findings: Sequence[Finding]) -> list[Section]:
    """Return a section for each version of a package."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.record.name, finding.record.version), []).append(finding)
    return [
        Section(title=f"{name} {version}", blocks=(Items(tuple(_lines(mine))),))
        for (name, version), mine in groups.items()
    ]


def _lines(findings: Sequence[Finding]) -> list[Line]:
    """Return one line for findings that differ in the build only."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.kind, each.dependency, each.declared, each.upstream, each.severity), []).append(each)
    return [_grouped_line(mine) for mine in groups.values()]


def _grouped_line(findings: Sequence[Finding]) -> Line:
    one = findings[0]
    builds = {each.record for each in findings}
    where = counted(len(builds), "build") if len(builds) > 1 else one.record.build
    guess = "" if one.certainty == "sure" else f", {one.certainty}"
    installed = f"; installed by {', '.join(one.targets)}" if one.targets else ""
    return (f"{one.severity}: {_what(one)} ({where}{guess})", *_evidence(one), installed)


def _what(finding: Finding) -> str:
    return _SAYS[finding.kind].format(
        example=finding.example,
        dependency=finding.dependency,
        files=counted(finding.files, "compiled file" if finding.kind == "compiled" else "file"),
    )


def _evidence(finding: Finding) -> tuple[Inline, ...]:
    """Return what the build declares, and what upstream or the pinning says."""
    declared: tuple[Inline, ...] = ("; declared: ", Code(finding.declared)) if finding.declared else ()
    source = {"pin": "pinning", "patched": "channel"}.get(finding.kind, "upstream")
    upstream: tuple[Inline, ...] = (f"; {source}: ", Code(finding.upstream)) if finding.upstream else ()
    return (*declared, *upstream, f" in {finding.where}" if finding.where else "")


def finding_line(finding: Finding) -> Line:
    """Return one finding as a line: the fault, what is declared, and what upstream says."""
    return (f"{_what(finding)} ({finding.record})", *_evidence(finding))


def _summary(
    audited: Sequence[Audited],
    findings: Sequence[Finding],
    accepted: Sequence[tuple[Finding, Accepted]],
    lower: int,
    verbose: bool,
) -> str:
    unknown = sum(each.unknown is not None for each in audited)
    differ = sum(bool(each.findings) for each in audited)
    agree = len(audited) - unknown - differ
    parts = [f"{agree} {'agrees' if agree == 1 else 'agree'} with upstream"]
    parts += [f"{differ} {'does' if differ == 1 else 'do'} not"] if differ else []
    parts += [f"{unknown} not compared" + ("" if verbose else " (-v shows why)")] if unknown else []
    hidden = [f"{lower} of lower severity (--severity low)"] if lower else []
    accepts = [f"{len(accepted)} accepted by the baseline"] if accepted else []
    told = ", ".join([f"{counted(len(findings), 'finding')} shown", *hidden, *accepts])
    return f"Requirements of {counted(len(audited), 'build')}: {', '.join(parts)}. {told}."


def audit_json(
    audited: Sequence[Audited],
    findings: Sequence[Finding],
    accepted: Sequence[tuple[Finding, Accepted]],
    gaps: Sequence[EvidenceGap] = (),
) -> dict[str, Any]:
    """Return the document for --json."""
    return {
        "findings": [_finding_json(finding) for finding in findings],
        "accepted": [_finding_json(finding) | {"reason": entry.reason} for finding, entry in accepted],
        "agreed": sum(each.unknown is None and not each.findings for each in audited),
        "differ": sum(bool(each.findings) for each in audited),
        "unknown": sum(each.unknown is not None for each in audited),
        "not_compared": [
            {
                "package": each.record.name,
                "version": each.record.version,
                "kind": each.unknown.kind,
                "reason": _uncompared(each.record, each.unknown),
            }
            for each in audited
            if each.unknown is not None
        ],
        "not_known": [{"kind": gap.kind, "builds": gap.builds, "detail": gap.detail} for gap in gaps],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "package": finding.record.name,
        "version": finding.record.version,
        "build": finding.record.build,
        "subdir": finding.record.subdir,
        "kind": finding.kind,
        "dependency": finding.dependency,
        "declared": finding.declared,
        "upstream": finding.upstream,
        "where": finding.where,
        "example": finding.example,
        "files": finding.files,
        "targets": list(finding.targets),
        "severity": finding.severity,
        "certainty": finding.certainty,
    }
