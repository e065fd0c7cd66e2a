"""Where the dashboard is: an issue of a repository that the settings name, or a file in the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.dashboard import TITLE, DashboardRequests, DashboardState, asked_for, dashboard, with_ticks
from dirac_forge.bot.outcomes import outcome_of
from dirac_forge.bot.run import Result
from dirac_forge.bot.summary import fault_notes
from dirac_forge.distribution.outlook import DistributionOutlook
from dirac_forge.errors import ForgeError
from dirac_forge.files import write_file
from dirac_forge.report.outlook import outlook_lines

_LONGEST = 65_000
"""Characters; GitHub takes 65,536 as the body of an issue."""
_NOTHING = DashboardRequests()


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
    done: DashboardRequests = _NOTHING,
) -> str:
    """Bring the dashboard up to date, and return where it is: a URL or a path.

    `done` is what was ticked when the run began; what people ticked since stays for the next run.
    """
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
            waiting=_waiting(result),
        )
    )
    forge = connections.forge
    if forge is not None and repository:
        try:
            repo = forge.repository(repository)
            meanwhile = asked_for(forge.own_issue(repo, TITLE))
            # What is still held back stays ticked.
            done = replace(done, now=done.now - {each.identity for each in result.held})
            return forge.keep_issue(repo, title=TITLE, body=with_ticks(body, meanwhile, done)[:_LONGEST])
        except ForgeError as error:
            connections.observer.warned(f"the dashboard can't be written: {error.message}")
    path = outbox / "dashboard.md"
    write_file(path, f"# {TITLE}\n\n{body}")
    return str(path)


def _waiting(result: Result) -> tuple[tuple[str, str], ...]:
    """Return feedstocks that could not be read, and those that can't be decided or have to wait; and why."""
    unread = [(each.line.name, each.text) for each in result.looked if each.state != "read"]
    stuck = [each for each in result.decisions if each.state in {"waiting", "blocked", "unknown", "failed"}]
    return (*unread, *((each.feedstock or each.key, each.said) for each in stuck))
