"""Questions to the index that are asked before the code that needs the answers is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import suppress

from packaging.utils import canonicalize_name

from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.lookup import Lookup

_PYPI = re.compile(
    r"//pypi\.(?:org|io)/packages/source/[^/\n]+/"
    r"(?:(?P<project>[A-Za-z0-9][\w.-]*)|\$?\{\{ *(?P<variable>\w+)[^}\n]*\}\})/"
)
_SET = r"^\s*(?:\{{%-?\s*set\s+)?{}\s*[:=]\s*[\"']?(?P<project>[A-Za-z0-9][\w.-]*)"
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


def _asked(lookup: Lookup, project: str) -> None:
    with suppress(ForgeError):
        lookup.project(project)
