"""Versions that a recipe puts together from parts: `series ~ ".3"`, `".".join(parts)`, `{{ major }}.{{ minor }}`.

Which number in the text becomes which part of the version is found by trying: another number is put there, and the
readers show where it ends up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from dirac_forge.recipe.editing.spellings import parts_of, same_version
from dirac_forge.recipe.editing.text_places import Replacement, TextPlace
from dirac_forge.recipe.reading.recipe_text import RecipeError

_RUN = re.compile(r"(?<![0-9A-Za-z_])\d[0-9A-Za-z]*(?:[._-]\d[0-9A-Za-z]*)*(?![0-9A-Za-z_])")
"""Numbers that belong together."""
_PART = re.compile("[0-9A-Za-z]+")
_MARK = "70707"
"""A number that no version has."""
_MOST_PARTS = 24
"""Numbers in one recipe that are tried."""

Versions = Callable[[str], Sequence[str]]
"""From a recipe's text to the versions that have to move, one for each build and output."""


def composed_version(
    text: str, places: Iterable[TextPlace], change: tuple[str, str], versions: Versions
) -> list[Replacement]:
    """Return what to write into `places` so that the first version becomes the second; nothing if that is not clear.

    The caller has to render the result.
    """
    found: dict[Replacement, None] = {}
    composed = (place for place in places if not same_version(place.literal or "", change[0]))
    runs = [run for place in composed for run in _runs(place, change[0])]
    for run in runs if sum(map(len, runs)) <= _MOST_PARTS else ():
        positions = [_positions(text, part, change[0], versions) for part in run]
        if any(positions) and not all(positions):
            return []  # half of it would be of another version
        for part, places_of_it in zip(run, positions, strict=True):
            found |= dict.fromkeys(_moved(text, part, places_of_it, change))
    return list(found)


def has_parts(places: Iterable[TextPlace], version: str) -> bool:
    """Return whether all parts of a version are written in these places."""
    written = {part for place in places for part in _PART.findall(place.raw)}
    return written.issuperset(parts_of(version))


def _runs(place: TextPlace, old: str) -> Iterator[list[tuple[int, int]]]:
    """Yield where a place has numbers that belong together, some of which are parts of the version."""
    known = set(parts_of(old))
    for match in _RUN.finditer(place.raw):
        parts = list(_PART.finditer(place.raw, match.start(), match.end()))
        if any(part[0] in known for part in parts):
            yield [(place.start + part.start(), place.start + part.end()) for part in parts]


def _positions(text: str, part: tuple[int, int], old: str, versions: Versions) -> set[int]:
    """Return where in the version a number ends up; nowhere if it has another effect, too."""
    text = f"{text[: part[0]]}{_MARK}{text[part[1] :]}"
    try:
        rendered = set(versions(text)) - {old}
    except RecipeError:
        return set()
    before = parts_of(old)
    positions = {index for one in rendered for index, part in enumerate(parts_of(one)) if part == _MARK}
    expected = [_MARK if index in positions else part for index, part in enumerate(before)]
    return positions if all(parts_of(one) == expected for one in rendered) else set()


def _moved(
    text: str, place: tuple[int, int], positions: Iterable[int], change: tuple[str, str]
) -> Iterator[Replacement]:
    """Yield what becomes of a number that is the version's part at `positions`; the last one takes what is longer."""
    before, after = map(parts_of, change)
    start, end = place
    for index in positions:
        if index >= len(after):
            if text[start - 1] == ".":
                yield start - 1, end, ""
        elif index == len(before) - 1 and len(after) > len(before):
            if text[start - 1] in ".'\"":
                yield start, end, _tail(change[1], index)
        elif after[index] != before[index]:
            yield start, end, after[index]


def _tail(version: str, index: int) -> str:
    """Return a version without its first parts."""
    return version[sum(len(part) + 1 for part in parts_of(version)[:index]) :]
