"""The version in a recipe's text: which places say it, and what stands there afterwards."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from dirac_forge.recipe.editing.spellings import first_parts, parts_of, respelled, same_version
from dirac_forge.recipe.editing.text_places import (
    Replacement,
    TextPlace,
    assignments,
    closure,
    hash_values,
    replaced,
    source_values,
    versions,
)

_HEX = re.compile(r"[0-9a-fA-F]{32,}")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*)?(?:\.[\d_]*)?(?:[eE][-+]?\d+)?")
_PART_NAMES = (("major", "maj"), ("minor", "min"), ("patch", "micro", "bugfix", "tiny"))
_PARTIAL = re.compile(r"maj|min|ver|series|branch|release", re.IGNORECASE)


def with_new_version(text: str, *, v1: bool, old: str, new: str, outputs: Collection[str] = ()) -> str:
    """Return `text` with `new` wherever it says its own version `old`; readers must check the result.

    These are the variables that the version and the sources are made from, `version:` keys, sources, and what
    requires one of the recipe's `outputs` at exactly the old version.
    """
    assigned = assignments(text, v1=v1)
    keys, sources = versions(text, v1=v1), source_values(text)
    places = _in_variables(assigned, keys, sources, (old, new), v1=v1)
    places += _in_hash_tables(assigned, text, (old, new), v1=v1)
    for place in keys:
        if place.literal is not None and same_version(place.literal, old):
            places += _whole(place, old, new, v1=v1)
    for place in sources:
        places += _in_source(place, old, new)
    return replaced(text, [*places, *_siblings(text, outputs, old, new)])


def with_new_commits(text: str, commits: Mapping[str, str]) -> str:
    """Return `text` with commits replaced wherever it names them, except in comments."""
    lines = text.split("\n")
    for old, new in commits.items():
        whole = re.compile(rf"(?<![0-9a-fA-F]){re.escape(old)}(?![0-9a-fA-F])")
        lines = [line if line.lstrip().startswith("#") else whole.sub(new, line) for line in lines]
    return "\n".join(lines)


def _names_in(places: Iterable[TextPlace]) -> set[str]:
    return {name for place in places for name in place.names}


def _in_variables(
    assigned: Sequence[TextPlace],
    keys: Sequence[TextPlace],
    sources: Sequence[TextPlace],
    change: tuple[str, str],
    *,
    v1: bool,
) -> list[Replacement]:
    """Return the variables that the version is made from, then those that only sources are made from."""
    defining = closure(_names_in(keys), assigned)
    reached = closure(_names_in(sources), assigned)
    others = (place for place in assigned if place.name in reached - defining)
    places = _in_own([place for place in assigned if place.name in defining], change, v1=v1)
    return places + [edit for place in others for edit in _whole(place, *change, v1=v1) or _partly(place, *change)]


def _in_hash_tables(
    assigned: Sequence[TextPlace], text: str, change: tuple[str, str], *, v1: bool
) -> list[Replacement]:
    """Return the version as a key of what hashes are looked up in: `{% set hashes = {"1.2.3": …} %}`."""
    reached = closure({name for place in hash_values(text) for name in place.names}, assigned)
    tables = (place for place in assigned if place.name in reached and place.literal is None)
    return [edit for place in tables for edit in _whole(place, *change, v1=v1)]


def _in_own(own: Sequence[TextPlace], change: tuple[str, str], *, v1: bool) -> list[Replacement]:
    """Return the variables that spell the version, else those that it is put together from."""
    places = [edit for place in own for edit in _whole(place, *change, v1=v1)]
    leaves = [place for place in own if place.literal is not None]
    return places or list(_split(leaves, *change)) or list(_surrounded(leaves, *change))


def left_over(text: str, old: str) -> tuple[int, ...]:
    """Return lines, from 1, that say `old` outside of comments: with at least three parts, it's hardly by chance."""
    if len(parts_of(old)) < 3:
        return ()
    lines = enumerate(text.split("\n"), start=1)
    return tuple(number for number, line in lines if respelled(line.split("#")[0], old, "\0") != line.split("#")[0])


