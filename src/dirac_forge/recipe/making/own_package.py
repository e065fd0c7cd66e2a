"""Requirements of a release whose package is the one that the recipe makes, and what that leaves of its extras."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from packaging.utils import canonicalize_name

from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.markers import reach
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
