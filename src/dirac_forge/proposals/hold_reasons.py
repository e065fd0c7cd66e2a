"""Why a proposed change is not sent in a run, worded in `report.hold_words`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from dirac_forge.bump.objections import TooYoung
from dirac_forge.proposals.decision_reasons import DecisionReason
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownSettingName:
    """A name in `paused` or `groups` of the settings that is neither a feedstock nor, in `paused`, a migration."""

    key: Literal["paused", "groups"]
    name: str
    near: str
    """The most similar known name, or ""."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Paused:
    """The settings pause it."""

    name: str
    """A feedstock, a migration, or `all`."""
    there: bool = False
    """Whether it has a request, which stays as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockFull:
    """As many requests are open on the feedstock as may be."""

    open: int
    most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ForgeFull:
    """As many requests are open on all feedstocks as may be."""

    open: int
    most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFull:
    """The run has opened as many as it may."""

    most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitsForCanaries:
    """Others of the same wave go first."""

    migration: str
    """"" for bumps."""
    canaries: int
    urls: tuple[str, ...]
    """Of those that are under way; () if this run opens them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BehindOthers:
    """conda-forge's bot can go first."""

    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsideSchedule:
    """It is not the time in which new requests are opened."""

    windows: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupHeld:
    """Another change of its group is held back."""

    feedstock: str = ""
    """"" if it is not known which."""
    reason: HoldReason | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupStuck:
    """A feedstock of its group can't move yet."""

    feedstock: str
    reasons: tuple[DecisionReason, ...] = ()
    """Of the decision about it."""
    why: Literal["decided", "absent", "archived", "closed"] = "decided"
    """`absent`: the run has no decision about it, since it was not asked for, or could not be read; `archived`: its
    repository is; `closed`: people closed its request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnaskedRecipe:
    """It is a new recipe, which is sent only when asked for."""


HoldReason = (
    Paused
    | FeedstockFull
    | ForgeFull
    | RunFull
    | WaitsForCanaries
    | BehindOthers
    | TooYoung
    | OutsideSchedule
    | GroupHeld
    | GroupStuck
    | UnaskedRecipe
)
