"""Packages of a recipe that the channels have already: a new recipe for them is a bump of their feedstock."""

from __future__ import annotations

from collections.abc import Iterator

from dirac_forge.channel.listing import Listing, PackageInfo, newer
from dirac_forge.recipe.model import Output, Recipe
from dirac_forge.recipe.notes import Note, NoteKind, note

_KINDS = {-1: NoteKind.CHANNEL_OLDER, 0: NoteKind.CHANNEL_SAME, 1: NoteKind.CHANNEL_NEWER}


def already_there(recipe: Recipe, listing: Listing) -> dict[str, str]:
    """Return the recipe's packages that the channels have, to the newest version there."""
    return {output.name: listing[output.name].newest for output in recipe.outputs if output.name in listing}


def already_there_notes(recipe: Recipe, listing: Listing) -> Iterator[Note]:
    """Yield one note on those packages for each way in which their versions differ from the recipe's."""
    for channel in sorted({info.channel for info in listing.values()}):
        found: dict[int, list[str]] = {}
        for output in recipe.outputs:
            info = listing.get(output.name)
            if info is not None and info.channel == channel:
                found.setdefault(_order(info, output, recipe), []).append(f"{output.name} {info.newest}")
        for order, packages in sorted(found.items()):
            yield note("warning", _KINDS[order], channel=channel, packages=packages)


def _order(info: PackageInfo, output: Output, recipe: Recipe) -> int:
    """Return 1 if the channel's version is newer than the recipe's, -1 if it is older, else 0."""
    version = output.version or recipe.version
    return int(newer(info.newest, version)) - int(newer(version, info.newest))
