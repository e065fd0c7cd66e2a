"""Everything that is asked of an index in one run, asked once: projects, the releases that are chosen, their facts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.errors import ForgeError
from dirac_forge.http import Http, Page
from dirac_forge.store import Store
from dirac_forge.untrusted import parse_version
from dirac_forge.upstream import blobs as kept
from dirac_forge.upstream.choice import Choice, Refusal, choose
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.index.client import IndexClient, UnknownProjectError
from dirac_forge.upstream.index.description import foreseen
from dirac_forge.upstream.index.project import Project
from dirac_forge.upstream.once import Once


class Lookup:
    """An index, and what was already asked of it; safe to use from many threads."""

    def __init__(
        self,
        http: Http,
        index: IndexClient,
        store: Store,
        *,
        pythons: Sequence[str],
        keep: bool = False,
        imports: bool = True,
    ) -> None:
        """Require that a release admits one of `pythons`, those that the channel builds for ("3.11").

        With `keep` projects stay in memory once they are read: several releases of each will be asked for. Without
        `imports` facts do not say what modules import.
        """
        self._http = http
        self._store = store
        self._pythons = tuple(pythons)
        self._index = index
        self._keep = keep
        self._imports = imports
        self._project = Once(self._read)
        # Pages are large, and the HTTP cache has them.
        self._page = Once(index.page, keep=False)
        self._choice = Once(self._choose)
        self._light = Once(self._read_light)
        self._gathered = Once(self._gather)

    def prefetch(self, project: str) -> None:
        """Fetch the project's page ahead of the first question about it, which reports any trouble."""
        with suppress(ForgeError):
            self._page(canonicalize_name(project))

    def foreseen(self, project: str) -> RequirementList:
        """Return what the newest release seems to require: a guess. Raises UnreachableError and NotFoundError."""
        return foreseen(self._http, self._index.url, project)

    def exists(self, project: str) -> bool:
        """Return whether the index has a project of this name, whose page is not read.

        Raises InputError for what can't be a name, UnreachableError if the index can't be asked.
        """
        try:
            self._page(canonicalize_name(project))
        except UnknownProjectError:
            return False
        return True

    def project(self, name: str) -> Project:
        """Return all releases of a project, which are then kept; raises as `IndexClient.project` does."""
        return self._project(canonicalize_name(name))

    def choice(self, project: str, specifiers: SpecifierSet) -> Choice:
        """Return the newest release that can be used, with the reasons against newer ones.

        Raises InputError if there is none, UnreachableError if the index can't be asked.
        """
        return self._choice((canonicalize_name(project), str(specifiers)))

    def metadata(self, project: str, specifiers: SpecifierSet) -> CoreMetadata:
        """Return core metadata of that release, in as few requests as possible; raises as `choice` does."""
        return self.described(project, specifiers).metadata

    def described(self, project: str, specifiers: SpecifierSet) -> ReleaseFacts:
        """Return that metadata with the file it was read from; raises as `choice` does."""
        return self._light((canonicalize_name(project), str(specifiers)))

    def facts(self, project: str, specifiers: SpecifierSet) -> ReleaseFacts:
        """Return everything that the files of that release say; raises as `choice` does, and HashMismatchError."""
        return self._gathered((canonicalize_name(project), str(specifiers)))

    def _read(self, project: str) -> Project:
        return self._index.read(self._page(project), project)

    def _choose(self, key: tuple[str, str]) -> Choice:
        project, specifiers = key
        if self._keep:
            chosen = choose(self._project(project), SpecifierSet(specifiers), pythons=self._pythons)
            if not isinstance(chosen, Choice):
                raise chosen.error()
            return chosen
        page = self._page(project)
        # A page of a thousand releases is read once: the next run finds what was chosen by the content of the page.
        asked = "\0".join((page.url, specifiers, *self._pythons))
        digest = hashlib.sha256(hashlib.sha256(page.body).digest() + asked.encode()).hexdigest()
        known = kept.load(Choice, self._store.get(kept.kind("choice"), digest))
        if known is not None:
            return known
        chosen = self._chosen(page, project, SpecifierSet(specifiers))
        if not isinstance(chosen, Choice):
            raise chosen.error()
        self._store.put(kept.kind("choice"), digest, kept.dump(chosen))
        return chosen

    def _chosen(self, page: Page, project: str, specifiers: SpecifierSet) -> Choice | Refusal:
        """Choose from what the page lists of the one version that may be taken, and from all of it where none is."""
        only = _only(specifiers)
        if only is not None:
            chosen = choose(self._index.read(page, project, only=only), specifiers, pythons=self._pythons)
            if isinstance(chosen, Choice):
                return chosen
        return choose(self._index.read(page, project), specifiers, pythons=self._pythons)

    def _read_light(self, key: tuple[str, str]) -> ReleaseFacts:
        choice = self._choice(key)
        # The readers of archives are loaded once the first request is under way.
        from dirac_forge.upstream.files.gather import light  # noqa: PLC0415

        return light(self._http, choice.release, self._store)

    def _gather(self, key: tuple[str, str]) -> ReleaseFacts:
        choice = self._choice(key)
        from dirac_forge.upstream.files.gather import gather  # noqa: PLC0415  # as above

        facts = gather(self._http, choice.release, self._store, index_url=self._index.url, imports=self._imports)
        said = {"no-sdist"} if any(one.kind == "newest-without-sdist" for one in choice.problems) else set()
        found = (one for one in facts.problems if one.kind not in said)
        problems = tuple(dict.fromkeys((*choice.problems, *found)))
        return replace(facts, problems=problems, newer=tuple(each for each in choice.rejected if not each.asked))


def _only(specifiers: SpecifierSet) -> Version | None:
    """Return the one version that the specifiers admit; None if they may admit several."""
    exact = [each.version for each in specifiers if each.operator == "==" and not each.version.endswith(".*")]
    return parse_version(exact[0]) if exact else None
