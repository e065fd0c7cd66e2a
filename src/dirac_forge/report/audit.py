"""Audits as text for a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dirac_forge.audit.baseline import Accepted
from dirac_forge.audit.findings import Audited, Finding, FindingKind
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.proposals.corrections import CorrectionSkip
from dirac_forge.proposals.patches import PatchProof
from dirac_forge.report.document import Code, Items, Line, Paragraph, Section

__all__ = ["audit_json", "audit_sections", "correction_sections", "counted", "patch_sections"]

_SAYS: Mapping[FindingKind, str] = {
    "missing": "{dependency} is missing",
    "looser": "{dependency} {example} is admitted, which upstream excludes",
    "stricter": "{dependency} {example} is excluded, which upstream admits",
    "python-looser": "Python {example} is admitted, which upstream excludes",
    "python-stricter": "Python {example} is excluded, which upstream admits",
}


def audit_sections(
    audited: Sequence[Audited],
    findings: Sequence[Finding],
    accepted: Sequence[tuple[Finding, Accepted]],
    *,
    verbose: bool = False,
) -> tuple[Section, ...]:
    """Return the findings by build, then what was not compared, then the counts."""
    sections = _by_version(findings)
    if verbose and accepted:
        lines = tuple(f"{each.record}: {each.kind} {each.dependency} ({entry.reason})" for each, entry in accepted)
        sections.append(Section(title="Accepted by the baseline", blocks=(Items(lines),)))
    unknown = [each for each in audited if each.unknown is not None]
    if verbose and unknown:
        lines = tuple(f"{each.record}: {each.unknown.detail}" for each in unknown if each.unknown)
        sections.append(Section(title="Not compared", blocks=(Items(lines),)))
    sections.append(Section(title="", blocks=(Paragraph(_summary(audited, findings, accepted, verbose)),)))
    return tuple(sections)


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
    """One line for findings that differ in the build only."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.kind, each.dependency, each.declared, each.upstream, each.severity), []).append(each)
    lines: list[Line] = []
    for mine in groups.values():
        one = mine[0]
        where = counted(len({each.record for each in mine}), "build") if len(mine) > 1 else one.record.build
        guess = "" if one.certainty == "sure" else f", {one.certainty}"
        what = _SAYS[one.kind].format(example=one.example, dependency=one.dependency)
        declared = ("declared: ", Code(one.declared), "; ") if one.declared else ()
        lines.append(
            (
                f"{one.severity}: {what} ({where}{guess}); ",
                *declared,
                "upstream: ",
                Code(one.upstream),
                f" in {one.where}",
                f"; installed by {', '.join(one.targets)}" if one.targets else "",
            )
        )
    return lines


def _summary(
    audited: Sequence[Audited],
    findings: Sequence[Finding],
    accepted: Sequence[tuple[Finding, Accepted]],
    verbose: bool,
) -> str:
    unknown = sum(each.unknown is not None for each in audited)
    clean = sum(each.unknown is None and not each.findings for each in audited)
    parts = [f"{counted(len(audited), 'build')} compared with upstream: {clean} agree"]
    parts.append(f"{counted(len(findings), 'finding')} shown")
    if accepted:
        parts.append(f"{len(accepted)} accepted by the baseline")
    if unknown:
        parts.append(f"{unknown} not compared" + ("" if verbose else " (-v shows why)"))
    return ", ".join(parts) + "."


def patch_sections(proof: PatchProof, files: Sequence[str]) -> tuple[Section, ...]:
    """Return what the patches change, and what that does to the targets."""
    names = Counter((record.name, record.version) for record in proof.changed)
    lines: list[Line] = [f"{name} {version}: {counted(count, 'build')}" for (name, version), count in names.items()]
    worse = [f"{cell.target} on {cell.platform} with Python {cell.python}: {cell.reason}" for cell in proof.worse]
    installable = sum(cell.status == "installable" for cell in proof.after)
    before = sum(cell.status == "installable" for cell in proof.before)
    verdict = f"Targets: {installable} of {len(proof.after)} cells are installable with the patches, {before} without."
    return (
        Section(
            title="Repodata patches",
            blocks=(
                Paragraph(f"Written: {', '.join(files)}"),
                Items(tuple(lines)),
                Paragraph(verdict),
                *((Items(tuple(worse)),) if worse else ()),
            ),
        ),
    )


def correction_sections(results: Sequence[Change | Skip], *, written: bool) -> tuple[Section, ...]:
    """Return what would mend the findings in the workspace's recipes, or why that is left to a person."""
    lines: list[Line] = []
    for result in results:
        match result:
            case Change():
                lines += [f"{result.feedstock}: {reason}" for reason in result.reasons]
            case Skip(reason=CorrectionSkip(detail=detail)):
                lines.append(f"{result.feedstock}: left as it is: {detail}")
    if not lines:
        return ()
    changed = any(isinstance(result, Change) for result in results)
    title = "Recipes corrected" if written and changed else "Recipes to correct (--write edits them)"
    return (Section(title=title, blocks=(Items(tuple(lines)),)),)


def audit_json(
    audited: Sequence[Audited], findings: Sequence[Finding], accepted: Sequence[tuple[Finding, Accepted]]
) -> dict[str, Any]:
    """Return the document for --json."""
    return {
        "findings": [_finding_json(finding) for finding in findings],
        "accepted": [_finding_json(finding) | {"reason": entry.reason} for finding, entry in accepted],
        "agreed": sum(each.unknown is None and not each.findings for each in audited),
        "unknown": sum(each.unknown is not None for each in audited),
        "not_compared": [
            {
                "package": each.record.name,
                "version": each.record.version,
                "kind": each.unknown.kind,
                "reason": each.unknown.detail,
            }
            for each in audited
            if each.unknown is not None
        ],
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
        "targets": list(finding.targets),
        "severity": finding.severity,
        "certainty": finding.certainty,
    }


def counted(number: int, noun: str) -> str:
    """Return the number with its noun, which gets an `s` unless there is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
