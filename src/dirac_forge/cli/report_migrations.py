"""The migrations of a report: plan, status and effects on the targets, each as `migrate` finds them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dirac_forge.cli.context import Context
from dirac_forge.cli.migrate import current_status, migration_context
from dirac_forge.cli.migration_page import facts_of, or_why_not
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.graph import Graph
from dirac_forge.report.site.inputs import MigrationFacts, Unavailable


def followed(
    context: Context, names: Sequence[str], status_page: Path | None
) -> tuple[tuple[MigrationFacts, ...] | Unavailable, Graph | None]:
    """Return these migrations (all of the workspace and the pinning, if none is named), and the feedstocks."""
    try:
        with migration_context(context, channel=True) as migrating:
            chosen = [migrating.migration(name) for name in names] or list(migrating.migrations().values())
            context.observer.started("migrations", len(chosen))
            found = []
            for migration in chosen:
                plan = or_why_not(lambda: migrating.plan(migration))  # noqa: B023  # called here
                found.append(
                    facts_of(
                        context,
                        migrating,
                        migration,
                        plan,
                        lambda plan: current_status(context, migrating, plan, status_page),
                    )
                )
                context.observer.advanced("migrations", detail=migration.name)
            context.observer.finished("migrations")
            return tuple(found), migrating.graph
    except ForgeError as error:
        if names:
            raise
        return Unavailable(error.message), None
