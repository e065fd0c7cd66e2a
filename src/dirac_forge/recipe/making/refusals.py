"""Orders that can't be carried out, and why."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import canonicalize_name

from dirac_forge.errors import InputError
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts


def refuse_unreadable(facts: ReleaseFacts) -> None:
    """Raise InputError for a source archive that is there and can't be read: nobody should build from it."""
    if facts.unreadable_sdist:
        release = f"{facts.metadata.name} {facts.release.version}"
        raise InputError(
            f"The source archive of {release} can't be used: {facts.unreadable_sdist}",
            hint="Check the file on the index, report it to upstream, or choose another version.",
        )


def refuse_unknown_extras(metadata: CoreMetadata, extras: Iterable[str]) -> None:
    """Raise InputError for an extra that the release does not have."""
    known = {canonicalize_name(extra) for extra in metadata.provides_extra}
    for extra in extras:
        if canonicalize_name(extra) not in known:
            has = ", ".join(sorted(metadata.provides_extra)) or "none"
            raise InputError(f"{metadata.name} {metadata.version} has no extra {extra}: it has {has}")
