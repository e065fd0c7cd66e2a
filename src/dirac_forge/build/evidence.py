"""What a build says of one feedstock, small enough to go with a proposal."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dirac_forge.build.failures import DependencyFailed, Failure, is_unanswered
from dirac_forge.build.model import FINE, BuildReport, PackageResult
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedPart:
    """An output that was not built or tested, or a target that could not be installed."""

    name: str
    failure: Failure | None
    """None if pip check or a command failed."""
    unknown: bool = False
    """Whether it may be fine: a host did not answer, or a part of a channel lacks something. So for what it needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEvidence:
    """How the builds of one feedstock went."""

    platform: str
    outputs: tuple[str, ...]
    pythons: tuple[str, ...] = ()
    """Those that its tests ran with."""
    targets: tuple[str, ...] = ()
    """Installed with it: pip check was clean, their commands ran."""
    failed: tuple[FailedPart, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was built, tested and installed."""
        return bool(self.outputs) and not self.failed

    @property
    def unknown(self) -> bool:
        """Whether nothing failed for certain."""
        return bool(self.failed) and all(one.unknown for one in self.failed)


def evidence_of(report: BuildReport, feedstock: str) -> BuildEvidence:
    """Return what a report says of one feedstock; targets count for every feedstock that was built."""
    mine = [one for one in report.packages if one.feedstock == feedstock]
    done = [one for one in mine if one.status in FINE]
    certain = _certainly_failed(report)
    lost = [
        FailedPart(name=one.output, failure=one.failure, unknown=not _is_certain(one.failure, certain))
        for one in mine
        if one not in done
    ]
    return BuildEvidence(
        platform=report.platform,
        outputs=tuple(dict.fromkeys(one.output for one in done)),
        pythons=_tested_with(done),
        targets=tuple(dict.fromkeys(one.target for one in report.installed if one.passed)),
        failed=(*lost, *_broken_targets(report)),
    )


def _certainly_failed(report: BuildReport) -> frozenset[str]:
    """Return the outputs that failed, or need one that did, whatever is unknown."""
    found: frozenset[str] = frozenset()
    while True:
        more = {one.output for one in report.packages if one.status not in FINE and _is_certain(one.failure, found)}
        if more <= found:
            return found
        found |= more


def _is_certain(failure: Failure | None, failed: Collection[str]) -> bool:
    if isinstance(failure, DependencyFailed):
        return failure.dependency in failed
    return failure is None or not is_unanswered(failure)


def _broken_targets(report: BuildReport) -> Iterable[FailedPart]:
    return (
        FailedPart(name=one.target, failure=one.failure, unknown=not _is_certain(one.failure, ()))
        for one in report.installed
        if not one.passed
    )


def _tested_with(packages: Iterable[PackageResult]) -> tuple[str, ...]:
    """Return the Pythons that the packages' tests ran with."""
    runs = [run.python.split(", ") for one in packages for run in one.tests]
    return tuple(dict.fromkeys(python for pythons in runs for python in pythons if python))
