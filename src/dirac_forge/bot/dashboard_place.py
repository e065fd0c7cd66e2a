"""Where the dashboard is: an issue of a repository that the settings name, or a file in the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.dashboard import TITLE, DashboardRequests, DashboardState, asked_for, dashboard
from dirac_forge.bot.outcomes import outcome_of
from dirac_forge.bot.run import Result
from dirac_forge.bot.summary import fault_notes
from dirac_forge.distribution.outlook import DistributionOutlook
from dirac_forge.errors import ForgeError
from dirac_forge.files import write_file
from dirac_forge.report.outlook import outlook_lines

__all__ = ["keep_dashboard", "read_dashboard"]

_LONGEST = 65_000
"""Characters; GitHub takes 65,536 as the body of an issue."""


def read_dashboard(connections: Connections, repository: str) -> DashboardRequests:
    """Return what people ticked on the dashboard; one that can't be read stops no run, and is warned about."""
    forge = connections.forge
    if forge is None or not repository:
        return DashboardRequests()
    try:
        return asked_for(forge.own_issue(forge.repository(repository), TITLE))
    except ForgeError as error:
        connections.observer.warned(f"the dashboard can't be read: {error.message}")
        return DashboardRequests()


def keep_dashboard(
    connections: Connections,
    repository: str,
    outbox: Path,
    result: Result,
    outlooks: Sequence[DistributionOutlook] = (),
) -> str:
    """Bring the dashboard up to date, and return where it is: a URL or a path."""
    ledger = connections.ledger
    body = dashboard(
        DashboardState(
            now=ledger.now(),
            run=result.run.id,
            outcome=outcome_of(result.states),
            notes=fault_notes(result),
            entries=ledger.entries(),
            outcomes=result.outcomes,
            held=result.held,
            distributions=tuple(line for each in outlooks for line in outlook_lines(each)),
            waiting=tuple(
                (each.feedstock or each.found, each.reason)
                for each in result.decisions
                if each.state in {"blocked", "unknown", "failed"}
            ),
        )
    )
    forge = connections.forge
    if forge is not None and repository:
        try:
            return forge.keep_issue(forge.repository(repository), title=TITLE, body=body[:_LONGEST])
        except ForgeError as error:
            connections.observer.warned(f"the dashboard can't be written: {error.message}")
    path = outbox / "dashboard.md"
    write_file(path, f"# {TITLE}\n\n{body}")
    return str(path)
