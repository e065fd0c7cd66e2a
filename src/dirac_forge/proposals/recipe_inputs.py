"""What a recipe is asked for: projects on the index, repositories, folders and files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.errors import ForgeError, InputError
from dirac_forge.git import own_git
from dirac_forge.http import Http
from dirac_forge.recipe.making.families import Order
from dirac_forge.untrusted import requirement_from
from dirac_forge.upstream.arguments import is_given
from dirac_forge.upstream.files.facts import ReleaseFacts
from dirac_forge.upstream.files.requirements import shortened
from dirac_forge.upstream.given import (
    RepositoryTag,
    as_published,
    from_file,
    from_folder,
    from_repository,
    repository_tag,
)
from dirac_forge.upstream.index.project import ReleaseFile
from dirac_forge.upstream.lookup import Lookup
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeInputs:
    """The recipes that are asked for, and the releases that are not taken from the index."""

    orders: tuple[Order, ...]
    given: tuple[ReleaseFacts, ...] = ()


def read_inputs(texts: Sequence[str], feedstock: str, http: Http, *, index: Lookup | None = None) -> RecipeInputs:
    """Return one order for each input, or one for all where they go into the same feedstock.

    With `index` folders and sdists have the source that it serves, or will serve once they are there.

    Raises:
        InputError: an input is not a project, repository, folder or file that can be read.
        UnreachableError: a repository's host can't be asked.
    """
    projects: dict[str, SpecifierSet] = {}
    extras: dict[str, tuple[str, ...]] = {}
    given = []
    for text in texts:
        place, asked = _place_and_extras(text)
        if is_given(place):
            facts = _given(place, http)
            if index is not None:
                facts = as_published(facts, _indexed(facts, index))
            given.append(facts)
            projects[facts.release.project] = SpecifierSet(f"=={facts.release.version}")
            extras[facts.release.project] = asked
            continue
        wanted = _requirement(text)
        projects[wanted.name] = wanted.specifier
        extras[wanted.name] = tuple(sorted(wanted.extras))
    if feedstock:
        return RecipeInputs(orders=(Order(feedstock=feedstock, projects=projects, extras=extras),), given=tuple(given))
    orders = (
        Order(feedstock="", projects={name: specifiers}, extras={name: extras.get(name, ())})
        for name, specifiers in projects.items()
    )
    return RecipeInputs(orders=tuple(orders), given=tuple(given))


def _indexed(facts: ReleaseFacts, index: Lookup) -> ReleaseFile | None:
    """Return the sdist of the same release that the index has; None if it has none, or can't be asked."""
    try:
        found = index.choice(facts.release.project, SpecifierSet(f"=={facts.release.version}"))
    except ForgeError:
        return None
    return found.release.sdist


def _place_and_extras(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a folder, file or repository and the extras behind it: `./demo[cli,test]`, as pip takes it."""
    match = re.fullmatch(r"(.+?)\[([\w.,\s-]+)\]", text)
    if match is None or not is_given(match[1]) or Path(text).exists():
        return text, ()
    return match[1], tuple(sorted(filter(None, re.split(r"[,\s]+", match[2]))))


def _given(text: str, http: Http) -> ReleaseFacts:
    if text.startswith(("http://", "https://")):
        repository = repository_tag(text)
        return from_repository(http, repository if repository.tag else newest_tag(repository))
    path = Path(text).expanduser()
    return from_file(path) if path.is_file() else from_folder(path)


def newest_tag(repository: RepositoryTag) -> RepositoryTag:
    """Return the repository at its newest tag that is a final version.

    Raises:
        InputError: no tag is a version.
        UnknownError: the host can't be asked.
    """
    listed = own_git("ls-remote", "--tags", "--refs", repository.url, about=repository.url).decode("utf-8", "replace")
    tags = {
        match[1]: match[2] for match in re.finditer(r"\trefs/tags/((?:\S*?[^\d\s.])??(\d\S*))$", listed, re.MULTILINE)
    }
    versions = {tag: version for tag, text in tags.items() if (version := _final(text)) is not None}
    if not versions:
        raise InputError(f"{repository.url} has no tag that is a version", hint="Name one: URL@TAG.")
    return replace(repository, tag=max(versions, key=lambda tag: (versions[tag], -len(tag))))


def _final(text: str) -> Version | None:
    try:
        version = Version(text)
    except ValueError:
        return None
    return None if version.is_prerelease else version


def _requirement(text: str) -> Requirement:
    try:
        wanted = requirement_from(text)
    except ValueError as error:
        raise InputError(
            f"{shortened(text)} is not PROJECT or PROJECT==VERSION: {str(error).splitlines()[0]}",
            hint="For example: dirac-forge recipe DIRAC, DIRAC==9.1.9, 'uvicorn[standard]', ./folder, "
            "https://github.com/OWNER/REPO@v1.0 (quoted where the shell needs it).",
        ) from None
    if wanted.url or wanted.marker:
        raise InputError(f"{shortened(text)}: expected a project, extras and a version, no URL after @ and no marker")
    return wanted
