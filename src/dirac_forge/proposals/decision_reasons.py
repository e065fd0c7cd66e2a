"""What a run found for a release line, and why it decided what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dirac_forge.bump.blockers import Blocker
from dirac_forge.bump.objections import PassedOver, TooYoung
from dirac_forge.feedstock.change import Recorded, SkipReason
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.bump.proposal import Bump
    from dirac_forge.migration.evidence import Evidence

DecisionKind = Literal["bump", "migration", "recipe"]
DecisionState = Literal["wanted", "nothing", "waiting", "blocked", "unknown", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamVersion:
    """Upstream has another version than the recipe."""

    new: str
    old: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeVersion:
    """The recipe has this version."""

    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InNoChannel:
    """No channel has this package."""

    package: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RebuildEvidence:
    """What the channel has of a migration's rebuild."""

    migration: str
    evidence: Evidence | None = None


LineFinding = UpstreamVersion | RecipeVersion | InNoChannel | RebuildEvidence | Recorded


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenVersion:
    """Why a bump goes to its version."""

    version: str
    moves: bool = True
    """Whether the version changes; else only requirements do."""
    asked: bool = False
    """Whether a person asked for the version."""
    waiting: tuple[PassedOver, ...] = ()
    """Newer ones that are too young."""

    @classmethod
    def of(cls, bump: Bump) -> ChosenVersion:
        """Return why a bump goes to its version."""
        waiting = tuple(each for each in bump.rejected if isinstance(each.reason, TooYoung))
        return cls(version=bump.new, moves=bump.moves, asked=bump.asked, waiting=waiting)


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitsForBumps:
    """Other feedstocks must move first."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownEffect:
    """What the bump does to the targets could not be found out."""

    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedSincePrepared(SkipReason):
    """The feedstock's files changed after the batch was prepared, and a sealed batch decides nothing anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnBranchAlready(SkipReason):
    """The branch has the fix that would be carried to it."""

    branch: str


DecisionReason = ChosenVersion | WaitsForBumps | UnknownEffect | Blocker | SkipReason
"""Text is the message of an error."""
