"""What is known of one migration, with its effects on the targets of the settings; and its page as one file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from dirac_forge import __version__
from dirac_forge.check.configured import specs_of
from dirac_forge.cli.context import Context
from dirac_forge.errors import ForgeError
from dirac_forge.files import write_file
from dirac_forge.migration.effects import TargetEffect
from dirac_forge.migration.exports import pinned_members
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.schema import Migration
from dirac_forge.migration.status import Status
from dirac_forge.proposals.migration_effects import effect_of
from dirac_forge.proposals.migrations import MigrationContext
from dirac_forge.report.site.inputs import MigrationFacts, Unavailable
from dirac_forge.report.site.site import migration_html

T = TypeVar("T")


def write_page(path: Path, context: Context, migrating: MigrationContext, plan: Plan, status: Status) -> None:
    """Write the page of a migration as one file. Raises InputError if it can't be written."""
    facts = facts_of(context, migrating, plan.migration, plan, lambda _: status)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    write_file(path, migration_html(facts, made=made, program=f"dirac-forge {__version__}"))


def facts_of(
    context: Context,
    migrating: MigrationContext,
    migration: Migration,
    plan: Plan | Unavailable,
    status: Callable[[Plan], Status],
) -> MigrationFacts:
    """Return what is known of one migration; what could not be found out says why."""
    pinning = not Path(migration.path).absolute().is_relative_to(context.settings.workspace / "migrations")
    if isinstance(plan, Unavailable):
        return MigrationFacts(migration=migration, pinning=pinning, plan=plan, status=plan)
    effects, notes = _effects(context, migrating, plan)
    return MigrationFacts(
        migration=migration,
        pinning=pinning,
        plan=plan,
        pinned=tuple(pinned_members(plan, migrating.exports(plan))),
        status=or_why_not(lambda: status(plan)),
        effects=effects,
        notes=notes,
    )


def _effects(
    context: Context, migrating: MigrationContext, plan: Plan
) -> tuple[tuple[TargetEffect, ...], tuple[str, ...]]:
    """Return what a plan does to each target of the settings, and why that is not known of the others."""
    if not plan.waves:
        return (), ()
    found: list[TargetEffect] = []
    notes: list[str] = []
    for target in context.settings.targets:
        specs, platforms = specs_of(context.settings, target)
        task = f"{plan.migration.name}: {target}"
        context.observer.started(task)
        effect = or_why_not(lambda: effect_of(migrating, plan, target, specs, platforms))  # noqa: B023  # called here
        context.observer.finished(task)
        if isinstance(effect, Unavailable):
            notes.append(f"what the migration does to {target} is unknown: {effect.reason}")
        else:
            found.append(effect)
    return tuple(found), tuple(notes)


def or_why_not(work: Callable[[], T]) -> T | Unavailable:
    """Return the result of some work, or why there is none."""
    try:
        return work()
    except ForgeError as error:
        return Unavailable(error.message)
