"""Where a migration stands: evidence of each member, other migrations that it waits for, and what the solver says."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.environments import unheard_of
from dirac_forge.errors import ForgeError
from dirac_forge.migration.known import known_from_page
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.solvability import (
    HostEnvironment,
    Solvability,
    Solve,
    SolverAnswer,
    environments,
    solvability_of,
)
from dirac_forge.migration.status import Evidence, Known, Status, status_of
from dirac_forge.proposals.migrations import MigrationContext, explained

__all__ = ["status_now"]

_LONGEST_REASON = 400
_NONE: Mapping[str, str] = MappingProxyType({})


def status_now(
    migrating: MigrationContext,
    plan: Plan,
    page: Path | None,
    *,
    platforms: Collection[str] = (),
    in_pr: Mapping[str, str] = _NONE,
) -> Status:
    """The status of a plan.

    Args:
        migrating: the workspace; with a channel, what could go now is asked of the solver too.
        plan: the plan.
        page: a status page of conda-forge's bot, for pull requests and errors.
        platforms: for which the solver is asked; () for all.
        in_pr: feedstock to the URL of a request of ours that is open.

    Raises:
        InputError: the page, or a migration that this one waits for, can't be read.
    """
    known = known_from_page(page) if page is not None else Known()
    known = replace(known, waits=_waits(migrating, plan), in_pr={**known.in_pr, **in_pr})
    evidence = migrating.evidence(plan)
    first = status_of(plan, evidence, known)
    if migrating.channel is None or not plan.migration.settings.check_solvable or not first.next:
        return first
    found = _solvability(migrating, migrating.channel, plan, first, evidence, platforms)
    if found.left:
        migrating.observer.warned(
            f"{len(found.left)} members that block little were not asked of the solver: too many can go now"
        )
    known = replace(known, not_solvable={**known.not_solvable, **found.not_solvable}, unsure=found.unknown)
    return status_of(plan, evidence, known)


def _waits(migrating: MigrationContext, plan: Plan) -> dict[str, str]:
    """The migrations that this one waits for and that are not complete, each with how far it is."""
    waits: dict[str, str] = {}
    for name in plan.migration.settings.wait_for_migrators:
        other = migrating.find_migration(name) if name != plan.migration.name else None
        if other is None:
            # The pinning drops a migration when it is over.
            if migrating.pinning is None:
                migrating.observer.warned(
                    f"{plan.migration.name} waits for {name}, which is not in migrations/, and there is no pinning "
                    "to tell: it is taken to be over"
                )
            continue
        its_plan = migrating.plan(other)
        its_status = status_of(its_plan, migrating.evidence(its_plan))
        total, done = len(its_status.feedstocks), len(its_status.of("done"))
        if done < total:
            unknown = f", {len(its_status.unknown)} unknown" if its_status.unknown else ""
            waits[name] = f"{done} of {total} done{unknown}"
    return waits


def _solvability(
    migrating: MigrationContext,
    channel: Channel,
    plan: Plan,
    status: Status,
    evidence: dict[str, Evidence],
    platforms: Collection[str],
) -> Solvability:
    asked: dict[str, tuple[HostEnvironment, ...]] = {}
    for one in status.next:
        done = evidence[one.feedstock].done
        open_ones = [
            platform
            for platform in plan.membership.members[one.feedstock].platforms
            if not done.get(platform) and (not platforms or platform in platforms)
        ]
        try:
            recipe = migrating.workspace.feedstocks[one.feedstock].read()
            asked[one.feedstock] = environments(
                plan, one.feedstock, recipe, platforms=open_ones, pinning=migrating.pinning
            )
        except ForgeError as exc:
            migrating.observer.warned(f"{one.feedstock}: the solver was not asked: {exc.message}")
    observer = migrating.observer
    observer.started("solving", sum(map(len, asked.values())))
    with ThreadPoolExecutor((os.cpu_count() or 2) + 1) as executor:
        found = solvability_of(asked, _solver(channel), executor=executor)
    observer.finished("solving")
    return found


def _solver(channel: Channel) -> Solve:
    platforms = channel.platforms()

    def solve(environment: HostEnvironment) -> SolverAnswer:
        if environment.on not in platforms:
            return SolverAnswer(status="unknown", reason=f"the channel has no packages for {environment.on}")
        gone = unheard_of(channel, map(name_of, environment.specs), environment.on)
        if gone:
            return SolverAnswer(status="unknown", reason=f"the channel has no {', '.join(gone)} on any platform")
        found = channel.solve(environment.specs, platform=environment.on)
        if isinstance(found, Solution):
            return SolverAnswer(status="solvable")
        reason = explained(channel, environment.output, environment.on, environment.specs)
        short = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON].rstrip()}…"
        return SolverAnswer(status="not-solvable", reason=short)

    return solve
