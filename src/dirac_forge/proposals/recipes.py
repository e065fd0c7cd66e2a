"""Recipes for projects, with the ways to the index and the channel that a run has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.channel.opening import open_catalogue
from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.generated import Format
from dirac_forge.http import Http
from dirac_forge.proposals.channel_part import ChannelPart, snapshot_names
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.early import recipe_lookup
from dirac_forge.recipe.licences.files import licence_files
from dirac_forge.recipe.making.about import links_of
from dirac_forge.recipe.making.families import Families
from dirac_forge.recipe.making.licence_files import LicenceFile
from dirac_forge.recipe.making.maker import MadeRecipes, Maker
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.scope import PLATFORM_MARKERS, Scope
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts
from dirac_forge.upstream.files.repository import licence_file
from dirac_forge.upstream.lookup import Lookup


def maker_of(
    world: ProposalContext,
    executor: Executor,
    *,
    lookup: Lookup | None = None,
    given: Iterable[ReleaseFacts] = (),
    maintainers: Sequence[str] | None = None,
    part: ChannelPart | None = None,
) -> Maker:
    """Return a maker of recipes with these settings; `executor` runs its questions.

    `lookup` is the index, where it was asked already (see `early_releases`); `part` tells which packages that the
    channel lacks may exist, so that they are unknown; without it only that the channel is local does.
    """
    settings = world.settings
    scope = Scope(pythons=settings.gil_pythons, platforms=Scope().platforms, python_min=settings.python_min)
    families = {name: one.projects for name, one in settings.feedstocks.items() if one.projects}
    asked = lookup or recipe_lookup(world)
    upstream = _Upstream(world.http, asked, given)
    catalogue = open_catalogue(world, scope.platforms)
    part = part or ChannelPart(local=catalogue.local, snapshot=snapshot_names(world))
    return Maker(
        upstream=upstream,
        catalogue=catalogue,
        scope=scope,
        executor=executor,
        observer=world.observer,
        overrides=settings.names,
        families=Families(feedstocks=families, metadata=upstream.metadata, executor=executor, prefetch=asked.prefetch),
        target_platforms=tuple(platform for platform in settings.platforms if platform in PLATFORM_MARKERS),
        maintainers=settings.maintainers if maintainers is None else maintainers,
        may_exist=part.may_exist,
    )


def checked(world: ProposalContext, made: MadeRecipes, format_: Format) -> MadeRecipes:
    """Return the same recipes, with a note for a person on each that would build nothing.

    Raises ConfigurationError where the settings name a pinning that can't be read.
    """
    settings = world.settings
    if settings.pinning is None and not any(output.skip for recipe in made.recipes for output in recipe.outputs):
        return made
    # The reader of recipes is large, and a recipe for all platforms and Pythons needs none.
    from dirac_forge.feedstock.made_variants import checked_variants  # noqa: PLC0415
    from dirac_forge.feedstock.pinning import read_pinning  # noqa: PLC0415

    pinning = read_pinning(settings.pinning) if settings.pinning is not None else None
    recipes = (checked_variants(recipe, format_, pinning, settings.gil_pythons) for recipe in made.recipes)
    return replace(made, recipes=tuple(recipes))


class _Upstream:
    """The index, and the projects' repositories for licences that their sdists lack."""

    def __init__(self, http: Http, lookup: Lookup, given: Iterable[ReleaseFacts]) -> None:
        self._http = http
        self._lookup = lookup
        self._given = {canonicalize_name(facts.release.project): facts for facts in given}

    def metadata(self, project: str, specifiers: SpecifierSet) -> CoreMetadata:
        """Return what a given release says, else what the index's release says."""
        given = self._given.get(canonicalize_name(project))
        return self._lookup.metadata(project, specifiers) if given is None else given.metadata

    def facts(self, project: str, specifiers: SpecifierSet) -> ReleaseFacts:
        """Return what a given release says, else what the index's release says."""
        given = self._given.get(canonicalize_name(project))
        return self._lookup.facts(project, specifiers) if given is None else given

    def licence(self, facts: ReleaseFacts) -> LicenceFile | Note | None:
        """Return a licence file at the tag of the release, where the sdist has none and a repository is named."""
        if facts.sdist is None or licence_files(facts.metadata.license_files, facts.sdist.texts):
            return None
        repository = links_of(facts.metadata)[1]
        if repository is None:
            return None
        names = [path.rpartition("/")[2] for path in facts.metadata.license_files]
        try:
            found = licence_file(self._http, repository, str(facts.release.version), names=names)
        except UnknownError as error:
            return note("todo", NoteKind.REPOSITORY_NOT_ASKED, problem=error.message)
        if found is None:
            version = str(facts.release.version)
            return note("todo", NoteKind.NO_LICENCE_AT_TAG, repository=repository, version=version)
        return LicenceFile(url=found.url, sha256=found.sha256, name=found.name, text=found.text)
