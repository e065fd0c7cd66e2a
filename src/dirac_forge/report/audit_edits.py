"""What mends the findings of an audit, as text, as JSON, and as the bodies of requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dirac_forge.audit.findings import Finding
from dirac_forge.channel.records import Record
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.proposals.corrections import CorrectionSkip
from dirac_forge.proposals.patches import PatchProof, PatchThere
from dirac_forge.report.audit import finding_line
from dirac_forge.report.bodies import next_steps
from dirac_forge.report.bump_reasons import worded
from dirac_forge.report.document import Block, Items, Line, Paragraph, Section, few
from dirac_forge.report.markdown import markdown
from dirac_forge.report.next_steps import Step, step, with_folders
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_words import cell_words

__all__ = ["AuditEdits", "audit_steps", "edits_json", "edits_sections", "with_findings_body"]

_MOST = 50
_NOT_CORRECTED: Mapping[str, str] = {
    "no-output": "the recipe makes no {package}",
    "other-version": "the recipe builds {package} {has}, the finding is about {wanted}",
    "already": "the recipe says so already: it has to be rebuilt",
    "by-hand": "{notes}",
    "not-proved": "{notes}",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEdits:
    """What was made for the findings of an audit."""

    corrections: tuple[Change | Skip, ...] = ()
    """Edits of the workspace's recipes."""
    corrected: bool = False
    """Whether they were written."""
    proofs: tuple[PatchProof, ...] = ()
    """What the repodata patches do, one for each channel."""
    files: tuple[str, ...] = ()
    """Repodata patches and requests that were written."""
    broken: tuple[Record, ...] = ()
    """The builds that a request would mark as broken."""
    sent: tuple[Line, ...] = ()
    """What became of each request."""

    @property
    def changed(self) -> tuple[str, ...]:
        """The feedstocks whose recipes are edited."""
        return tuple(result.feedstock for result in self.corrections if isinstance(result, Change))


def edits_sections(edits: AuditEdits) -> tuple[Section, ...]:
    """Return what mends the findings: edits, patches, requests."""
    return (
        *_corrections(edits),
        *(section for proof in edits.proofs for section in _patches(proof)),
        *Section.of("Builds to mark as broken", [Items(tuple(map(str, edits.broken)))] if edits.broken else []),
        *Section.of("Written", [Items(edits.files)] if edits.files else []),
        *Section.of("Requests", [Items(edits.sent)] if edits.sent else []),
    )


def audit_steps(edits: AuditEdits, findings: Sequence[Finding], asked: Sequence[str]) -> tuple[Step, ...]:
    """Return what most people want to do now, after an audit of what was `asked`."""
    changed = edits.changed
    if not findings or edits.sent:
        return ()
    if edits.corrected and changed:
        return step("what the corrected recipes do to the targets", "check", *with_folders(changed))
    if changed:
        return step("corrects these recipes; --pr proposes them", "audit", *asked, "--write")
    if edits.files:
        return step("proposes these files", "audit", *asked, "--pr")
    if any(finding.kind in {"missing", "looser", "python-looser"} for finding in findings):
        return step("writes repodata patches for builds that are out", "audit", *asked, "--patches", "patches")
    return ()


def _corrections(edits: AuditEdits) -> tuple[Section, ...]:
    lines: list[Line] = []
    for result in edits.corrections:
        match result:
            case Change():
                lines += [f"{result.feedstock}: {reason}" for reason in result.reasons]
            case Skip(reason=CorrectionSkip() as reason):
                lines.append(f"{result.feedstock}: left as it is: {_not_corrected(reason)}")
    title = "Recipes corrected" if edits.corrected and edits.changed else "Recipes to correct"
    return Section.of(title, [Items(tuple(lines))] if lines else [])


@worded.register
def _not_corrected(reason: CorrectionSkip) -> str:
    return _NOT_CORRECTED[reason.why].format(
        package=reason.package, wanted=reason.wanted, has=reason.has, notes="; ".join(reason.notes)
    )


@worded.register
def _patch_there(reason: PatchThere) -> str:
    return f"{reason.path} has this patch already"


def _patches(proof: PatchProof) -> tuple[Section, ...]:
    """Return what the patches change, and what that does to the targets."""
    names = Counter((record.name, record.version) for record in proof.changed)
    lines = tuple(f"{name} {version}: {counted(count, 'build')}" for (name, version), count in names.items())
    blocks: list[Block] = [Items(lines)] if lines else []
    if proof.after:
        installable = sum(cell.status == "installable" for cell in proof.after)
        before = sum(cell.status == "installable" for cell in proof.before)
        blocks.append(
            Paragraph(
                f"Targets: {installable} of {len(proof.after)} cells are installable with the patches, "
                f"{before} without."
            )
        )
    worse = tuple(
        f"{cell.target} on {cell.platform} with Python {cell.python}: {cell_words(cell.reason)}" for cell in proof.worse
    )
    return Section.of("Repodata patches", [*blocks, Items(worse) if worse else None])


def edits_json(edits: AuditEdits) -> dict[str, Any]:
    """Return the part of the document for --json."""
    return {
        "corrections": [_correction_json(result) for result in edits.corrections],
        "patches": [
            {
                "changed": [str(record) for record in proof.changed],
                "installable_before": sum(cell.status == "installable" for cell in proof.before),
                "installable_after": sum(cell.status == "installable" for cell in proof.after),
                "worse": [f"{cell.target} {cell.platform} {cell.python}".rstrip() for cell in proof.worse],
            }
            for proof in edits.proofs
        ],
        "broken": [f"{record.subdir}/{record.file}" for record in edits.broken],
        "files": list(edits.files),
    }


def _correction_json(result: Change | Skip) -> dict[str, Any]:
    if isinstance(result, Change):
        edited = [{"path": edit.path, "diff": edit.diff} for edit in result.edits]
        return {"feedstock": result.feedstock, "reasons": list(result.reasons), "edits": edited}
    reason = _not_corrected(result.reason) if isinstance(result.reason, CorrectionSkip) else str(result.reason)
    return {"feedstock": result.feedstock, "skipped": reason, "edits": []}


def with_findings_body(change: Change, findings: Sequence[Finding], proofs: Sequence[PatchProof] = ()) -> Change:
    """Return the change with Markdown for its request: the findings that it mends, and what patches do to targets."""
    lines = tuple(dict.fromkeys(map(finding_line, findings)))
    sections = (
        *Section.of("What is wrong", [Items(few(lines, _MOST))] if lines else []),
        *(section for proof in proofs for section in _patches(proof)),
        next_steps(change),
    )
    return replace(change, body=markdown(sections))
