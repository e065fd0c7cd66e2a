"""Values: what is wrong with builds of a channel, by upstream's metadata, the channel itself, or their files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from packaging.specifiers import SpecifierSet

from dirac_forge.channel.records import Record
from dirac_forge.upstream.files.requirements import DeclaredRequirement
from dirac_forge.values import dataclass

FindingKind = Literal[
    "missing",
    "looser",
    "stricter",
    "python-looser",
    "python-stricter",
    "broken",
    "withdrawn",
    "licence",
    "pin",
    "clobber",
    "compiled",
    "entry-point",
    "patched",
]
"""The first five compare with upstream's metadata. `broken`: the channel took the build back; `withdrawn`: the channel
no longer has it; `licence`: its record has none; `pin`: it admits no version that the pinning has; `clobber`: another
package of the environment has the same file; `compiled`: a package for any platform has a compiled file; `entry-point`:
a command of upstream's is not there; `patched`: the channel added a requirement since a lock was made."""
Severity = Literal["high", "medium", "low"]
Certainty = Literal["sure", "likely", "guess"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
"""The worst first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One fault of one build."""

    record: Record
    kind: FindingKind
    dependency: str = ""
    """The package that is required or has the same file, or the command that is lost; "" for none."""
    declared: str = ""
    """The spec in the build's `depends`; "" if there is none."""
    upstream: str = ""
    """The line of upstream's metadata or of the pinning; "" if neither is concerned."""
    requirement: DeclaredRequirement | None = None
    """That line parsed; None if it is not a requirement."""
    specifier: SpecifierSet | None = None
    """The Pythons that upstream admits, where a Python range is concerned."""
    where: str = ""
    """The file that the line is in: of the release, or of the pinning."""
    example: str = ""
    """A version that one side admits and the other does not; for a Python range, a Python; for files, one of them."""
    files: int = 0
    """How many files two packages both have."""
    severity: Severity
    certainty: Certainty
    targets: tuple[str, ...] = ()
    """The targets that install this build."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Uncompared:
    """Why a build was not compared."""

    kind: Literal["not-a-project", "not-a-version", "no-release", "no-metadata", "unreadable", "unreachable"]
    """`not-a-version`: the build's has no form in PEP 440; `no-metadata`: no file of the release declares requirements
    statically; `unreadable`: what it declares can't be parsed; `unreachable`: the index did not answer."""
    projects: tuple[str, ...] = ()
    """The projects that the package may be made from, as far as they were asked for."""
    problem: str = ""
    """The message of an error, where there was one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceGap:
    """Something that could not be looked at, for want of evidence."""

    kind: Literal["channel", "files", "commands", "licence", "pinning", "run-exports"]
    """`channel`: whether builds were taken back, which channels without their package do not tell; `files`: what
    packages install; `commands`: upstream's; `licence`: records that were copied without that field; `pinning`: there
    is none; `run-exports`: what pinned packages export."""
    builds: int
    """How many builds it concerns."""
    detail: str = ""
    """The message of an error, where there was one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """One build that was looked at."""

    record: Record
    project: str = ""
    """The project on the index; "" if it is not known."""
    findings: tuple[Finding, ...] = ()
    unknown: Uncompared | None = None
    """Why it could not be compared; None if it was."""


def at_least(findings: Iterable[Finding], severity: Severity) -> tuple[Finding, ...]:
    """Return the findings of this severity or a worse one, the worst first."""
    worst = SEVERITIES[: SEVERITIES.index(severity) + 1]
    kept = [finding for finding in findings if finding.severity in worst]
    return tuple(sorted(kept, key=lambda each: (SEVERITIES.index(each.severity), each.record.name, each.dependency)))
