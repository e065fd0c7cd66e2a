"""The Python API: a workspace with its channels and index, and the four jobs, which return values and write nothing.

from dirac_forge.api import ForgeSession

with ForgeSession.open() as forge:
    for cell in forge.check():
        print(cell.target, cell.platform, cell.python, cell.status)
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from packaging.requirements import Requirement

from dirac_forge.bump.proposal import Bump
from dirac_forge.cache import usable
from dirac_forge.channel.opening import open_readable_channel
from dirac_forge.check.asked_targets import asked_targets
from dirac_forge.check.cells import Cell
from dirac_forge.check.grouped import grouped_cells
from dirac_forge.check.matrix import check as check_cells
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.channel_pinning import pinning_of
from dirac_forge.feedstock.workspace import Workspace, read_workspace
from dirac_forge.http import Http
from dirac_forge.migration.plan import Plan
from dirac_forge.progress import Observer, Silent
from dirac_forge.proposals.bumps import BumpOptions, decide
from dirac_forge.proposals.migrations import MigrationContext
from dirac_forge.proposals.recipes import maker_of
from dirac_forge.recipe.making.families import Order
from dirac_forge.recipe.making.maker import MadeRecipes
from dirac_forge.report.bump_reasons import skip_text
from dirac_forge.report.proof_words import cell_words
from dirac_forge.settings import Settings, load
from dirac_forge.settings.connecting import http_of
from dirac_forge.store import Store
from dirac_forge.untrusted import requirement_from
from dirac_forge.upstream.sources.github import GitHubAccess

__all__ = [
    "Bump",
    "Cell",
    "ForgeError",
    "ForgeSession",
    "InputError",
    "MadeRecipes",
    "Plan",
    "Settings",
    "Skip",
    "UnknownError",
    "reason_of",
]


def reason_of(result: Cell | Skip) -> str:
    """Return why a cell is not installable or not known to be, or why nothing is proposed, as the commands say it.

    The reasons themselves (`Cell.reason`, `Skip.reason`) are values with fields. "" if there is none.
    """
    return cell_words(result.reason) if isinstance(result, Cell) else skip_text(result)


class ForgeSession:
    """A workspace, and access to its channels and its index; closed by `with`. Safe to use from several threads.

    Every method raises InputError for wrong names and files, and UnknownError if a host that is needed is down.
    """

    def __init__(
        self, settings: Settings, *, observer: Observer | None = None, github: GitHubAccess | None = None
    ) -> None:
        """Give progress and warnings to `observer`; the default one keeps warnings in `observer.warnings`."""
        self.observer: Observer = observer or Silent()
        folder, why = usable(settings.cache)
        self.settings = replace(settings, cache=folder)
        if why:
            self.observer.warned(f"{settings.cache} can't be used ({why}): the cache is a temporary folder")
        self.github = github or GitHubAccess()
        self._leaving = contextlib.ExitStack()

    @classmethod
    def open(
        cls,
        workspace: Path | str = ".",
        *,
        channels: Sequence[str] = (),
        platforms: Sequence[str] = (),
        pythons: Sequence[str] = (),
        pinning: Path | str | None = None,
        index_url: str = "",
        offline: bool = False,
        observer: Observer | None = None,
    ) -> Self:
        """Return the workspace in a folder, with its settings, DIRAC_FORGE_* variables, and what is given here.

        Raises:
            InputError: a mistake in the settings, with its place.
        """
        flags = {
            "channels": list(channels) or None,
            "platforms": list(platforms) or None,
            "pythons": list(pythons) or None,
            "pinning": Path(pinning) if pinning is not None else None,
            "index_url": index_url or None,
            "offline": offline or None,
        }
        return cls(load(Path(workspace), environ=os.environ, flags=flags), observer=observer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._leaving.close()

    @functools.cached_property
    def http(self) -> Http:
        """The HTTP session, with the cache of the settings."""
        return self._leaving.enter_context(http_of(self.settings, github_url=self.github.url, observer=self.observer))

    @functools.cached_property
    def store(self) -> Store:
        """The store of what was read from files, by their hash."""
        return Store(self.settings.cache)

    @property
    def workspace(self) -> Workspace:
        """The feedstocks of the workspace, read anew."""
        return read_workspace(self.settings.workspace)

    def recipe(
        self, *projects: str, feedstock: str = "", deps: Literal["missing", "none", "all"] = "missing"
    ) -> MadeRecipes:
        """Return recipes for projects (`DIRAC`, `DIRAC==9.1.9`), and the status of everything that they need.

        With `feedstock` they become one recipe of that name. `deps` says for which dependencies recipes are made too.
        """
        wanted = [_project(text) for text in projects]
        if feedstock:
            orders = [Order(feedstock=feedstock, projects={each.name: each.specifier for each in wanted})]
        else:
            orders = [Order(feedstock="", projects={each.name: each.specifier}) for each in wanted]
        with self._threads() as executor:
            return maker_of(self, executor).make(orders, deps)

    def check(self, *specs: str, remedies: bool = True) -> tuple[Cell, ...]:
        """Return a cell per target, platform and Python: installable or not, and why not.

        `specs` are targets of the settings, package specs or environment files; none: all targets.
        """
        targets = asked_targets(self.settings, specs, self.observer)
        with self._threads() as executor:
            return tuple(
                cell
                for group in grouped_cells(self, targets)
                for cell in check_cells(
                    group.channel, group.cells, executor=executor, observer=self.observer, remedies=remedies
                )
            )

    def plan(self, migration: str) -> Plan:
        """Return members, edges, waves and cycles of a migration: a name in `migrations/` or the pinning, or a file."""
        channel = open_readable_channel(self) if self.settings.pinning is None else None
        migrating = MigrationContext(
            workspace=self.workspace, pinning=pinning_of(self, channel), store=self.store, observer=self.observer
        )
        return migrating.plan(migrating.migration(migration))

    def bump(self, *feedstocks: str, to: str = "", check: bool = True) -> dict[str, Bump | Skip]:
        """Return the bump of each feedstock or release line (`NAME@BRANCH`), or why it has none; of all by default.

        `to` is the version, for one feedstock. With `check` each bump is proved with the solver. Nothing is written.

        Raises InputError.
        """
        workspace = self.workspace
        folders = [workspace.find(name) for name in feedstocks] or [*workspace, *workspace.lines]
        if to and len(folders) != 1:
            raise InputError("a version needs exactly one feedstock", hint="Name the feedstock.")
        with self._threads() as executor:
            decided = decide(self, workspace, folders, BumpOptions(to=to, check=check), executor=executor)
        return {
            f"{one.folder.name}@{one.folder.branch}" if one.folder.branch else one.folder.name: one.result
            for one in decided
        }

    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.settings.connections)


def _project(text: str) -> Requirement:
    try:
        return requirement_from(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not PROJECT or PROJECT==VERSION: {str(error).splitlines()[0]}") from None
