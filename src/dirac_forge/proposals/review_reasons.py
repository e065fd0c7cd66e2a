"""Why a person must look at a request before it is merged, and why it does or does not get the label `automerge`."""

from __future__ import annotations

from typing import Literal

from dirac_forge.feedstock.change import Recorded
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NotProposed:
    """The bump waits, or is blocked."""

    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UncomparedReleases:
    """Upstream's requirements of the two releases were not compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftForPerson:
    """The edit or the drift leaves something to do by hand."""

    note: object
    """What: a note of the bump, or of its drift."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnprovenTargets:
    """No solver was asked what the bump does to the targets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorseWithBump:
    """The targets are worse off with the bump."""

    outcome: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRecipeReview:
    """It is a new recipe, which people review."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedAfter:
    """Another change of its group is merged before it."""

    title: str


ReviewReason = (
    NotProposed
    | UncomparedReleases
    | LeftForPerson
    | UnprovenTargets
    | WorseWithBump
    | NewRecipeReview
    | MergedAfter
    | Recorded
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedByPeople:
    """Changes of its kind are always merged by people."""

    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AutomergeOff:
    """The feedstock does not set `bot.automerge`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AutomergeLimited:
    """The feedstock sets `bot.automerge` for another kind of change."""

    allowed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelsRefused:
    """The owner of the token may not set labels on the feedstock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlreadyLabelled:
    """The request has the label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelRemoved:
    """Somebody removed the label from these commits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRequest:
    """The request is a draft."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignCommits:
    """Somebody else pushed to the request's branch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChecksState:
    """The checks of the request's last commit decide."""

    checks: Literal["green", "red", "pending", "none"]


AutomergeReason = (
    ReviewReason
    | MergedByPeople
    | AutomergeOff
    | AutomergeLimited
    | LabelsRefused
    | AlreadyLabelled
    | LabelRemoved
    | DraftRequest
    | ForeignCommits
    | ChecksState
)
