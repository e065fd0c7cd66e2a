"""Questions to the index that are asked before the code that needs the answers is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.errors import ForgeError
from dirac_forge.untrusted import requirement_from
from dirac_forge.upstream.arguments import is_given
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.lookup import Lookup

if TYPE_CHECKING:
    from dirac_forge.feedstock.workspace import FeedstockFolder
    from dirac_forge.proposals.context import ProposalContext

_PYPI = re.compile(
    r"//pypi\.(?:org|io)/packages/source/[^/\n]+/"
    r"(?:(?P<project>[A-Za-z0-9][\w.-]*)|\$?\{\{ *(?P<variable>\w+)[^}\n]*\}\})/"
)
_SET = r"^[ \t]*(?:\{{%-?\s*set\s+)?{}\s*[:=]\s*[\"']?(?P<project>[A-Za-z0-9][\w.-]*)"
"""A line that sets a variable, in either format."""


def early_lookup(context: ProposalContext, folders: Iterable[FeedstockFolder], executor: Executor) -> Lookup:
    """Return the index of a run, which `executor` asks for the projects that sources of the recipes name.

    Trouble is reported when somebody needs the answer.
    """
    lookup = Lookup(
        context.http,
        IndexClient(context.http, url=context.settings.index_url),
        context.store,
        pythons=context.settings.gil_pythons,
        keep=True,
        imports=False,
    )
    for project in () if context.settings.offline else _named_projects(folders):
        executor.submit(_asked, lookup, project)
    return lookup


def early_releases(context: ProposalContext, texts: Iterable[str], executor: Executor) -> Lookup:
    """Return the index of a run, which `executor` asks for the releases that these arguments of `recipe` name.

    Trouble is reported when somebody needs the answer, and so is an argument that names nothing.
    """
    lookup = recipe_lookup(context)
    for text in texts:
        with suppress(ValueError):
            # Nobody is told of a file's name, extras or not.
            wanted = None if is_given(text.partition("[")[0]) else requirement_from(text)
            if wanted is not None and not wanted.url and not wanted.marker:
                executor.submit(_described, lookup, wanted.name, wanted.specifier)
                if not wanted.specifier:
                    executor.submit(_foreseen, lookup, wanted.name, executor)
    return lookup


def recipe_lookup(context: ProposalContext) -> Lookup:
    """Return the index of a run that makes recipes; it suggests names that are known here for one that it lacks."""
    settings = context.settings

    def known() -> set[str]:
        """Return names to suggest: those of the workspace, of the tables, and of the embedded snapshot's packages."""
        from dirac_forge.channel.embedded import embedded_names  # noqa: PLC0415  # the solver's library is large
        from dirac_forge.channel.names import table_projects  # noqa: PLC0415  # only where a name is wrong
        from dirac_forge.feedstock.workspace import read_workspace  # noqa: PLC0415

        named = {name for feedstock in settings.feedstocks.values() for name in feedstock.projects}
        embedded = embedded_names(settings.cache, observer=context.observer)
        return {*named, *table_projects(), *embedded, *read_workspace(settings.workspace).feedstocks}

    index = IndexClient(context.http, url=settings.index_url, known=known)
    return Lookup(context.http, index, context.store, pythons=settings.gil_pythons)


def _named_projects(folders: Iterable[FeedstockFolder]) -> list[str]:
    found = (project for folder in folders for text in folder.readable_texts.values() for project in projects_in(text))
    return list(dict.fromkeys(map(canonicalize_name, found)))


def projects_in(text: str) -> Iterator[str]:
    """Yield the projects on PyPI whose files are sources; a variable counts as what it is first set to."""
    for match in _PYPI.finditer(text):
        variable = match["variable"]
        told = match if variable is None else re.search(_SET.format(variable), text, re.MULTILINE)
        if told is not None:
            yield told["project"]


def _described(lookup: Lookup, project: str, specifiers: SpecifierSet) -> None:
    with suppress(ForgeError):
        lookup.described(project, specifiers)


def _foreseen(lookup: Lookup, project: str, executor: Executor) -> None:
    """Ask for what the newest release requires, while its own metadata is being found.

    Of exact versions, the family asks.
    """
    with suppress(ForgeError):
        for requirement in lookup.foreseen(project):
            if not requirement.for_extra and "==" not in str(requirement.specifier):
                executor.submit(_described, lookup, requirement.name, SpecifierSet())


def _asked(lookup: Lookup, project: str) -> None:
    with suppress(ForgeError):
        lookup.project(project)
