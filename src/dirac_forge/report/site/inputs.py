"""What a run found out, as values: the site is made from these alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from dirac_forge.audit.findings import Audited, EvidenceGap, Finding
from dirac_forge.bump.proposal import Bump
from dirac_forge.check.cells import Cell
from dirac_forge.distribution.difference import LockDifference
from dirac_forge.distribution.security import SecurityReport
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.graph import Graph
from dirac_forge.migration.effects import TargetEffect
from dirac_forge.migration.exports import Pinned
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.schema import Migration
from dirac_forge.migration.status import Status
from dirac_forge.values import dataclass


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Something that this run does not know, and why; shown on its page."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationFacts:
    """One migration; a part that is not known says why."""

    migration: Migration
    pinning: bool = False
    """It is one of the pinning, not of the workspace."""
    plan: Plan | Unavailable
    pinned: tuple[Pinned, ...] = ()
    status: Status | Unavailable
    effects: tuple[TargetEffect, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be found out about its effects."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockLine:
    """A release line of a feedstock."""

    branch: str
    versions: str = ""
    """Those that belong on it, by the settings, or "" if every version does."""
    here: bool = False
    """Its recipe is in the workspace."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedDistribution:
    """A distribution, and what a release of today would change in it."""

    name: str
    difference: LockDifference | Unavailable
    security: SecurityReport | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerFacts:
    """What the ledger has, as `bot why --json` prints it for each feedstock."""

    histories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    last_run: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteInputs:
    """Everything that the site shows."""

    now: datetime
    program: str
    """Name and version of what makes the site."""
    workspace: str
    """Its name."""
    channels: tuple[str, ...] = ()
    as_of: str | None = None
    """The day of the embedded snapshot, where it answered for conda-forge."""
    cells: tuple[Cell, ...] | Unavailable = ()
    bumps: tuple[Bump | Skip, ...] | Unavailable = ()
    audited: tuple[Audited, ...] | Unavailable = ()
    findings: tuple[Finding, ...] = ()
    gaps: tuple[EvidenceGap, ...] = ()
    """What the audit could not find out."""
    migrations: tuple[MigrationFacts, ...] | Unavailable = ()
    graph: Graph | None = None
    """The feedstocks of the workspace."""
    lines: Mapping[str, tuple[FeedstockLine, ...]] = field(default_factory=dict)
    ledger: LedgerFacts | Unavailable = field(default_factory=LedgerFacts)
    distributions: tuple[LockedDistribution, ...] = ()
    past: Mapping[str, Any] | None = None
    """The history file of the last run, or None if there is none."""
