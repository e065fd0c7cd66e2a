"""What the solver says of a bump: the targets with it, and the environments that it is built and used in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dirac_forge.check.overlay_check import Outcome, Verdict

__all__ = ["EnvironmentProof", "Proof"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentProof:
    """One environment of one output, as one variant has it."""

    output: str
    part: Literal["build", "host", "run"]
    platform: str
    variant: str = ""
    """What tells the variant from others (`python 3.12`); "" where there is one only."""
    status: Literal["installable", "not-installable", "unknown"]
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What becomes of the targets, and of the feedstock itself, once the bump is merged."""

    outcome: Outcome
    """Better, same or worse; `unknown` where the channel could not be asked."""
    reason: str = ""
    """Why it is worse or unknown."""
    verdicts: tuple[Verdict, ...] = ()
    """One for each target, platform and Python."""
    environments: tuple[EnvironmentProof, ...] = ()
    beside: tuple[str, ...] = ()
    """Feedstocks whose own proposals were laid over the channel first: this one waits for them."""
    warnings: tuple[str, ...] = ()
    """What makes the proof weaker than it looks."""
