"""Why a change has its outcome: it was sent, is there already, waits, or stays closed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from dirac_forge.feedstock.change import SkipReason
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeSent:
    """The change was sent, or prepared in the outbox."""

    how: Literal["opened", "updated", "prepared"]
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NextTry:
    """The last attempt failed, and it is too early for the next one."""

    time: datetime
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockMovedOn:
    """The feedstock changed since it was read, and nothing is left to do, or nobody can tell."""

    repository: str
    reason: str | SkipReason


@dataclass(frozen=True, kw_only=True, slots=True)
class UpToDateRequest:
    """The request exists, with the right commits and text."""

    name: str
    """`#12`, or its folder in the outbox."""
    prepared: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestTextUpdated:
    """Only the request's title or body had to change."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OthersRequest:
    """Somebody else's open request makes the same change."""

    number: int
    author: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedRequest:
    """The request is merged."""

    name: str
    """`#12`, its URL or its title."""
    lacking: str = ""
    """The release line that lacks the change all the same; "" if it has it, or that is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedRequest:
    """The request was closed."""

    how: str
    """As the ledger has it: `closed #12 on 2026-01-05 (octocat)`."""
    stays: bool = False
    """Whether the change is still wanted, so that it stays closed."""


@dataclass(frozen=True, slots=True)
class TakenOut:
    """The change was only prepared, and was taken out of the outbox by `bot retract`."""

    why: str = ""
    """As the operator put it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetractedRequest:
    """The request was taken back by `bot retract`."""

    comment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedBeforeRetraction:
    """The request that should be taken back is merged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestInConflict:
    """The request has conflicts, and its maintainers do not want it made again."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchivedRepository:
    """The feedstock's repository is archived: nothing can be changed there."""

    repository: str
    open_request: bool = False
    """Whether a request of ours is open there, which stays so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoredVersion:
    """A person ignores it on the dashboard."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRequest:
    """Its request is open on the forge, so it has no place in the outbox."""

    url: str
    decided: str = ""
    """What a person decided about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotTried:
    """The run was given up before its turn."""

    reason: OutcomeReason


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockExists:
    """A new recipe is for a feedstock that exists."""

    feedstock: str
    repository: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FixConflict:
    """A fix does not fit these files of another branch."""

    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NoRecipeOnBranch:
    """A fix is for a recipe, and the branch has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unneeded:
    """Why an open request is not needed any more."""

    why: Literal["built", "reached", "withdrawn", "excluded"]
    """The channel has it; the feedstock has the version; upstream took it back; conda-forge.yml excludes it."""
    version: str = ""
    objection: str = ""
    """Upstream's, such as `yanked (broken)`; "" if it deleted the release."""


OutcomeReason = (
    ChangeSent
    | NextTry
    | FeedstockMovedOn
    | UpToDateRequest
    | RequestTextUpdated
    | OthersRequest
    | MergedRequest
    | ClosedRequest
    | TakenOut
    | RetractedRequest
    | MergedBeforeRetraction
    | RequestInConflict
    | ArchivedRepository
    | IgnoredVersion
    | OpenRequest
    | NotTried
    | FeedstockExists
    | FixConflict
    | NoRecipeOnBranch
    | Unneeded
    | str
)
"""Text is the message of an error."""
