"""The edits of recipes that mend findings of an audit, as text, as JSON, and as the bodies of requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dirac_forge.audit.findings import Finding
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.proposals.corrections import CorrectionSkip
from dirac_forge.proposals.patches import PatchProof, PatchThere
from dirac_forge.report.audit import finding_line
from dirac_forge.report.bodies import next_steps
from dirac_forge.report.bump_reasons import skip_text, worded
from dirac_forge.report.document import Items, Line, Section, few
from dirac_forge.report.markdown import markdown
from dirac_forge.report.patch_proofs import patch_sections
from dirac_forge.report.wording import clauses

_MOST = 50
_NOT_CORRECTED: Mapping[str, str] = {
    "no-output": "the recipe makes no {package}",
    "other-version": "the recipe builds {package} {has}, the finding is about {wanted}",
    "already": "the recipe is already correct: rebuild it",
    "by-hand": "{notes}",
    "not-proved": "{faults}",
}


def correction_lines(results: Iterable[Change | Skip]) -> Iterator[Line]:
    """Yield what is edited in each recipe, and why others are left as they are."""
    for result in results:
        match result:
            case Change():
                yield from (f"{result.feedstock}: {worded(reason)}" for reason in result.reasons)
            case Skip(reason=CorrectionSkip() as reason):
                yield f"{result.feedstock}: left as it is: {_not_corrected(reason)}"
            case Skip():
                yield f"{result.feedstock}: left as it is: {skip_text(result)}"


def correction_json(result: Change | Skip) -> dict[str, Any]:
    """Return one correction for --json."""
    if isinstance(result, Change):
        edited = [{"path": edit.path, "diff": edit.diff} for edit in result.edits]
        return {
            "feedstock": result.feedstock,
            "reasons": [worded(reason) for reason in result.reasons],
            "edits": edited,
        }
    reason = _not_corrected(result.reason) if isinstance(result.reason, CorrectionSkip) else skip_text(result)
    return {"feedstock": result.feedstock, "skipped": reason, "edits": []}


def with_findings_body(change: Change, findings: Sequence[Finding], proofs: Sequence[PatchProof] = ()) -> Change:
    """Return the change with Markdown for its request: the findings that it mends, and what patches do to targets."""
    lines = tuple(dict.fromkeys(map(finding_line, findings)))
    sections = (
        *Section.of("What is wrong", [Items(few(lines, _MOST))] if lines else []),
        *(section for proof in proofs for section in patch_sections(proof)),
        next_steps(change),
    )
    return replace(change, body=markdown(sections))


@worded.register
def _not_corrected(reason: CorrectionSkip) -> str:
    return _NOT_CORRECTED[reason.why].format(
        package=reason.package,
        wanted=reason.wanted,
        has=reason.has,
        notes=clauses(reason.notes),
        faults="; ".join(map(worded, reason.faults)),
    )


@worded.register
def _patch_there(reason: PatchThere) -> str:
    return f"{reason.path} has this patch already"
