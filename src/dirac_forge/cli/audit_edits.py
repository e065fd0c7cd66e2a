"""What mends the findings of an audit: edits of feedstocks, repodata patches, requests to mark builds as broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

from dirac_forge.audit.broken import broken_request, to_mark_broken
from dirac_forge.audit.findings import Finding
from dirac_forge.audit.patches import Patch, patch_yaml, patches_for
from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel
from dirac_forge.cli.audit_inputs import AuditInput, AuditRequest
from dirac_forge.cli.context import Context
from dirac_forge.cli.github import SentChanges, send_or_prepare
from dirac_forge.feedstock.change import Change
from dirac_forge.feedstock.workspace import Workspace, read_workspace
from dirac_forge.files import write_file, write_files
from dirac_forge.proposals.corrections import FeedstockCorrection, correction, feedstocks_of
from dirac_forge.proposals.patches import PatchProof, prove
from dirac_forge.report.audit_edits import AuditEdits


def audit_edits(
    context: Context,
    request: AuditRequest,
    inputs: Sequence[AuditInput],
    findings: Sequence[Finding],
    executor: Executor,
) -> tuple[AuditEdits, SentChanges]:
    """Make the edits for the findings; write and send them as the options say."""
    workspace = read_workspace(context.settings.workspace)
    corrected = _corrections(context, workspace, findings)
    if request.write:
        _write(workspace, corrected)
    published = _published(context, request, inputs, findings)
    texts, proofs = _proved_patches(inputs, published, executor) if request.patches or request.pr else ({}, [])
    broken = to_mark_broken(published) if request.broken else ()
    sent = SentChanges()
    if request.pr:
        from dirac_forge.pullrequest.requested_repairs import (  # noqa: PLC0415  # 0.4 s that others do without
            requested_broken,
            requested_corrections,
            requested_patches,
        )

        asked = [
            *requested_corrections(context.settings, corrected),
            *requested_patches(texts, findings, proofs),
            *requested_broken(broken, findings),
        ]
        sent = send_or_prepare(context, asked, force=bool(request.specs))
    edits = AuditEdits(
        corrections=tuple(each.result for each in corrected),
        corrected=request.write,
        proofs=tuple(proofs),
        files=tuple(_written(request, texts, broken)),
        broken=broken,
        sent=tuple(sent.lines),
    )
    return edits, sent


def _published(
    context: Context, request: AuditRequest, inputs: Sequence[AuditInput], findings: Sequence[Finding]
) -> Sequence[Finding]:
    """Return the findings about builds that a channel has; the embedded snapshot has derived ones, too."""
    embedded = {url for each in inputs for url, folder in each.channel.snapshots.items() if not folder}
    kept = [finding for finding in findings if finding.record.channel not in embedded]
    if len(kept) < len(findings) and (request.patches or request.broken or request.pr):
        context.observer.warned(
            "builds of the embedded snapshot get no patches or requests, because conda-forge may not have them"
        )
    return kept


def _proved_patches(
    inputs: Sequence[AuditInput], findings: Sequence[Finding], executor: Executor
) -> tuple[dict[str, str], list[PatchProof]]:
    """Return the text of the patches by package, and what the patches do in each channel."""
    texts: dict[str, str] = {}
    proofs = []
    for address in dict.fromkeys(each.address for each in inputs):
        alike = [each for each in inputs if each.address == address]
        channel, cells = alike[0].channel, [cell for each in alike for cell in each.cells]
        made = _patches(channel, findings)
        if made:
            proofs.append(prove(channel, made, cells, executor=executor))
            texts |= _patch_texts(made)
    return texts, proofs


def _written(request: AuditRequest, texts: Mapping[str, str], broken: Sequence[Record]) -> Iterator[str]:
    """Write the files that were asked for, and yield their paths."""
    if request.patches is not None:
        yield from (_put(request.patches, f"{name}.yaml", text) for name, text in texts.items())
    if request.broken is not None and broken:
        yield _put(request.broken, "broken.yml", broken_request(broken))


def _put(folder: Path, name: str, text: str) -> str:
    path = folder / name
    write_file(path, text)
    return str(path)


def _corrections(context: Context, workspace: Workspace, findings: Sequence[Finding]) -> list[FeedstockCorrection]:
    """Return the edits of the workspace's feedstocks that mend findings."""
    python_min = context.settings.python_min
    makers = feedstocks_of(workspace, python_min=python_min)
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.requirement is not None and finding.record.name in makers:
            groups.setdefault(makers[finding.record.name].name, []).append(finding)
    found = []
    for name, mine in groups.items():
        folder = workspace.find(name)
        result = correction(folder, mine, python_min=python_min)
        found.append(FeedstockCorrection(folder=folder, findings=tuple(mine), result=result))
    return found


def _write(workspace: Workspace, corrected: Sequence[FeedstockCorrection]) -> None:
    for each in corrected:
        if isinstance(each.result, Change):
            files = {edit.path: edit.after for edit in each.result.edits}
            write_files(each.folder.path, files, within=workspace.root)


def _patch_texts(patches: Sequence[Patch]) -> dict[str, str]:
    """Return the file of patches of each package."""
    names = dict.fromkeys(patch.name for patch in patches)
    return {name: patch_yaml(patch for patch in patches if patch.name == name) for name in names}


def _patches(channel: Channel, findings: Sequence[Finding]) -> tuple[Patch, ...]:
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        record = finding.record
        key = (record.name, record.version, finding.kind, finding.dependency, finding.declared)
        groups.setdefault(key, []).append(finding)
    made: list[Patch] = []
    for mine in groups.values():
        records = _all_builds(channel, mine[0].record.name)
        faulty = list(dict.fromkeys(finding.record for finding in mine))
        made += patches_for(mine[0], faulty, records)
    return tuple(made)


def _all_builds(channel: Channel, name: str) -> tuple[Record, ...]:
    """Return every record of a package, on all platforms."""
    platforms = [platform for platform in channel.platforms() if platform != "noarch"]
    found = (record for platform in platforms for record in channel.index(platform).group(name).records)
    return tuple({(record.subdir, record.file): record for record in found}.values())
