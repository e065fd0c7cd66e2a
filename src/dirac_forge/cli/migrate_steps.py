"""The next steps after each `dirac-forge migrate` command, with the options that they need again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dirac_forge.cli.context import Context
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.migration.effects import TargetEffect
from dirac_forge.migration.older import older_recipes
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.status import MissingPin, Status
from dirac_forge.report import migration_status as states
from dirac_forge.report.next_steps import Step, near, step


def again_arguments(migration: str, status_page: Path | None = None, *, paused: bool = False) -> tuple[str, ...]:
    """Return the arguments that a next `migrate` command about the same migration needs again."""
    page = ("--status-page", near(status_page)) if status_page is not None else ()
    return (migration, *page, *(("--paused",) if paused else ()))


def status_steps(again: Sequence[str]) -> tuple[Step, ...]:
    """Return how to see the state of the members."""
    return step("shows what is done and what is ready", "migrate", "status", *again)


def _bump_steps(plan: Plan, missing: Sequence[MissingPin]) -> tuple[Step, ...]:
    """Return how new versions that no channel has come there, if their feedstocks are in the workspace."""
    names = dict.fromkeys(name for each in missing for name in plan.graph.makers_of(each.package))
    return step("shows the new version, which must be built first", "bump", *names) if names else ()


def plan_steps(plan: Plan, again: Sequence[str], effect: TargetEffect | None) -> tuple[Step, ...]:
    """Return what to do after a plan."""
    sync = sync_steps(effect.target) if effect is not None and effect.incomplete else ()
    older = (MissingPin(package=each.package, pin=each.pin) for each in older_recipes(plan))
    missing = effect.missing if effect is not None else tuple(older)
    bump = _bump_steps(plan, missing) if plan.members else ()
    return (*sync, *bump, *(status_steps(again) if plan.members else ()))


def sync_steps(target: str) -> tuple[Step, ...]:
    """Return how to fetch the feedstocks that a target needs."""
    return step(f"fetches the feedstocks of everything that {target} installs", "sync", "--closure", target)


def platform_steps(again: Sequence[str], status: Status, platforms: Sequence[str]) -> tuple[Step, ...]:
    """Return how to ask for the settings' platforms only, where others decide."""
    if not states.platforms_elsewhere(status, platforms):
        return ()
    flags = [part for platform in platforms for part in ("--platform", platform)]
    return step("asks the solver for the settings' platforms only", "migrate", "status", *again, *flags)


def rebuild_steps(context: Context, plan: Plan, again: Sequence[str], status: Status) -> tuple[Step, ...]:
    """Return how to make the rebuilds that are ready, or what has to be done first."""
    if not plan.members:
        return tuple(each for target in list(context.settings.targets)[:1] for each in sync_steps(target))
    if status.missing and not status.next:
        return _bump_steps(plan, status.missing)
    purpose = "shows the rebuilds that are ready; --write writes them, --pr proposes them"
    return step(purpose, "migrate", "run", *again) if status.next else ()


def write_steps(again: Sequence[str], results: Sequence[Change | Skip]) -> tuple[Step, ...]:
    """Return how to write the changes that were made."""
    made = any(isinstance(result, Change) for result in results)
    return step("writes them into the workspace", "migrate", "run", *again, "--write") if made else ()
