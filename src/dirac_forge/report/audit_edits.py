"""What mends the findings of an audit, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dirac_forge.audit.findings import Finding
from dirac_forge.channel.records import Record
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.report.document import Items, Line, Section
from dirac_forge.report.next_steps import Step, step, with_folders
from dirac_forge.report.patch_proofs import patch_sections
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.proposals.patches import PatchProof


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
        *(section for proof in edits.proofs for section in patch_sections(proof)),
        *Section.of("Builds to mark as broken", [Items(tuple(map(str, edits.broken)))] if edits.broken else []),
        *Section.of("Written", [Items(edits.files)] if edits.files else []),
        *Section.of("Requests", [Items(edits.sent)] if edits.sent else []),
    )


def audit_steps(edits: AuditEdits, findings: Sequence[Finding], asked: Sequence[str]) -> tuple[Step, ...]:
    """Return what most people want to do now, after an audit with the arguments `asked`."""
    changed = edits.changed
    if not findings or edits.sent:
        return ()
    if edits.corrected and changed:
        return step("the effect of the fixed recipes on the targets", "check", *with_folders(changed))
    if changed:
        return step("fixes these recipes; --pr opens requests", "audit", *asked, "--write")
    if edits.files:
        return step("proposes these files", "audit", *asked, "--pr")
    if any(finding.kind in {"missing", "looser", "python-looser"} for finding in findings):
        return step("writes repodata patches for published builds", "audit", *asked, "--patches", "patches")
    return ()


def _corrections(edits: AuditEdits) -> tuple[Section, ...]:
    if not edits.corrections:
        return ()
    from dirac_forge.report.corrections import correction_lines  # noqa: PLC0415  # 0.3 s that most audits do without

    title = "Recipes corrected" if edits.corrected and edits.changed else "Recipes to correct"
    lines = tuple(correction_lines(edits.corrections))
    return Section.of(title, [Items(lines)] if lines else [])


def _corrections_json(edits: AuditEdits) -> list[dict[str, Any]]:
    if not edits.corrections:
        return []
    from dirac_forge.report.corrections import correction_json  # noqa: PLC0415  # 0.3 s that most audits do without

    return [correction_json(result) for result in edits.corrections]


def edits_json(edits: AuditEdits) -> dict[str, Any]:
    """Return the part of the document for --json."""
    return {
        "corrections": _corrections_json(edits),
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
