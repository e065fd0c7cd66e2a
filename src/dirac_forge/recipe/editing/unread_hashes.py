"""Hashes that an edit leaves as they are because no build reads them, such as one under `[linux32]`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dirac_forge.recipe.editing.moved_sources import digests_of
from dirac_forge.recipe.editing.text_places import assignments, closure, hash_values
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadSource, RecipeError

_DIGEST = re.compile("[0-9A-Fa-f]{32,64}")


def unread_hashes(
    text: str,
    before: str,
    *,
    path: str,
    known: Collection[str],
    unbuilt: Sequence[tuple[str, Mapping[str, str]]],
) -> Iterator[int]:
    """Yield the lines of hashes that are in the recipe before and after, and that nothing reads.

    `known` are the hashes of sources that builds have; `unbuilt` are platforms and variants that are not built.
    """
    digests = _digests(text, v1=Path(path).name == "recipe.yaml")
    stayed = {line: digest for line, digest in digests if digest in before and digest not in known}
    if stayed:
        read = {digest for source in _sources(before, path, unbuilt) for digest in digests_of(source).values()}
        yield from (line for line, digest in stayed.items() if digest not in read)


def _digests(text: str, *, v1: bool) -> Iterator[tuple[int, str]]:
    """Yield the lines and the values of the hashes in a text, those of variables included."""
    assigned, named = assignments(text, v1=v1), hash_values(text)
    reached = closure((name for place in named for name in place.names), assigned)
    places = (*named, *(place for place in assigned if place.name in reached))
    yield from ((place.line, place.literal) for place in places if place.literal and _DIGEST.fullmatch(place.literal))


def _sources(text: str, path: str, settings: Sequence[tuple[str, Mapping[str, str]]]) -> Iterator[ReadSource]:
    """Yield the sources of a recipe on platforms and variants, as far as they can be read."""
    recipe = parse_recipe(text.replace("\r\n", "\n"), path=path)
    for platform, variant in settings:
        with suppress(RecipeError):
            for output in recipe.render(platform=platform, variant=variant).outputs:
                yield from (*output.sources, *output.common_sources)
