"""One feedstock's bump: its release looked for, its recipe edited, and what drifted carried over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from packaging.specifiers import SpecifierSet

from dirac_forge.bot.world import World
from dirac_forge.bump.proposal import Bump, bump_of
from dirac_forge.bump.releases import Newest, Nothing, newest, projects_of
from dirac_forge.bump.versions import MissingError, edited
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.variants import variants
from dirac_forge.feedstock.workspace import FeedstockFolder, recipe_of
from dirac_forge.recipe.editing.edit import Setting, version_of
from dirac_forge.recipe.editing.spellings import same_version
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.upstream.digests import Ask, Digests, chunks
from dirac_forge.upstream.once import Once

if TYPE_CHECKING:
    from dirac_forge.bot.drifting import Drifting
    from dirac_forge.upstream.choice import Rejected
    from dirac_forge.upstream.index import Index
    from dirac_forge.upstream.lookup import Lookup
    from dirac_forge.upstream.release import Project

__all__ = ["Bumping"]

_MORE_PLATFORMS = ("linux-riscv64", "win-arm64")


class Bumping:
    """One run: what is asked of upstream is asked once."""

    def __init__(
        self,
        world: World,
        executor: Executor,
        *,
        known: Mapping[str, Mapping[str, str]] | None = None,
        drifting: Drifting | None = None,
    ) -> None:
        """`known` are hashes by URL, of files that need not be downloaded; without `drifting` requirements stay."""
        self.world = world
        self.drifting = drifting
        self.executor = executor
        self.digests = Digests(known or {}, Ask(project=self.project, download=self.download))

    def result(self, folder: FeedstockFolder, to: str = "") -> Bump | Skip:
        """What is proposed for a feedstock, at version `to` or the newest that fits; never raises ForgeError."""
        branch = folder.branch or "main"
        current = ""
        try:
            path, text = folder.exact_recipe()
            settings = _settings(folder)
            shown = str(folder.recipe_path)
            current = version_of(text, path=shown, settings=settings)
            rejected: Sequence[Rejected] = ()
            chosen = ""
            if not to:
                found = self._newest(folder, text, current, settings)
                if isinstance(found, Skip):
                    return found
                to, rejected, chosen = found.version, found.rejected, f"{found.version} is the newest that fits"
            if same_version(current, to):
                reason = f"it is at {current} already"
                return Skip(feedstock=folder.name, branch=branch, reason=reason, current=current)
            done = edited(
                text,
                path=shown,
                to=to,
                files=self.digests,
                executor=self.executor,
                settings=settings,
                texts=lambda version: self._texts(
                    projects_of(text, path=shown, version=current, settings=settings), version
                ),
            )
            made = bump_of(folder.name, branch, path, done, rejected=rejected, chosen=chosen)
            if self.drifting is None:
                return made
            projects = projects_of(text, path=shown, version=current, settings=settings)
            return self.drifting.of(made, projects, shown)
        except ForgeError as error:
            kind: Literal["unknown", "no", "unreadable"] = "unreadable"
            if isinstance(error, (UnknownError, MissingError)):
                kind = "unknown" if isinstance(error, UnknownError) else "no"
            return Skip(
                feedstock=folder.name,
                branch=branch,
                reason=error.message,
                kind=kind,
                hint=error.hint or "",
                current=current,
            )

    def _newest(self, folder: FeedstockFolder, text: str, current: str, settings: Sequence[Setting]) -> Newest | Skip:
        name, branch = folder.name, folder.branch or "main"
        projects = projects_of(text, path=str(folder.recipe_path), version=current, settings=settings)
        if not projects:
            reason = "its sources are not on PyPI, and finding releases of other hosts is not supported yet"
            return Skip(
                feedstock=name, branch=branch, reason=reason, hint="Give the version with --to.", current=current
            )
        known = self.world.settings.feedstocks.get(name)
        line = known.branches.get(branch, SpecifierSet()) if known is not None else SpecifierSet()
        list(self.executor.map(self._prefetched, projects))
        found = newest(current, projects, page=self.project, allowed=line, pythons=self.world.settings.pythons)
        match found:
            case Nothing():
                return Skip(feedstock=name, branch=branch, reason=found.reason, current=current)
            case Newest():
                return found

    def _texts(self, projects: Iterable[str], version: str) -> dict[str, str]:
        """The text files in the sdists of these projects; nothing of those that can't be had."""
        found: dict[str, str] = {}
        for project in projects:
            with suppress(ForgeError):
                facts = self._lookup.facts(project, SpecifierSet(f"=={version}"))
                texts = facts.sdist.texts if facts.sdist is not None else {}
                found |= {f"{project}/{path}": text for path, text in texts.items()}
        return found

    @cached_property
    def _lookup(self) -> Lookup:
        from dirac_forge.upstream.lookup import Lookup  # noqa: PLC0415  # only where a host does not answer

        world = self.world
        return Lookup(world.http, self._index, world.store, pythons=world.settings.pythons)

    def _prefetched(self, project: str) -> None:
        with suppress(ForgeError):
            self.project(project)

    def project(self, name: str) -> Project:
        """A project's releases, asked for once."""
        return self._projects(name)

    @cached_property
    def _projects(self) -> Once[str, Project]:
        return Once(self._index.project)

    @cached_property
    def _index(self) -> Index:
        from dirac_forge.upstream.index import Index  # noqa: PLC0415  # where all is given no index is asked

        return Index(self.world.http, url=self.world.settings.index_url)

    def download(self, url: str, limit: int) -> Iterator[bytes]:
        """The bytes of a file."""
        with self.world.http.download(url, limit=limit) as file:
            yield from chunks(file)


def _settings(folder: FeedstockFolder) -> list[Setting]:
    """The builds among which a recipe's sources may differ, as its own configuration says."""
    recipe = recipe_of(folder.texts, root=folder.path)
    names = recipe.text.names
    return [
        (platform, {key: value for key, value in variant.values.items() if key in names})
        for platform in (*PLATFORMS, *_MORE_PLATFORMS)
        for variant in variants(recipe, None, platform=platform, only=names)
    ]
