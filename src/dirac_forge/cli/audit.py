"""`dirac-forge audit`: what the channel's builds declare, compared with what upstream declares."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import field, replace

from dirac_forge.audit.baseline import Accepted, accepted_by, accepting, baseline_text, read_baseline
from dirac_forge.audit.channel_faults import (
    ChannelEvidence,
    PinnedExports,
    channel_faults,
    installed_builds,
)
from dirac_forge.audit.commands import command_findings
from dirac_forge.audit.evidence import channel_evidence
from dirac_forge.audit.findings import Audited, EvidenceGap, Finding, Severity, at_least
from dirac_forge.audit.package_files import clobbered, compiled_files
from dirac_forge.audit.published import PublishedLookup
from dirac_forge.audit.run import AuditedBuild
from dirac_forge.audit.run import audit as audit_builds
from dirac_forge.channel.solver import Channel
from dirac_forge.cli.audit_inputs import AuditInput, AuditRequest, audit_inputs, file_lists
from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError
from dirac_forge.files import read_text, write_file
from dirac_forge.report.audit import audit_json, audit_sections
from dirac_forge.report.audit_edits import AuditEdits, audit_steps, edits_json, edits_sections
from dirac_forge.report.document import Items, Section
from dirac_forge.report.numbers import counted
from dirac_forge.report.terminal import Shown
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.lookup import Lookup
from dirac_forge.values import dataclass

_THREADS = 8


_EVERYTHING = AuditRequest()


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditUpstream:
    """What a run asks of the index, once."""

    lookup: Lookup
    published: PublishedLookup

    @classmethod
    def of(cls, context: Context) -> AuditUpstream:
        """Return the index of the settings."""
        settings = context.settings
        index = IndexClient(context.http, url=settings.index_url)
        lookup = Lookup(context.http, index, context.store, pythons=settings.gil_pythons)
        published = PublishedLookup(
            lookup.described, context.store, index_url=settings.index_url, overrides=settings.names
        )
        return cls(lookup=lookup, published=published)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditLook:
    """What an audit found."""

    audited: tuple[Audited, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[EvidenceGap, ...] = field(default=())


def audit(context: Context, request: AuditRequest) -> int:
    """Audit builds, write or send what mends them if asked for, answer with the findings, return the exit code."""
    known = _baseline(request)
    with ThreadPoolExecutor(_THREADS) as executor:
        inputs, looked = looked_at(context, executor, request)
        findings, accepted = _sorted_out(looked, known, request.severity)
        written = _accept(request, findings) if request.accept else ()
        if written:
            findings, accepted = _sorted_out(looked, _baseline(request), request.severity)
        edits, sent = AuditEdits(), None
        if findings and _may_be_mended(context, request):
            from dirac_forge.cli.audit_edits import audit_edits  # noqa: PLC0415  # 0.3 s that others do without

            edits, sent = audit_edits(context, request, inputs, findings, executor)
    lower = len(looked.findings) - len(findings) - len(accepted)
    sections = audit_sections(
        looked.audited, findings, accepted, looked.gaps, lower=lower, verbose=context.options.verbose
    )
    sections += (*edits_sections(edits), *Section.of("Written", [Items(written)] if written else []))
    document = audit_json(looked.audited, findings, accepted, looked.gaps) | edits_json(edits)
    document |= {"requests": sent.document if sent else []} if request.pr else {}
    # There is nothing to patch in the embedded snapshot: see `audit_edits`.
    mendable = edits.changed or not context.observer.as_of
    context.answer(Shown(sections), document, steps=audit_steps(edits, findings, request.again) if mendable else ())
    return max(_exit_code(looked.audited, findings), sent.exit_code if sent else 0)


def _may_be_mended(context: Context, request: AuditRequest) -> bool:
    """Whether findings lead to edits: of recipes that are at hand, or of what the channel has."""
    recipes = context.settings.workspace / "feedstocks"
    return bool(request.pr or request.patches or request.broken or recipes.is_dir())


def _baseline(request: AuditRequest) -> tuple[Accepted, ...]:
    """Return what is accepted; nothing without a file, which --accept makes. Raises InputError."""
    if request.accept and request.baseline is None:
        raise InputError("--accept needs a --baseline file to write to", hint="Give --baseline FILE too.")
    if request.baseline is None or (request.accept and not request.baseline.exists()):
        return ()
    return read_baseline(request.baseline)


def _accept(request: AuditRequest, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Add the findings to the baseline, after what is in it, and return what was written."""
    if request.baseline is None or not findings:
        return ()
    there = read_text(request.baseline) if request.baseline.exists() else ""
    added = baseline_text(accepting(finding, request.accept) for finding in findings)
    write_file(request.baseline, f"{there.rstrip()}\n\n{added}".lstrip())
    return (f"{request.baseline}: {counted(len(findings), 'finding')} accepted",)


