"""Targets, proposals and audit of a report, each as its own command finds them out; what fails says why."""

from __future__ import annotations

from concurrent.futures import Executor

from dirac_forge.bump.proposal import Bump
from dirac_forge.channel.virtual import known_platform
from dirac_forge.check.cells import Cell
from dirac_forge.check.configured import configured_targets
from dirac_forge.check.grouped import grouped_cells
from dirac_forge.check.matrix import check
from dirac_forge.cli.audit import AuditLook, looked_at
from dirac_forge.cli.context import Context
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.workspace import Workspace
from dirac_forge.proposals.bumps import BumpOptions, decide
from dirac_forge.report.bodies import with_bodies
from dirac_forge.report.site.inputs import Unavailable


def checked(context: Context, executor: Executor) -> tuple[Cell, ...] | Unavailable:
    """Return the cells of all targets, as `check` answers them."""
    settings = context.settings
    for platform in settings.platforms:
        known_platform(platform)
    found: list[Cell] = []
    try:
        for group in grouped_cells(context, configured_targets(settings).values()):
            found += check(group.channel, group.cells, executor=executor, observer=context.observer)
    except ForgeError as error:
        return Unavailable(error.message)
    return tuple(found)


def proposed(context: Context, workspace: Workspace, executor: Executor) -> tuple[Bump | Skip, ...] | Unavailable:
    """Return what is proposed for each feedstock of the workspace, as `bump` decides it."""
    folders = [*workspace, *workspace.lines]
    if not folders:
        return Unavailable("there are no feedstocks in the workspace")
    try:
        decided = decide(context, workspace, folders, BumpOptions(), executor=executor)
    except ForgeError as error:
        return Unavailable(error.message)
    return tuple(with_bodies([one.result for one in decided]))


def installed_audit(context: Context, executor: Executor) -> AuditLook | Unavailable:
    """Return the audit of everything that the targets install, as `audit` makes it."""
    try:
        return looked_at(context, executor)[1]
    except ForgeError as error:
        return Unavailable(error.message)
