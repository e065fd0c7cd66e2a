"""Why a bump is blocked, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dirac_forge.bump.drift.carried import CompiledNow, TooLowPython
from dirac_forge.bump.new_needs import Awaited, Lack
from dirac_forge.check.proof_reasons import EnvironmentProof, ProofReason
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.build.evidence import BuildEvidence


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpingBump:
    """The targets can take the bump only together with another one."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WorseTargets:
    """A target would get worse, as the proof says."""

    reason: ProofReason | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NeverUsable:
    """A package of it can't be built, or not be installed, in any variant; that need not be the bump's own fault."""

    environment: EnvironmentProof
    """The first one that has no solution."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedBuild:
    """It was built, and failed."""

    evidence: BuildEvidence


Blocker = str | Awaited | Lack | CompiledNow | TooLowPython | HelpingBump | WorseTargets | NeverUsable | FailedBuild
