"""The commands of releases, compared with the files of the builds that are made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from packaging.specifiers import SpecifierSet

from dirac_forge.audit.findings import Audited, EvidenceGap, Finding
from dirac_forge.audit.package_files import Environment, PublishedCommand, commands_of, lost_commands
from dirac_forge.audit.projects import is_part
from dirac_forge.channel.file_lists import FileList
from dirac_forge.channel.records import Record
from dirac_forge.errors import ForgeError
from dirac_forge.untrusted import parse_specifiers
from dirac_forge.upstream.files.facts import ReleaseFacts


def command_findings(
    audited: Iterable[Audited],
    environments: Sequence[Environment],
    files: Callable[[Record], FileList | None],
    facts: Callable[[str, SpecifierSet], ReleaseFacts],
) -> tuple[tuple[Finding, ...], tuple[EvidenceGap, ...]]:
    """Return the commands that upstream's releases have and nothing in the environment, and what is not known.

    Args:
        audited: the builds that were compared with a release.
        environments: what they are installed with.
        files: what a package installs; None if that is not known: nothing is then asked of upstream.
        facts: everything that the files of a release say.
    """
    findings: list[Finding] = []
    unknown: list[str] = []
    for each in audited:
        listed = None if not each.project or is_part(each.record.name) else files(each.record)
        exactly = parse_specifiers(f"=={each.record.version}")
        if listed is None or exactly is None:  # without the second, upstream has no such version
            continue
        try:
            found = facts(each.project, exactly)
        except ForgeError as error:
            unknown.append(error.message)
            continue
        findings += _lost(each.record, listed, found, environments, files)
    gaps = (EvidenceGap(kind="commands", builds=len(unknown), detail=unknown[0]),) if unknown else ()
    return tuple(findings), gaps


def _lost(
    record: Record,
    listed: FileList,
    found: ReleaseFacts,
    environments: Sequence[Environment],
    files: Callable[[Record], FileList | None],
) -> tuple[Finding, ...]:
    installing = [(target, records) for target, _, records in environments if record in records]
    return lost_commands(
        record,
        listed,
        _published(found),
        elsewhere=_elsewhere(record, (records for _, records in installing), files),
        targets=tuple(dict.fromkeys(target for target, _ in installing)),
    )


def _published(found: ReleaseFacts) -> tuple[PublishedCommand, ...]:
    """Return the commands that the wheel installs; a source archive alone does not tell which those are."""
    if found.wheel is None:
        return ()
    where = found.wheel.filename
    return tuple(PublishedCommand(name=each.name, value=each.value, where=where) for each in found.wheel.entry_points)


def _elsewhere(
    record: Record, environments: Iterable[Sequence[Record]], files: Callable[[Record], FileList | None]
) -> frozenset[str]:
    """Return the commands of the packages that are installed with a build."""
    others = {other for records in environments for other in records} - {record}
    known = (files(other) for other in others)
    return frozenset[str]().union(*(commands_of(listed) for listed in known if listed is not None))
