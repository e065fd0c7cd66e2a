"""Values: the environments that a proposal is built and used in, and why a proof has its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dirac_forge.check.answer_reasons import EnvironmentReason, NotTaken, Unanswered, VerdictReason
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.check.cells import Status


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentProof:
    """One environment of one output, as one variant has it."""

    output: str
    part: Literal["build", "host", "run", "test"]
    platform: str
    """Whose packages are installed."""
    made_for: str = ""
    """The platform of the output, where a build for it runs on another one."""
    variant: str = ""
    """The values that tell the variant from others (`python 3.12`), or "" if there is only one."""
    status: Status
    reason: EnvironmentReason | None = None
    fault: bool = False
    """The proposal breaks it: it could be solved before, or there was no such environment."""
    replaced: bool = False
    """It can't be solved, and a target takes the output in another variant on this platform."""

    @property
    def place(self) -> tuple[str, str, str, str, str]:
        """What tells it from other environments; as `Question.place`."""
        return self.output, self.part, self.platform, self.made_for, self.variant

    @property
    def breaks(self) -> bool:
        """Whether the proposal is worse for it."""
        return self.fault and not self.replaced


@dataclass(frozen=True, kw_only=True, slots=True)
class WorstTarget:
    """The first target of those with the worst outcome."""

    target: str
    platform: str
    python: str
    reason: VerdictReason | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenEnvironment:
    """The proposal breaks an environment that a recipe is built or used in."""

    environment: EnvironmentProof


@dataclass(frozen=True, kw_only=True, slots=True)
class NoPaperBuild:
    """It is not known what a build of the recipe would make."""

    message: str
    """Of the error, with file and line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadableRecipe:
    """The edited recipe can't be read."""

    message: str
    """Of the error, with file and line."""


ProofReason = WorstTarget | BrokenEnvironment | Unanswered | NoPaperBuild | UnreadableRecipe


@dataclass(frozen=True, kw_only=True, slots=True)
class UselessVariants:
    """Variants of an output that can't be installed, while the targets take others."""

    output: str
    platforms: tuple[str, ...]
    variants: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NothingMade:
    """All variants of a recipe are skipped, or it is not built, on each of these platforms."""

    feedstock: str
    platforms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenAsThere:
    """Packages that the channel does not have and that are taken to be there."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownExports:
    """Packages whose run_exports are not known, so that requirements of the builds may be missing."""

    names: tuple[str, ...]


ProofWarning = BrokenEnvironment | UselessVariants | NothingMade | NotTaken | TakenAsThere | UnknownExports
