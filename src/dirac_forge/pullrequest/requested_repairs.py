"""What mends the findings of an audit, as changes: recipes, repodata patches, requests to mark builds as broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256

from dirac_forge.audit.broken import broken_request
from dirac_forge.audit.findings import Finding
from dirac_forge.channel.records import Record
from dirac_forge.feedstock.change import ADMIN_REQUESTS, Change, Edit, Skip
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.corrections import FeedstockCorrection, correction
from dirac_forge.proposals.patches import PatchProof, PatchThere
from dirac_forge.pullrequest.requested import RequestedChange, remake_from_folder
from dirac_forge.report.corrections import with_findings_body
from dirac_forge.settings import Settings

PATCHES = "conda-forge-repodata-patches"
"""https://github.com/conda-forge/conda-forge-repodata-patches-feedstock"""


def requested_corrections(settings: Settings, corrected: Iterable[FeedstockCorrection]) -> list[RequestedChange]:
    """Return the edits of feedstocks, each decided again where the repository has another recipe by now."""
    return [
        (
            with_findings_body(each.result, each.findings),
            remake_from_folder(settings, each.folder, partial(_corrected, each.findings, settings.python_min)),
        )
        for each in corrected
        if isinstance(each.result, Change)
    ]


def _corrected(findings: Sequence[Finding], python_min: str, folder: FeedstockFolder) -> Change | Skip:
    result = correction(folder, findings, python_min=python_min)
    return with_findings_body(result, findings) if isinstance(result, Change) else result


def requested_patches(
    texts: Mapping[str, str], findings: Sequence[Finding], proofs: Sequence[PatchProof]
) -> list[RequestedChange]:
    """Return a change of conda-forge-repodata-patches for each package; a file that is there gets more documents."""
    return [_patch(name, text, findings, proofs) for name, text in texts.items()]


def _patch(name: str, text: str, findings: Sequence[Finding], proofs: Sequence[PatchProof]) -> RequestedChange:
    mine = [finding for finding in findings if finding.record.name == name]
    path = f"recipe/patch_yaml/{name}.yaml"

    def made(before: str | None) -> Change:
        change = Change(
            feedstock=PATCHES,
            kind="fix",
            key=f"{name}-{_digest(text)}",
            title=f"Patch the requirements of {name}",
            edits=(Edit(path=path, before=before, after=_appended(before, text)),),
        )
        return with_findings_body(change, mine, proofs)

    def again(files: Mapping[str, str]) -> Change | Skip:
        there = files.get(path)
        if there is not None and text.strip() in there:
            return Skip(feedstock=PATCHES, reason=PatchThere(path=path))
        return made(there)

    return made(None), again


def _appended(before: str | None, text: str) -> str:
    """Return the documents after those that are there."""
    return text if before is None else f"{before.rstrip()}\n---\n{text}"


def requested_broken(builds: Sequence[Record], findings: Sequence[Finding]) -> list[RequestedChange]:
    """Return the change of admin-requests that marks builds as broken; none if there are none."""
    if not builds:
        return []
    text = broken_request(builds)
    names = list(dict.fromkeys(record.name for record in builds))
    change = Change(
        feedstock=ADMIN_REQUESTS,
        kind="fix",
        key=f"broken-{names[0]}-{_digest(text)}",
        title=f"Mark builds of {', '.join(names[:5])} as broken",
        edits=(Edit(path=f"requests/broken-{names[0]}-{_digest(text)}.yml", before=None, after=text),),
    )
    done = with_findings_body(change, [finding for finding in findings if finding.record in builds])
    return [(done, lambda _: done)]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]
