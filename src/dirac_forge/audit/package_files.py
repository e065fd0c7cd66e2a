"""Faults that the files of packages show: files that clobber each other, commands of upstream's that are not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dirac_forge.audit.findings import EvidenceGap, Finding, Severity
from dirac_forge.channel.file_lists import FileList
from dirac_forge.channel.records import Record
from dirac_forge.values import dataclass

_COMPILED = re.compile(r"\.(?:so(?:\.[0-9.]+)?|pyd|dylib|dll)$")
Environment = tuple[str, str, Sequence[Record]]
"""Target, platform, packages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedCommand:
    """A console script of a release."""

    name: str
    value: str
    where: str
    """The file that declares it."""


def clobbered(
    environments: Iterable[Environment], files: Callable[[Record], FileList | None]
) -> tuple[tuple[Finding, ...], tuple[EvidenceGap, ...]]:
    """Return the packages of an environment that have the same file, and the packages whose files are not known.

    The same content twice is a smaller fault: it goes wrong when one of the two is removed.
    """
    findings: dict[Finding, dict[str, None]] = {}
    unknown: set[tuple[str, str]] = set()
    for target, _, records in environments:
        placed, without = _placed(records, files)
        unknown |= without
        for finding in _clobbers(placed):
            findings.setdefault(finding, {})[target] = None
    gaps = (EvidenceGap(kind="files", builds=len(unknown)),) if unknown else ()
    return tuple(replace(finding, targets=tuple(targets)) for finding, targets in findings.items()), gaps


def _placed(
    records: Sequence[Record], files: Callable[[Record], FileList | None]
) -> tuple[dict[Record, Mapping[str, str]], set[tuple[str, str]]]:
    """Return the files of an environment's packages where they are put, and the packages whose files are not known."""
    known = {record: files(record) for record in records if not record.name.startswith("__")}
    python = next((_minor(record.version) for record in records if record.name == "python"), "")
    placed = {record: listed.placed(python) for record, listed in known.items() if listed is not None}
    return placed, {(record.subdir, record.file) for record in known if record not in placed}


def _clobbers(placed: Mapping[Record, Mapping[str, str]]) -> Iterator[Finding]:
    owners: dict[str, list[Record]] = {}
    for record, paths in placed.items():
        for path in paths:
            owners.setdefault(path, []).append(record)
    shared: dict[tuple[Record, Record], list[str]] = {}
    for path, records in owners.items():
        for other in records[1:]:
            shared.setdefault((records[0], other), []).append(path)
    for (one, other), both in shared.items():
        differing = [path for path in both if not _same(placed[one][path], placed[other][path])]
        severity: Severity = "high" if differing else "low"
        yield Finding(
            record=other,
            kind="clobber",
            dependency=one.name,
            files=len(both),
            example=min(differing or both),
            severity=severity,
            certainty="sure",
        )


def _same(one: str, other: str) -> bool:
    return bool(one) and one == other


def compiled_files(
    environments: Iterable[Environment], files: Callable[[Record], FileList | None]
) -> tuple[Finding, ...]:
    """Return the Python packages for any platform that have compiled files, which work on one platform at most."""
    targets: dict[Record, dict[str, None]] = {}
    for target, _, records in environments:
        for record in records:
            if record.noarch == "python":
                targets.setdefault(record, {})[target] = None
    found = []
    for record, names in targets.items():
        listed = files(record)
        compiled = sorted(path for path in listed.paths if _COMPILED.search(path)) if listed is not None else []
        if compiled:
            found.append(
                Finding(
                    record=record,
                    kind="compiled",
                    example=compiled[0],
                    files=len(compiled),
                    severity="high",
                    certainty="likely",
                    targets=tuple(names),
                )
            )
    return tuple(found)


def lost_commands(
    record: Record,
    listed: FileList,
    published: Iterable[PublishedCommand],
    *,
    elsewhere: frozenset[str],
    targets: tuple[str, ...] = (),
) -> tuple[Finding, ...]:
    """Return the commands that upstream's release has and no package of the environment.

    Args:
        record: the build made from that release.
        listed: its files.
        published: the commands of the release.
        elsewhere: the commands of the other packages that are installed with it: another output may have them.
        targets: what installs it.
    """
    mine = commands_of(listed) | elsewhere
    return tuple(
        Finding(
            record=record,
            kind="entry-point",
            dependency=command.name,
            upstream=f"{command.name} = {command.value}",
            where=command.where,
            severity="medium",
            certainty="sure",
            targets=targets,
        )
        for command in published
        if command.name not in mine
    )


def commands_of(listed: FileList) -> frozenset[str]:
    """Return the commands that a package installs."""
    folders = ("bin/", "Scripts/", "python-scripts/")
    placed = (path.rpartition("/") for path in listed.paths if path.startswith(folders))
    return frozenset(listed.commands) | {name.removesuffix(".exe").removesuffix("-script.py") for _, _, name in placed}


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
