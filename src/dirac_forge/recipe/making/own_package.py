"""Requirements on what is released together: packages of the same version, and the package of the recipe itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name

from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.markers import reach
from dirac_forge.recipe.model import Requirement
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.requirements import DeclaredRequirement


def own_package_notes(
    metadata: CoreMetadata, package: str, folded: Collection[str], scope: Scope, providers: Providers
) -> Iterator[Note]:
    """Yield notes on other projects that are required and have the release's own `package`, and on its folded extras.

    A recipe can't require its own package, so those are left out of run. A project that requires itself for its extras
    is no other project.
    """
    own = canonicalize_name(metadata.name)
    foreign = (one for one in metadata.requires_dist if canonicalize_name(one.name) != own)
    # Names of what is not required are not asked for: a recipe tells which of those that it asks for are guesses.
    others = [one for one in foreign if not reach(one.marker, scope, folded).never]
    left_out = [one for one in others if providers.package(one.name) == package]
    for one in left_out:
        yield note("warning", NoteKind.OWN_PACKAGE, package=package, requirement=one.line)
    for extra in folded:
        if not _adds_only(others, left_out, extra, scope):
            yield note("info", NoteKind.EXTRA_IN_RUN, extra=extra)


def _adds_only(
    requirements: Collection[DeclaredRequirement],
    left_out: Collection[DeclaredRequirement],
    extra: str,
    scope: Scope,
) -> bool:
    """Whether an extra adds requirements, and all of them are left out."""
    added = [
        one
        for one in requirements
        if reach(one.marker, scope).never and not reach(one.marker, scope, (extra, canonicalize_name(extra))).never
    ]
    return bool(added) and all(one in left_out for one in added)


def pinned(
    lines: Sequence[Requirement], siblings: Collection[str], version: str, own: Collection[str]
) -> list[Requirement]:
    """Return the lines with those of other outputs (`siblings`) and of other packages of the release pinned to it.

    Where upstream asks for a sibling's exact version, its build is pinned too, as conda-forge's feedstocks do. Another
    recipe's package of this very version, whose name begins as one of the release's `own`, moves with the release.
    """
    return [_pinned(line, line.name in siblings, version, own) for line in lines]


def _pinned(line: Requirement, sibling: bool, version: str, own: Collection[str]) -> Requirement:
    exact = line.spec == f"=={version}"
    if sibling and exact:
        return replace(line, spec="", kind="pin_subpackage")
    together = exact and bool({_family(line.name)} & set(map(_family, own)))
    return replace(line, spec="==@{version}") if sibling or together else line


def _family(name: str) -> str:
    """Return the first word of a name, which the packages of one project have in common."""
    return canonicalize_name(name).partition("-")[0]
