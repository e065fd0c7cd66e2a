"""Hashes that an edit leaves as they are though their files moved: those that no build of the feedstock reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dirac_forge.recipe.editing.moved_sources import EditedText
from dirac_forge.recipe.editing.notes import HashKept
from dirac_forge.recipe.editing.text_places import assignments, closure, hash_values
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadSource, RecipeError

_DIGEST = re.compile("[0-9A-Fa-f]{32,128}")
_HEX = re.compile(rf"\b{_DIGEST.pattern}\b")

Settings = Sequence[tuple[str, Mapping[str, str]]]
"""Platforms, each with a variant's values."""


def kept_hashes(
    edited: EditedText, *, built: Settings, unbuilt: Settings, renewed: Collection[str], right: Collection[str]
) -> list[HashKept]:
    """Return the hashes that stayed in an edited recipe and that no `built` platform and variant reads, by line.

    They belong to files that moved on `unbuilt` ones, or nothing that is known here reads them (`[linux32]`).
    `renewed` are the URLs whose hashes are known, `right` the hashes of files that builds take and that stay.
    """
    stayed = set(_HEX.findall(edited.after)).intersection(_HEX.findall(edited.before)).difference(right)
    if not stayed:
        return []  # as nearly always: to render what is not built takes time
    kinds: dict[int, str] = {}
    for setting in (*unbuilt, *built):
        with suppress(RecipeError):
            for line, kind in _left(edited, setting, renewed, skipped=setting in built):
                kinds.setdefault(line, kind)
    for line in _unread(edited, (*built, *unbuilt)):
        kinds.setdefault(line, "")
    return [HashKept(line=line, kind=kind) for line, kind in sorted(kinds.items())]


def _left(
    edited: EditedText, setting: tuple[str, Mapping[str, str]], renewed: Collection[str], *, skipped: bool
) -> Iterator[tuple[int, str]]:
    """Yield the lines of hashes of files that moved, `skipped`: of outputs that are skipped only.

    Each has its kind if that is never renewed. Raises RecipeError.
    """
    before, after = (_outputs(text, edited.path, setting) for text in (edited.before, edited.after))
    outputs = (pair for pair in zip(before, after, strict=False) if not skipped or pair[1].skip is True)
    pairs = ((_all_sources(old), _all_sources(new)) for old, new in outputs)
    for was, now in (pair for sources in pairs for pair in zip(*sources, strict=False)):
        stays = (was.url, was.git, was.rev) == (now.url, now.git, now.rev)
        if stays and not (now.unknown and edited.depends_on_edit(now.line)):
            continue
        yield from ((other.line, other.key) for other in now.unrenewed)
        old = was.digests
        for algorithm, digest in now.digests.items() if now.url not in renewed else ():
            if old.get(algorithm) == digest:
                yield from ((line, "") for line in _lines_with(edited.after, digest))


def _unread(edited: EditedText, settings: Settings) -> Iterator[int]:
    """Yield the lines of hashes that are in the recipe before and after, and that no setting reads."""
    stayed = {line: digest for line, digest in _written(edited.after, v1=edited.v1) if digest in edited.before}
    if stayed:
        read = set(_read(edited.before, edited.path, settings))
        yield from (line for line, digest in stayed.items() if digest not in read)


def _written(text: str, *, v1: bool) -> Iterator[tuple[int, str]]:
    """Yield the lines and the values of the hashes in a text, those of variables included."""
    assigned, named = assignments(text, v1=v1), hash_values(text, v1=v1)
    reached = closure((name for place in named for name in place.names), assigned)
    places = (*named, *(place for place in assigned if place.name in reached))
    yield from ((place.line, place.literal) for place in places if place.literal and _DIGEST.fullmatch(place.literal))


def _read(text: str, path: str, settings: Settings) -> Iterator[str]:
    """Yield the hashes of a recipe's sources in these builds, as far as they can be read."""
    for setting in settings:
        with suppress(RecipeError):
            for source in (source for output in _outputs(text, path, setting) for source in _all_sources(output)):
                yield from source.digests.values()
                yield from (other.value for other in source.unrenewed)


def _outputs(text: str, path: str, setting: tuple[str, Mapping[str, str]]) -> Sequence[ReadOutput]:
    platform, variant = setting
    recipe = parse_recipe(text.replace("\r\n", "\n"), path=Path(path))
    return recipe.render(platform=platform, variant=variant).outputs


def _all_sources(output: ReadOutput) -> Sequence[ReadSource]:
    return (*output.sources, *output.common_sources)


def _lines_with(text: str, literal: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n"), start=1) if literal in line]