def _whole(place: TextPlace, old: str, new: str, *, v1: bool) -> list[Replacement]:
    if _HEX.search(place.raw):
        parts = re.split(r"([0-9a-fA-F]{32,})", place.raw)
        changed = "".join(part if index % 2 else respelled(part, old, new) for index, part in enumerate(parts))
    else:
        changed = respelled(place.raw, old, new)
    if changed == place.raw:
        return []
    bare = place.raw[:1] not in "'\"" and "{{" not in place.raw
    if bare and place.literal is not None and (_NUMBER.fullmatch(changed) if v1 else place.expression):
        # 1.10 without quotes is the number 1.1.
        changed = f'"{changed}"'
    return [(place.start, place.end, changed)]


def _partly(place: TextPlace, old: str, new: str) -> list[Replacement]:
    """Return a variable that is the first parts of the version: `major_minor = "1.80"`."""
    literal = place.literal
    for before, after in first_parts(old, new):
        if literal is not None and literal.removeprefix("v") == before:
            if len(parts_of(before)) == 1 and not _PARTIAL.search(place.name):
                continue
            return [(place.start, place.end, place.raw.replace(before, after))]
    return []


def _split(leaves: Sequence[TextPlace], old: str, new: str) -> Iterator[Replacement]:
    """Yield a version that is put together: `major`, `minor` and `patch`, or `1.80` and `0`."""
    before, after = parts_of(old), parts_of(new)
    for place in leaves if len(before) == len(after) else ():
        own = parts_of(place.literal or "")
        starts = _positions(place.name.lower(), own, before)
        if len(starts) == 1 and (now := after[starts[0] : starts[0] + len(own)]) != own:
            yield place.start, place.end, place.raw.replace(place.literal or "", ".".join(now))


def _surrounded(leaves: Iterable[TextPlace], old: str, new: str) -> Iterator[Replacement]:
    """Yield a version that has something fixed around it: `version: 1!{{ version }}`."""
    for place in leaves:
        before, literal, after = old.partition(place.literal or old)
        fits = literal and new.startswith(before) and new.endswith(after) and len(parts_of(literal)) > 1
        if fits and len(before) + len(after) < len(new):
            yield place.start, place.end, place.raw.replace(literal, new[len(before) : len(new) - len(after)])


def _positions(name: str, own: Sequence[str], version: Sequence[str]) -> list[int]:
    """Return where a variable's parts may be in the version: where its name says, else wherever they fit."""
    fitting = [i for i in range(len(version) - len(own) + 1) if version[i : i + len(own)] == own]
    return [i for i in fitting if i < len(_PART_NAMES) and any(part in name for part in _PART_NAMES[i])] or fitting


def _in_source(place: TextPlace, old: str, new: str) -> list[Replacement]:
    raw = "".join(
        part if _HEX.fullmatch(part) or part.startswith("{{") else respelled(part, old, new)
        for part in re.split(r"([0-9a-fA-F]{32,}|\{\{.*?\}\})", place.raw)
    )
    whole = raw != place.raw or "{{" in raw
    if whole and "://" in raw:
        for before, after in first_parts(old, new):
            # A folder of the server: `/1.80/` or `/v1.80/`.
            changed = re.sub(rf"(?<=/)(v?){re.escape(before)}(?=/)", lambda m, to=after: m[1] + to, raw)  # type: ignore[misc]
            if changed != raw:
                raw = changed
                break
    return [(place.start, place.end, raw)] if raw != place.raw else []


def _siblings(text: str, outputs: Collection[str], old: str, new: str) -> Iterator[Replacement]:
    names = "|".join(re.escape(name) for name in sorted(outputs, key=len, reverse=True))
    if not names:
        return
    pattern = rf"^[ \t]*-[ \t]+[\"']?(?:{names})[ \t]*(?:==?[ \t]*|[ \t])({re.escape(old)})(?![\w.])"
    for match in re.finditer(pattern, text, re.MULTILINE):
        yield match.start(1), match.end(1), new
