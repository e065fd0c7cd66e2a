"""Drift for `dirac-forge bump`: what upstream says of both releases, looked up; the decisions are made in `bump`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from dirac_forge.bump.bump_notes import NotCompared, SecondMoved
from dirac_forge.bump.carrying import carried
from dirac_forge.bump.drift.merge import drift, newcomers
from dirac_forge.bump.links import project_links, with_links
from dirac_forge.bump.proposal import Bump
from dirac_forge.channel.names import candidates, package_for
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.lag import dated
from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.recipe.scope import Scope
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts
from dirac_forge.upstream.files.requirements import exactly
from dirac_forge.upstream.once import Once

if TYPE_CHECKING:
    from dirac_forge.channel.catalogue import RattlerCatalogue
    from dirac_forge.channel.solver import Channel
    from dirac_forge.upstream.lookup import Lookup


class DriftLookup:
    """One run: each release is read once, and the channel is asked only where something new is required."""

    def __init__(
        self,
        context: ProposalContext,
        executor: Executor,
        lookup: Lookup,
        *,
        write: bool,
        channel: Callable[[], Channel] | None,
        catch_up: bool = False,
    ) -> None:
        """Put requirements into the edits with `write`; without `channel`, do not ask whether it has them.

        `channel` opens the one of the run, and raises UnknownError if none can be read.

        With `catch_up` bounds are raised that were behind upstream's before.
        """
        self.catch_up = catch_up
        self.context = context
        self.executor = executor
        self.lookup = lookup
        self.write = write
        self._channel = channel
        self._exists_once = Once(lookup.exists)
        self._package_once = Once(self._package_of)
        self.scope = Scope(pythons=context.settings.gil_pythons, python_min=context.settings.python_min)

    def of(
        self,
        bump: Bump,
        projects: Iterable[str],
        path: str,
        settings: Sequence[Setting] = (),
        *,
        write: bool | None = None,
    ) -> Bump:
        """Return `bump` with what changed in what its projects require; what could not be found out is a note.

        `settings` are the builds of the feedstock, for which the result is proved; `write` goes before the run's own.
        """
        problems: list[ForgeError] = []
        old, new = self._of_both(bump, projects, problems)
        self._ask_whether_new_exist(old, new)
        absent: list[ForgeError] = []
        joined = self._facts(newcomers(old, new), bump.new_release, absent)
        # One that the index does not have is released apart from the family, which is an answer.
        problems += (error for error in absent if isinstance(error, UnknownError))
        self._foresee([*old, *new, *joined])
        found = drift(
            bump.edited.after,
            path,
            old,
            [*new, *joined],
            names=self.package,
            scope=self.scope,
            metadata=self._metadata,
            exists=self._exists,
            settings=settings,
            catch_up=self.catch_up,
        )
        if self.catch_up:
            found = dated(found, [one.release.project for one in new], bump.new_release, self.lookup)
        done = carried(bump, found, write=self.write if write is None else write)
        links = with_links(done.links, chain.from_iterable(project_links(one.metadata) for one in new))
        return replace(done, notes=(*done.notes, *(NotCompared(reason=each.message) for each in problems)), links=links)

    def _of_both(
        self, bump: Bump, projects: Iterable[str], problems: list[ForgeError]
    ) -> tuple[list[ReleaseFacts], list[ReleaseFacts]]:
        """Return the facts of the old and the new releases, also of second projects that move along."""
        old = self._facts(projects, bump.old_release, problems)
        new = self._facts([one.release.project for one in old], bump.new_release, problems)
        for second in (note for note in bump.notes if isinstance(note, SecondMoved)):
            old += self._facts([second.project], second.old, problems)
            new += self._facts([second.project], second.new, problems)
        return old, new

    def _facts(self, projects: Iterable[str], version: str, problems: list[ForgeError]) -> list[ReleaseFacts]:
        asked: list[Future[ReleaseFacts]] = [
            self.executor.submit(self._release, project, version) for project in projects
        ]
        found = []
        for future in asked:
            try:
                found.append(future.result())
            except ForgeError as error:
                problems.append(error)
        return found

    def _release(self, project: str, version: str) -> ReleaseFacts:
        return self.lookup.facts(project, exactly(version))

    def _foresee(self, facts: Iterable[ReleaseFacts]) -> None:
        """Ask the channel once for all names that will be asked for one by one."""
        if self._channel is not None:
            named = [requirement.name for one in facts for requirement in one.metadata.requires_dist]
            names = self.context.settings.names
            self._catalogue.info(sorted({c for name in named for c in candidates(name, overrides=names)}))

    def _ask_whether_new_exist(self, old: Iterable[ReleaseFacts], new: Iterable[ReleaseFacts]) -> None:
        """Ask for all projects at once that will be asked for one by one."""
        for name in sorted(_required(new) - _required(old)):
            self.executor.submit(self._exists, name)

    def _metadata(self, project: str, specifiers: SpecifierSet) -> CoreMetadata | None:
        with suppress(ForgeError):
            return self.lookup.metadata(project, specifiers)
        return None

    def _exists(self, project: str) -> bool:
        """Whether PyPI has a project; true where nobody could tell. Other indexes need not have what is required."""
        if split_url(self.context.settings.index_url).hostname != "pypi.org":
            return True
        try:
            return self._exists_once(project)
        except ForgeError:
            return True

    def package(self, project: str) -> str:
        """Return the project's package, as the workspace, the tables or the channel say."""
        return self._package_once(project)

    def _package_of(self, project: str) -> str:
        names = self.context.settings.names
        spelled = candidates(project, overrides=names)
        listing = self._catalogue.info(spelled) if self._channel is not None else None
        return package_for(project, overrides=names, catalogue=listing).package

    @cached_property
    def _catalogue(self) -> RattlerCatalogue:
        from dirac_forge.channel.catalogue import RattlerCatalogue  # noqa: PLC0415  # the solver's library is large
        from dirac_forge.channel.opening import open_catalogue  # noqa: PLC0415

        if self._channel is not None:
            with suppress(UnknownError):
                sources = self._channel().sources
                return RattlerCatalogue(sources, self.scope.platforms, observer=self.context.observer)
        return open_catalogue(self.context, self.scope.platforms)


def _required(facts: Iterable[ReleaseFacts]) -> set[str]:
    """Return the projects that releases require without an extra."""
    return {
        requirement.name for one in facts for requirement in one.metadata.requires_dist if not requirement.for_extra
    }
