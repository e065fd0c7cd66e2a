"""Questions to the index that are asked before the code that needs the answers is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import Executor
from contextlib import suppress

from packaging.utils import canonicalize_name

from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.lookup import Lookup

_PYPI = re.compile(r"//pypi\.(?:org|io)/packages/source/\w/([A-Za-z0-9][\w.-]*)/")


def early_lookup(context: ProposalContext, folders: Iterable[FeedstockFolder], executor: Executor) -> Lookup:
    """Return the index of a run, which `executor` asks for the projects that sources of the recipes name outright.

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
    found = (match[1] for folder in folders for text in folder.texts.values() for match in _PYPI.finditer(text))
    return list(dict.fromkeys(map(canonicalize_name, found)))


def _asked(lookup: Lookup, project: str) -> None:
    with suppress(ForgeError):
        lookup.project(project)