def looked_at(
    context: Context, executor: Executor, request: AuditRequest = _EVERYTHING
) -> tuple[list[AuditInput], AuditLook]:
    """Return what is audited, and what is found (default: in everything that the targets install).

    Upstream is asked while environments are still being solved, or by the workers of a cluster if one is given.
    """
    upstream = AuditUpstream.of(context)
    early = ThreadPoolExecutor(_THREADS)

    def begin(build: AuditedBuild) -> None:
        if not request.cluster:
            upstream.published.begin(build.record, early)

    try:
        inputs = audit_inputs(context, request.specs, since=request.since, executor=executor, found=begin)
        looked = [_look(context, each, upstream, executor, request.cluster) for each in inputs]
    finally:
        early.shutdown(cancel_futures=True)
    return inputs, _merged(looked)


def _look(context: Context, found: AuditInput, upstream: AuditUpstream, executor: Executor, cluster: str) -> AuditLook:
    """Compare the builds with upstream, and look at the channel's records and at the files."""
    # Records are read while upstream's answers are on their way.
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(_prefetch, found)
        audited = _audited(context, found, upstream, executor, cluster)
        reading.result()
    evidence = _evidence(context, found.channel)
    builds = found.uploads or installed_builds(found.environments)
    if found.uploads:  # their pins are those of today, and asking for all exports takes long
        evidence = replace(evidence, pinned=lambda _platform, _needed: PinnedExports())
    files = file_lists(found, context.observer)
    parts = (
        channel_faults(builds, evidence),
        clobbered(found.environments, files),
        command_findings(audited, found.environments, files, upstream.lookup.facts),
    )
    declared = tuple(finding for each in audited for finding in each.findings)
    return AuditLook(
        audited=audited,
        findings=(
            *declared,
            *found.patched,
            *compiled_files(found.environments, files),
            *(finding for findings, _ in parts for finding in findings),
        ),
        gaps=tuple(gap for _, gaps in parts for gap in gaps),
    )


def _prefetch(found: AuditInput) -> None:
    """Read the records of all packages that are installed on a platform in one go."""
    names: dict[str, set[str]] = {}
    for _, platform, records in found.environments:
        names.setdefault(platform, set()).update(record.name for record in records)
    for platform, installed in names.items():
        found.channel.index(platform).prefetch(installed)


def _evidence(context: Context, channel: Channel) -> ChannelEvidence:
    # What reads a pinning takes 0.2 s to import, which is time to ask upstream in.
    from dirac_forge.check.exports import ChannelExports, exports_at_hand  # noqa: PLC0415
    from dirac_forge.feedstock.channel_pinning import pinning_of  # noqa: PLC0415

    pinning = pinning_of(context, channel)
    return channel_evidence(channel, pinning, ChannelExports(channel, exports_at_hand((), pinning)).of)


def _audited(
    context: Context, found: AuditInput, upstream: AuditUpstream, executor: Executor, cluster: str
) -> tuple[Audited, ...]:
    """Return how the builds compare with upstream, here or on the workers of a cluster."""
    settings = context.settings
    if cluster:
        from dirac_forge.audit.on_cluster import audit_on_cluster  # noqa: PLC0415  # not every audit has a cluster
        from dirac_forge.cluster import connected  # noqa: PLC0415

        with connected(cluster) as workers:
            workers.require_same_version()
            return audit_on_cluster(workers, settings, found.address, found.builds, observer=context.observer)
    return audit_builds(
        found.builds,
        index=found.channel.index,
        published=upstream.published,
        executor=executor,
        observer=context.observer,
        overrides=settings.names,
        python_min=settings.python_min,
    )


def _merged(looked: Sequence[AuditLook]) -> AuditLook:
    return AuditLook(
        audited=tuple(audited for each in looked for audited in each.audited),
        findings=tuple(dict.fromkeys(finding for each in looked for finding in each.findings)),
        gaps=tuple(gap for each in looked for gap in each.gaps),
    )


def _sorted_out(
    looked: AuditLook, baseline: Sequence[Accepted], severity: Severity
) -> tuple[list[Finding], list[tuple[Finding, Accepted]]]:
    """Return the findings of at least this severity, and those of them that the baseline accepts."""
    every = at_least(looked.findings, severity)
    accepted = [(finding, entry) for finding in every if (entry := accepted_by(baseline, finding))]
    covered = {finding for finding, _ in accepted}
    return [finding for finding in every if finding not in covered], accepted


def _exit_code(audited: Sequence[Audited], findings: Sequence[Finding]) -> int:
    """Return 1 for findings, 3 if upstream could not be asked."""
    if findings:
        return 1
    return 3 if any(each.unknown is not None and each.unknown.kind == "unreachable" for each in audited) else 0
