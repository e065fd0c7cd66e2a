"""Where a migration stands: evidence of each member, other migrations that it waits for, and what the solver says."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.answer_reasons import MissingPackages, PlatformNotCovered
from dirac_forge.check.causes import UnknownName
from dirac_forge.check.cells import Cell
from dirac_forge.check.environment_questions import unheard_of
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.migration.evidence import Evidence
from dirac_forge.migration.known import labels_of_page
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.solvability import (
    HostEnvironment,
    Solvability,
    Solve,
    SolverAnswer,
    environments,
    solvability_of,
)
from dirac_forge.migration.status import Known, MissingPin, OpenRebuild, PreparedRebuild, Progress, Status, status_of
from dirac_forge.proposals.migrations import MigrationContext, explained

_NONE: Mapping[str, OpenRebuild | PreparedRebuild] = MappingProxyType({})


def status_now(
    migrating: MigrationContext,
    plan: Plan,
    page: Path | None,
    *,
    platforms: Collection[str] = (),
    requests: Mapping[str, OpenRebuild | PreparedRebuild] = _NONE,
) -> Status:
    """Return the status of a plan.

    Args:
        migrating: the workspace; with a channel, the solver also checks the members that are ready.
        plan: the plan.
        page: a status page of conda-forge's bot, for pull requests and errors.
        platforms: for which the solver is asked; () for all.
        requests: member to a request of ours that is open, or a change that is prepared.

    Raises:
        InputError: the page, or a migration that this one waits for, can't be read.
    """
    known = Known(
        labels=labels_of_page(page) if page is not None else {},
        requests=requests,
        waits=tuple(_waits(migrating, plan)),
        missing=_missing(migrating, plan),
        merged=frozenset(_merged(migrating, plan)),
    )
    evidence = migrating.evidence(plan)
    first = status_of(plan, evidence, known)
    if migrating.channel is None or not plan.migration.settings.check_solvable or not first.next:
        return first
    found = _solvability(migrating, migrating.channel, plan, first, evidence, platforms)
    if found.left:
        migrating.observer.warned(
            f"members that block few others were not solved ({len(found.left)}): too many are ready"
        )
    known = replace(known, not_solvable=found.not_solvable, solvable=found.solvable, unsure=found.unknown)
    return status_of(plan, evidence, known)


def _merged(migrating: MigrationContext, plan: Plan) -> Iterator[str]:
    """Yield the members whose recipe has the migration with the same text, as a second run would say."""
    path = f".ci_support/migrations/{plan.migration.name}.yaml"
    for name in plan.network.names:
        if plan.migration.name in plan.graph.facts[name].applied and name in migrating.workspace.by_label:
            with suppress(ForgeError):
                if migrating.workspace.by_label[name].texts.get(path) == plan.migration.text:
                    yield name


def _missing(migrating: MigrationContext, plan: Plan) -> dict[str, MissingPin]:
    """Return the members that are built with a new version that no channel has."""
    try:
        missing = {each.package: each for each in migrating.missing_pins(plan)}
    except UnknownError:  # which the evidence shows
        return {}
    found: dict[str, MissingPin] = {}
    for member in plan.members:
        own = next((missing[need.name] for need in member.because if need.name in missing), None)
        if own is not None:
            found[member.feedstock] = own
    return found


def _waits(migrating: MigrationContext, plan: Plan) -> Iterator[Progress]:
    """Yield the migrations that this one waits for and that are not complete; warn of those not known."""
    for assumed in migrating.assumed_over(plan.migration):
        migrating.observer.warned(assumed)
    for name in plan.migration.settings.wait_for_migrators:
        other = migrating.find_migration(name) if name != plan.migration.name else None
        if other is None:
            continue
        its_plan = migrating.plan(other)
        status = status_of(its_plan, migrating.evidence(its_plan))
        total, done = len(status.feedstocks), len(status.of("done"))
        if done < total:
            yield Progress(migration=name, done=done, total=total, unknown=len(status.unknown))


def _solvability(
    migrating: MigrationContext,
    channel: Channel,
    plan: Plan,
    status: Status,
    evidence: dict[str, Evidence],
    platforms: Collection[str],
) -> Solvability:
    asked: dict[str, tuple[HostEnvironment, ...]] = {}
    for each in status.next:
        name = each.feedstock
        done, elsewhere = evidence[name].done, evidence[name].not_in_channel
        still_open = [
            platform
            for platform in plan.membership.members[name].platforms
            if not done.get(platform) and platform not in elsewhere and (not platforms or platform in platforms)
        ]
        try:
            recipe = migrating.workspace.by_label[name].read()
            asked[name] = environments(plan, name, recipe, platforms=still_open, pinning=migrating.pinning)
        except ForgeError as exc:
            migrating.observer.warned(f"{name}: the solver was not run: {exc.message}")
    observer = migrating.observer
    observer.started("solving", sum(map(len, asked.values())))
    with ThreadPoolExecutor((os.cpu_count() or 2) + 1) as executor:
        found = solvability_of(asked, _solver(channel), executor=executor)
    observer.finished("solving")
    return found


def _solver(channel: Channel) -> Solve:
    """Return what asks whether an environment can be installed.

    A package that no channel has on any platform says more about the channel than about the environment: such an
    environment is unknown, unless the rest of it has no solution already.
    """
    platforms = channel.platforms()

    def solve(environment: HostEnvironment) -> SolverAnswer:
        if environment.on not in platforms:
            gap = channel.uncovered(environment.on)
            return SolverAnswer(status="unknown", reason=PlatformNotCovered(platform=environment.on, gap=gap))
        gone = set(unheard_of(channel, map(name_of, environment.specs), environment.on))
        rest = [spec for spec in environment.specs if name_of(spec) not in gone]
        if not isinstance(channel.solve(rest, platform=environment.on), Solution):
            cell = explained(channel, environment.output, environment.on, rest)
            if cell.status == "unknown":  # a snapshot lacks something, or a channel does not answer any more
                return SolverAnswer(status="unknown", reason=cell.reason)
            if not _is_hole(cell):
                return SolverAnswer(status="not-solvable", reason=cell.reason)
            gone.update(_unheard(cell))
        if gone:
            gaps = filter(None, map(channel.index(environment.on).gap, gone))
            reason = MissingPackages(names=tuple(sorted(gone)), gap=next(gaps, None))
            return SolverAnswer(status="unknown", reason=reason)
        return SolverAnswer(status="solvable")

    return solve


def _is_hole(cell: Cell) -> bool:
    """Return whether all that is missing are packages that no channel has."""
    return bool(cell.causes) and all(isinstance(cause.obstacle, UnknownName) for cause in cell.causes)


def _unheard(cell: Cell) -> set[str]:
    return {cause.package for cause in cell.causes if isinstance(cause.obstacle, UnknownName)}
