"""`dirac-forge recipe`: recipes for projects on the index, and where what they need stands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from dirac_forge.channel.catalogue import RattlerCatalogue
from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError, UnknownError
from dirac_forge.feedstock.generated import put
from dirac_forge.recipe.licences.decision import licence_files
from dirac_forge.recipe.making.about import links_of
from dirac_forge.recipe.making.families import Families, Order
from dirac_forge.recipe.making.maker import Maker
from dirac_forge.recipe.making.output import LicenceFile
from dirac_forge.recipe.model import Note
from dirac_forge.recipe.scope import Scope
from dirac_forge.report.recipes import as_json, as_text
from dirac_forge.upstream.facts import Facts
from dirac_forge.upstream.index import Index
from dirac_forge.upstream.lookup import Lookup
from dirac_forge.upstream.repository import licence_file

__all__ = ["recipe"]


class Format(StrEnum):
    """Of the recipe's text."""

    v1 = "v1"
    v0 = "v0"


class Deps(StrEnum):
    """For which dependencies recipes are made too."""

    missing = "missing"
    none = "none"
    all = "all"


def recipe(
    context: Context,
    projects: Annotated[list[str], typer.Argument(metavar="PROJECT[==VERSION]...", help="Projects on the index.")],
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where the feedstocks' folders go.", show_default="feedstocks/ of the workspace"
        ),
    ] = None,
    feedstock: Annotated[
        str, typer.Option(metavar="NAME", help="One recipe with an output for each project, under this name.")
    ] = "",
    format_: Annotated[Format, typer.Option("--format", help="recipe.yaml (v1) or meta.yaml (v0).")] = Format.v1,
    deps: Annotated[
        Deps, typer.Option(help="Recipes for dependencies too: those that the channel lacks, none, or all.")
    ] = Deps.missing,
    force: Annotated[bool, typer.Option("--force", help="Write over recipes that are there and differ.")] = False,
) -> int:
    """Write recipes for projects from what upstream published, and show where what they need stands.

    Nothing from upstream is executed. Projects that are released together (DIRAC and DIRACCommon, the diracx ones)
    become one recipe. A recipe that is there already stays: the same is `unchanged`, a different one is shown as a diff
    and the exit code is 1, unless --force is given.
    """
    settings = context.settings
    orders = _orders(projects, feedstock)
    scope = Scope(pythons=settings.pythons, platforms=Scope().platforms, python_min=settings.python_min)
    families = {name: one.projects for name, one in settings.feedstocks.items() if one.projects}
    upstream = _Upstream(context, scope, [name for members in families.values() for name in members])
    with ThreadPoolExecutor(settings.connections) as executor:
        made = Maker(
            upstream=upstream,
            catalogue=RattlerCatalogue.open(
                settings.channels,
                scope.platforms,
                offline=settings.offline,
                cache_dir=settings.cache / "repodata",
                reachable=context.http.reachable,
                observer=context.observer,
            ),
            scope=scope,
            executor=executor,
            observer=context.observer,
            overrides=settings.names,
            families=Families(
                feedstocks=families, metadata=upstream.metadata, executor=executor, prefetch=upstream.prefetch
            ),
            maintainers=settings.maintainers,
        ).make(orders, deps.value)
    folder = output if output is not None else settings.workspace / "feedstocks"
    outcomes = [put(folder, one, format_.value, force=force) for one in made.recipes]
    context.answer(as_text(made, outcomes, verbose=context.options.verbose), as_json(made, outcomes))
    return int(any(outcome.state == "differs" for outcome in outcomes))


def _orders(texts: list[str], feedstock: str) -> list[Order]:
    """One order for each project, or one for all where they go into the same feedstock.

    Raises InputError for what is no PROJECT or PROJECT==VERSION.
    """
    projects: dict[str, SpecifierSet] = {}
    for text in texts:
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            raise InputError(
                f"{text!r} is no PROJECT or PROJECT==VERSION: {str(error).splitlines()[0]}",
                hint="For example: dirac-forge recipe DIRAC, or DIRAC==9.1.9 (quoted where the shell needs it).",
            ) from None
        if wanted.url or wanted.marker or wanted.extras:
            raise InputError(f"{text!r}: expected a project and at most a version, no URL, marker or extra")
        projects[wanted.name] = wanted.specifier
    if feedstock:
        return [Order(feedstock=feedstock, projects=projects)]
    return [Order(feedstock="", projects={name: specifiers}) for name, specifiers in projects.items()]


class _Upstream(Lookup):
    """The index, and the projects' repositories for licences that their sdists lack."""

    def __init__(self, context: Context, scope: Scope, known: list[str]) -> None:
        index = Index(context.http, url=context.settings.index_url, known=known)
        super().__init__(context.http, index, context.store, pythons=scope.pythons)
        self._http_for_licences = context.http

    def licence(self, facts: Facts) -> LicenceFile | Note | None:
        """A licence file at the tag of the release, where the sdist has none and a repository is named."""
        if facts.sdist is None or licence_files(facts.metadata.license_files, facts.sdist.texts):
            return None
        repository = links_of(facts.metadata)[1]
        if repository is None:
            return None
        names = [path.rpartition("/")[2] for path in facts.metadata.license_files]
        try:
            found = licence_file(self._http_for_licences, repository, str(facts.release.version), names=names)
        except UnknownError as error:
            return Note(
                level="todo",
                text=f"the sdist has no licence file, and its repository could not be asked ({error.message}): "
                "add a second source with its licence, and license_file",
            )
        if found is None:
            return Note(
                level="todo",
                text=f"neither the sdist nor {repository} at the tag of {facts.release.version} has a licence file: "
                "add a second source with one, and license_file",
            )
        return LicenceFile(url=found.url, sha256=found.sha256, name=found.name, text=found.text)
