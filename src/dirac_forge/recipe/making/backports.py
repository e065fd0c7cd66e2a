"""Required projects that are a part of Python by now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name

from dirac_forge.recipe.making.markers import reach
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.requirements import RequirementList

_SINCE: Final = {
    "argparse": "3.2", "asyncio": "3.4", "contextvars": "3.7", "dataclasses": "3.7", "enum34": "3.4",
    "functools32": "3.2", "futures": "3.2", "importlib": "3.1", "ipaddress": "3.3", "ordereddict": "3.1",
    "pathlib": "3.4", "singledispatch": "3.4", "statistics": "3.4", "typing": "3.5", "unittest2": "3.2", "uuid": "3.0",
    "wsgiref": "3.0",
}  # fmt: skip
"""Backports whose modules have the names of today's standard library, and the first Python 3 that has them."""


def backport_notes(requirements: RequirementList, scope: Scope) -> Iterator[Note]:
    """Yield a note on each required backport of what the scope's Pythons have: it hides that, or has no build."""
    for requirement in requirements:
        since = _SINCE.get(canonicalize_name(requirement.name))
        if since is not None and not reach(requirement.marker, scope).never:
            yield note("warning", NoteKind.BACKPORT, project=requirement.name, python=since)
