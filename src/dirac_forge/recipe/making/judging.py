"""Where each dependency of the recipes that are written stands in the channel, and whose requirements count for that.

What the channel has is installed as it is there, with the requirements that it has there. So the requirements of a
project's newest release count only if a recipe for it is written, or if the channel lacks what is asked for of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from dirac_forge.channel.listing import Status
from dirac_forge.channel.names import Mapped
from dirac_forge.recipe.making.dependencies import Dependency, DependencyTree
from dirac_forge.values import dataclass

LACKING: frozenset[Status] = frozenset({"missing", "outdated"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Needed:
    """One project of the tree and where it stands in the channel."""

    project: str
    version: str | None
    """The release that was looked at."""
    requirement: str
    """Conda's spec, of all requirers whose requirements count."""
    mapped: Mapped
    status: Status
    newest: str | None
    """The channel's newest version."""
    required_by: tuple[str, ...]
    satisfying: str | None = None
    """The channel's newest version that satisfies the requirement."""
    problem: str = ""
    as_of: date | None = None
    """The day of the embedded snapshot, where that gave the status."""
    presumed: bool = False
    """The channel lacks it, but it should exist elsewhere: that is why the status is unknown."""


Stands = Callable[[Dependency], Needed]
"""A dependency to where it stands in the channel."""


def judged(tree: DependencyTree, written: Iterable[str], stands: Stands) -> dict[NormalizedName, Needed]:
    """Return where the dependencies stand, by name, as the recipes of the projects `written` need them.

    What only projects require that the channel has is `available` in any version, and left out where the channel does
    not have it: the channel's builds of those projects do without. What is `missing` or `outdated` only if something
    unknown needs it is `unknown`.
    """
    roots = frozenset(map(canonicalize_name, written))
    certain = _counting(tree, roots, stands, LACKING)
    possible = _counting(tree, roots, stands, LACKING | {"unknown"})
    rows = ((canonicalize_name(each.project), _row(each, certain, possible, stands)) for each in tree.dependencies)
    return {name: row for name, row in rows if row is not None}


def _counting(
    tree: DependencyTree, roots: frozenset[NormalizedName], stands: Stands, followed: Collection[Status]
) -> frozenset[NormalizedName]:
    """Return the roots, and what they need, at any depth, through projects of the statuses `followed`."""
    by_name = {canonicalize_name(each.project): each for each in tree.dependencies}
    counting, fresh = set(roots), set(roots)
    while fresh:
        asked = {need for name in fresh for need in tree.needs.get(name, ())} & by_name.keys() - counting
        rows = ((name, by_name[name].asked_by(counting)) for name in asked)
        fresh = {name for name, each in rows if each is not None and stands(each).status in followed}
        counting |= fresh
    return frozenset(counting)


def _row(
    dependency: Dependency,
    certain: Collection[NormalizedName],
    possible: Collection[NormalizedName],
    stands: Stands,
) -> Needed | None:
    """Return where one dependency stands; None if nothing that is written needs it and the channel lacks it."""
    asked, perhaps = dependency.asked_by(certain), dependency.asked_by(possible)
    if perhaps is None:
        row = stands(replace(dependency, specifiers=SpecifierSet()))
        return row if row.status == "available" else None
    wider = stands(perhaps)
    row = wider if asked is None or asked.asked == perhaps.asked else stands(asked)
    if asked is not None and row.status != "available":
        return row
    return replace(wider, status="unknown", satisfying=None) if wider.status in LACKING else row
