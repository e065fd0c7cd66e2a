"""Extras that a project is asked for: those that are packages of their own, and those that its package takes in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from packaging.utils import canonicalize_name

from dirac_forge.channel.listing import Listing, PackageInfo
from dirac_forge.channel.names import extras_of, is_sibling
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.values import dataclass

EVERYTHING: Final = "all"
"""The extra, or the output, that joins all others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtraPackages:
    """What becomes of the extras of one project."""

    outputs: Mapping[str, str]
    """Extra to the output that requires the project's package and what the extra adds."""
    folded: tuple[str, ...] = ()
    """Extras whose requirements the project's package has too."""
    notes: tuple[Note, ...] = ()


def extra_packages(
    package: str,
    project: str,
    asked: Collection[str],
    provided: Collection[str],
    there: Callable[[Iterable[str]], Listing],
) -> ExtraPackages:
    """Return the outputs for extras of a project, and which of those that are asked for go into its own package.

    An extra that conda-forge has as a package never does, since users of the project's own package don't have it.
    `provided` are the release's extras: those that the channels release together with the package are outputs whether
    they are asked for or not. `there` returns what the channels have.
    """
    spelled_as = {canonicalize_name(extra): extra for extra in asked}
    offered = {canonicalize_name(extra) for extra in provided}
    known = _listed(project, offered)
    known |= _in_channels(package, spelled_as.keys() - known.keys(), there)
    outputs = _of_the_feedstock(known, package, project)
    # An output of all extras may be there whether or not upstream has such an extra.
    outputs |= _released_together(package, project, (offered | {EVERYTHING}) - known.keys(), there)
    known |= outputs
    others = spelled_as.keys() & (known.keys() - outputs.keys())
    return ExtraPackages(
        outputs=outputs,
        folded=tuple(spelled for extra, spelled in spelled_as.items() if extra not in known),
        notes=tuple(
            note("warning", NoteKind.EXTRA_ELSEWHERE, extra=spelled_as[extra], package=known[extra])
            for extra in sorted(others)
        ),
    )


def _listed(project: str, offered: Collection[str]) -> dict[str, str]:
    """Return what the table says of the extras that a release has, and of everything; of all where it names none."""
    listed = extras_of(project).items()
    return {extra: name for extra, name in listed if not offered or extra in offered or extra == EVERYTHING}


def _of_the_feedstock(known: Mapping[str, str], package: str, project: str) -> dict[str, str]:
    """Return the extras' packages that carry the project's own name; others belong to other feedstocks."""
    stems = (f"{package}-", f"{project}-")
    return {extra: name for extra, name in known.items() if name.startswith(stems) or is_sibling(name)}


def _in_channels(package: str, extras: Collection[str], there: Callable[[Iterable[str]], Listing]) -> dict[str, str]:
    """Return the extras that the channels have as a package named after the project's, which it requires."""
    found = _named(package, package, extras, there)
    return {extra: info.name for extra, info in found.items() if any(_specs_of(package, info))}


def _released_together(
    package: str, project: str, extras: Collection[str], there: Callable[[Iterable[str]], Listing]
) -> dict[str, str]:
    """Return the extras whose package in the channels requires the project's own at its very version: one feedstock."""
    found = _named(package, project, extras, there)
    return {
        extra: info.name
        for extra, info in found.items()
        if any(info.newest in re.split(r"[\s,<>=!~|]+", spec) for spec in _specs_of(package, info))
    }


def _named(
    package: str, project: str, extras: Collection[str], there: Callable[[Iterable[str]], Listing]
) -> dict[str, PackageInfo]:
    """Return what the channels have under the names that conda-forge gives to extras: `x-extra`, `x-with-extra`."""
    names = {extra: _names((package, project), extra) for extra in sorted(extras)[:_MOST_EXTRAS]}
    found = there([name for some in names.values() for name in some]) if names else {}
    # The first of an extra's names that there is comes last, and stays.
    return {extra: found[name] for extra, some in names.items() for name in reversed(some) if name in found}


def _names(stems: Sequence[str], extra: str) -> list[str]:
    return [f"{stem}{infix}{extra}" for stem in dict.fromkeys(stems) for infix in ("-", "-with-")]


def _specs_of(package: str, info: PackageInfo) -> Iterator[str]:
    """Yield what a package asks of another one; "" for any version."""
    for line in info.depends:
        name, _, spec = line.partition(" ")
        if name == package:
            yield spec or "*"


_MOST_EXTRAS = 200
"""A release has tens; each is two names to look up."""
