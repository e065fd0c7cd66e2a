"""`dirac-forge check`: is each target installable, per platform and Python, now and with some recipes merged?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.channel.solver import Channel
from dirac_forge.channel.virtual import known_platform
from dirac_forge.check.matrix import Cell, cells_of
from dirac_forge.check.matrix import check as check_cells
from dirac_forge.check.overlay_check import Proposal, propose
from dirac_forge.check.targets import Target, make_target, read_target
from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.proposals.channels import exports_at_hand, pinning_or_warning
from dirac_forge.recipe.reading.recipe_text import find_recipe
from dirac_forge.report.check import document, terminal

__all__ = ["check", "exit_code"]

_NO, _UNKNOWN = 1, 3
_THREADS = 8


def check(
    context: Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SPEC]...",
            help="Targets of the workspace, package specs, environment files, a construct.yaml.",
            show_default="the workspace's targets",
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="FEEDSTOCK", help="As if this recipe were built and uploaded. Repeatable."),
    ] = None,
    remedies: Annotated[
        bool, typer.Option("--remedies/--no-remedies", help="Look for what would unblock each no.")
    ] = True,
) -> int:
    """Say whether each target is installable, per platform and Python, and for each no why and what would help.

    A no where the target says nothing of being installable is expected. With --with, every package that the recipes
    would make must be installable by itself and together with each target.
    """
    settings = context.settings
    for platform in settings.platforms:
        known_platform(platform)
    asked, recipes = _sorted(specs or (), with_ or ())
    targets = _targets(context, asked)
    cells = [cell for target in targets for cell in _cells(context, target)]
    if not cells:
        raise InputError("there is nothing to check", hint="Name a target, or give [tool.dirac-forge.targets].")
    channel = Channel.open(
        settings.channels,
        machines=settings.virtual_packages,
        observer=context.observer,
        cache_dir=settings.cache / "repodata",
        store=context.store,
        offline=settings.offline,
        reachable=lambda url: context.http.reachable(url),  # noqa: PLW0108  # no session where all channels are folders
    )
    with ThreadPoolExecutor(min(_THREADS, (os.cpu_count() or 2) + 1)) as executor:
        workspace = read_workspace(settings.workspace)
        folders = {name: workspace.find(name) for name in recipes}
        texts = {folder.name: folder.read() for folder in folders.values()}
        found = check_cells(channel, cells, executor=executor, observer=context.observer, remedies=remedies)
        proposal = None
        if texts:
            pinning = pinning_or_warning(context, channel)
            proposal = propose(
                channel,
                texts,
                found,
                executor=executor,
                pinning=pinning,
                at_hand=exports_at_hand([*folders.values(), *workspace], pinning),
                observer=context.observer,
            )
    context.answer(terminal(found, proposal, verbose=context.options.verbose), document(found, proposal))
    return exit_code(found, proposal)


def exit_code(cells: Sequence[Cell], proposal: Proposal | None = None) -> int:
    """1 for a no where the target wants a yes, or where the recipes make something worse; 3 where it is not known."""
    if proposal is not None:
        wanted = [verdict for verdict in proposal.verdicts if verdict.before.wanted]
        no = any(verdict.outcome == "worse" or verdict.after.unexpected for verdict in wanted)
        unknown = any(verdict.outcome == "unknown" for verdict in proposal.verdicts)
    else:
        no = any(cell.unexpected for cell in cells)
        unknown = any(cell.status == "unknown" for cell in cells)
    return _NO if no else _UNKNOWN if unknown else 0


def _sorted(specs: Iterable[str], recipes: Iterable[str]) -> tuple[list[str], list[str]]:
    """Specs, and recipes: `--with a b` is understood where `b` is the path of a feedstock."""
    found: list[str] = list(recipes)
    asked = []
    for spec in specs:
        path = Path(spec)
        is_recipe = path.name in ("recipe.yaml", "meta.yaml") or (path.is_dir() and find_recipe(path) is not None)
        if found and ("/" in spec or os.sep in spec) and is_recipe:
            found.append(spec)
        else:
            asked.append(spec)
    return asked, found


def _targets(context: Context, asked: Sequence[str]) -> list[Target]:
    settings = context.settings
    known = {
        name: make_target(name, target.specs, platforms=target.platforms, pythons=target.pythons)
        for name, target in settings.targets.items()
    }
    if not asked:
        return list(known.values())
    found = []
    for text in dict.fromkeys(asked):
        target = known.get(text) or read_target(text, platforms=settings.platforms, pythons=settings.pythons)
        for note in target.notes:
            context.observer.warned(note)
        found.append(target)
    return found


def _cells(context: Context, target: Target) -> tuple[Cell, ...]:
    """What a person types goes before what the target says."""
    settings = context.settings
    return cells_of(
        target,
        platforms=settings.platforms if "platforms" in settings.flags else (),
        pythons=settings.pythons if "pythons" in settings.flags else (),
    )
