"""`dirac-forge audit`: what the channel's builds declare, compared with what upstream declares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from dirac_forge.audit.baseline import Accepted, accepted_by, read_baseline
from dirac_forge.audit.findings import Audited, Finding, Severity, at_least
from dirac_forge.audit.patches import Patch, patch_for, patch_yaml
from dirac_forge.audit.published import PublishedLookup
from dirac_forge.audit.run import AuditedBuild, builds_of, recent_builds
from dirac_forge.audit.run import audit as audit_builds
from dirac_forge.channel.opening import open_channel
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.configured import asked_cells, configured_targets
from dirac_forge.check.files.kinds import read_targets
from dirac_forge.check.matrix import check as check_cells
from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.files import write_file, write_files
from dirac_forge.proposals.corrections import correction, feedstocks_of
from dirac_forge.proposals.patches import prove
from dirac_forge.report.audit import audit_json, audit_sections, correction_sections, patch_sections
from dirac_forge.report.document import Section
from dirac_forge.report.terminal import Shown
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.lookup import Lookup

__all__ = ["audit"]

_THREADS = 8


def audit(
    context: Context,
    specs: Sequence[str],
    *,
    severity: Literal["high", "medium", "low"],
    baseline: Path | None,
    since: str,
    patches: Path | None,
    write: bool,
) -> int:
    """Audit builds, write patches where asked for, answer with the findings, and return the exit code."""
    accepting = read_baseline(baseline) if baseline else ()
    channel = open_channel(context)
    with ThreadPoolExecutor(_THREADS) as executor:
        cells = () if since else _solved(context, channel, specs, executor)
        builds = _recent(context, channel, since) if since else _installed(cells)
        lookup = Lookup(
            context.http,
            IndexClient(context.http, url=context.settings.index_url),
            context.store,
            pythons=context.settings.gil_pythons,
        )
        audited = audit_builds(
            builds,
            index=channel.index,
            published=PublishedLookup(
                lookup.described, context.store, index_url=context.settings.index_url, overrides=context.settings.names
            ),
            executor=executor,
            observer=context.observer,
            overrides=context.settings.names,
            python_min=context.settings.python_min,
        )
        findings, accepted = _sorted_out(audited, accepting, severity)
        sections = audit_sections(audited, findings, accepted, verbose=context.options.verbose)
        if patches is not None and findings:
            sections += _patched(channel, findings, cells, patches, executor)
    if findings:
        sections += correction_sections(_corrections(context, findings, write=write), written=write)
    context.answer(Shown(sections), audit_json(audited, findings, accepted))
    return _exit_code(audited, findings)


def _sorted_out(
    audited: Sequence[Audited], accepting: Sequence[Accepted], severity: Severity
) -> tuple[list[Finding], list[tuple[Finding, Accepted]]]:
    """Return the findings of at least this severity, and those of them that the baseline accepts."""
    every = at_least([finding for each in audited for finding in each.findings], severity)
    accepted = [(finding, entry) for finding in every if (entry := accepted_by(accepting, finding))]
    covered = {finding for finding, _ in accepted}
    return [finding for finding in every if finding not in covered], accepted


def _exit_code(audited: Sequence[Audited], findings: Sequence[Finding]) -> int:
    """1 with findings; 3 where upstream could not be asked."""
    if findings:
        return 1
    return 3 if any(each.unknown is not None and each.unknown.kind == "unreachable" for each in audited) else 0


def _solved(context: Context, channel: Channel, specs: Sequence[str], executor: ThreadPoolExecutor) -> tuple[Cell, ...]:
    """What each target installs on its platforms; a cell that cannot be installed is a warning."""
    settings = context.settings
    known = configured_targets(settings)
    targets = [
        target
        for text in (specs or known)
        for target in (
            [known[text]]
            if text in known
            else read_targets(text, platforms=settings.platforms, pythons=settings.pythons)
        )
    ]
    questions = [cell for target in targets for cell in asked_cells(settings, target)]
    cells = check_cells(channel, questions, executor=executor, observer=context.observer, remedies=False)
    for cell in cells:
        if cell.status != "installable":
            python = f" with Python {cell.python}" if cell.python else ""
            context.observer.warned(f"{cell.target} on {cell.platform}{python} is not audited: {cell.reason}")
    if not any(cell.status == "installable" for cell in cells):
        raise InputError(
            "nothing to audit: no target can be installed",
            hint="`dirac-forge check` says why.",
        )
    return cells


def _installed(cells: Sequence[Cell]) -> tuple[AuditedBuild, ...]:
    return builds_of((cell.target, cell.platform, cell.packages) for cell in cells if cell.status == "installable")


def _recent(context: Context, channel: Channel, age: str) -> tuple[AuditedBuild, ...]:
    """The builds uploaded within `age`; a noarch build counts once."""
    since = int((datetime.now(UTC) - _age(age)).timestamp() * 1000)
    found = {
        (build.record.subdir, build.record.file): build
        for platform in reversed(context.settings.platforms)
        for build in recent_builds(channel.index(platform), since, python_min=context.settings.python_min)
    }
    return tuple(found.values())


def _age(text: str) -> timedelta:
    units = {"h": "hours", "d": "days", "w": "weeks"}
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text)
    if match is None:
        raise InputError(f"--since {text}: expected a number with a unit", hint="Write 12h, 7d or 2w.")
    return timedelta(**{units[match[2]]: int(match[1])})


def _corrections(context: Context, findings: Sequence[Finding], *, write: bool) -> list[Change | Skip]:
    """The edits of the workspace's feedstocks that mend findings; with `write` they are carried out."""
    settings = context.settings
    workspace = read_workspace(settings.workspace)
    makers = feedstocks_of(workspace, python_min=settings.python_min)
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.requirement is not None and finding.record.name in makers:
            groups.setdefault(makers[finding.record.name].name, []).append(finding)
    results = []
    for name, mine in groups.items():
        folder = workspace.find(name)
        result = correction(folder, mine, python_min=settings.python_min)
        if write and isinstance(result, Change):
            write_files(folder.path, {edit.path: edit.after for edit in result.edits}, within=workspace.root)
        results.append(result)
    return results


def _patched(
    channel: Channel,
    findings: Sequence[Finding],
    cells: Sequence[Cell],
    folder: Path,
    executor: ThreadPoolExecutor,
) -> tuple[Section, ...]:
    """Write the patches of each package, and prove them on the cells."""
    made = _patches(channel, findings)
    if not made:
        return ()
    files = []
    for name in dict.fromkeys(patch.name for patch in made):
        path = folder / f"{name}.yaml"
        write_file(path, patch_yaml(patch for patch in made if patch.name == name))
        files.append(str(path))
    return patch_sections(prove(channel, made, cells, executor=executor), files)


def _patches(channel: Channel, findings: Sequence[Finding]) -> tuple[Patch, ...]:
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        record = finding.record
        key = (record.name, record.version, finding.kind, finding.dependency, finding.declared)
        groups.setdefault(key, []).append(finding)
    made = []
    for mine in groups.values():
        name = mine[0].record.name
        records = {
            (record.subdir, record.file): record
            for platform in channel.platforms()
            if platform != "noarch"
            for record in channel.index(platform).group(name).records
        }
        faulty = list(dict.fromkeys(finding.record for finding in mine))
        patch = patch_for(mine[0], faulty, records.values())
        if patch is not None:
            made.append(patch)
    return tuple(made)
