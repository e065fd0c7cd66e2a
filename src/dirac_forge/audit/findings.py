"""Values: disagreements between a channel's builds and upstream's metadata."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from dirac_forge.channel.records import Record
from dirac_forge.upstream.files.requirements import DeclaredRequirement

__all__ = ["SEVERITIES", "Audited", "Certainty", "Finding", "FindingKind", "Severity", "Uncompared", "at_least"]

FindingKind = Literal["missing", "looser", "stricter", "python-looser", "python-stricter"]
Severity = Literal["high", "medium", "low"]
Certainty = Literal["sure", "likely", "guess"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
"""The worst first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A disagreement of one build with upstream's metadata of its version."""

    record: Record
    kind: FindingKind
    dependency: str = ""
    """The package that the requirement asks for; "" where no requirement is concerned."""
    declared: str
    """The spec in the build's `depends`; "" where there is none."""
    upstream: str
    """The line of upstream's metadata."""
    requirement: DeclaredRequirement | None = None
    """That line parsed; None where a Python range is concerned."""
    where: str
    """The file of the release that the line is in."""
    example: str = ""
    """A version that one side admits and the other does not; for a Python range, a Python."""
    severity: Severity
    certainty: Certainty
    targets: tuple[str, ...] = ()
    """The targets that install this build."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Uncompared:
    """Why a build was not compared."""

    kind: Literal["not-a-project", "no-release", "no-metadata", "unreachable"]
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """One build that was looked at."""

    record: Record
    project: str = ""
    """The project on the index; "" where it is not known."""
    findings: tuple[Finding, ...] = ()
    unknown: Uncompared | None = None
    """Why nothing can be said; None where it was compared."""


def at_least(findings: Iterable[Finding], severity: Severity) -> tuple[Finding, ...]:
    """Return the findings of this severity or a worse one, the worst first."""
    worst = SEVERITIES[: SEVERITIES.index(severity) + 1]
    kept = [finding for finding in findings if finding.severity in worst]
    return tuple(sorted(kept, key=lambda each: (SEVERITIES.index(each.severity), each.record.name, each.dependency)))
