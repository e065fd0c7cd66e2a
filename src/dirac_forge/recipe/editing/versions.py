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
_MANY = 3
"""Parts of a version that are hardly there by chance."""
_POST = re.compile(r"[._]post\d*$")
_WRITTEN_POST = re.compile(r"\}\}([._]post\d*)['\"]?$")
PARTIAL = re.compile(r"maj|min|ver|series|branch|release", re.IGNORECASE)


def with_new_version(
    text: str,
    *,
    v1: bool,
    old: str,
    new: str,
    outputs: Collection[str] = (),
    parts: Sequence[Replacement] | None = None,
) -> str:
    """Return `text` with `new` wherever it says its own version `old`; readers must check the result.

    These are the variables that the version and the sources are made from, `version:` keys, sources, and what
    requires one of the recipe's `outputs` at exactly the old version. `parts` are the edits of the variables that the
    version is made from, if they are known.
    """
    assigned = assignments(text, v1=v1)
    keys, sources = versions(text, v1=v1), source_values(text, v1=v1)
    defining = closure(_names_in(keys), assigned)
    own = [place for place in assigned if place.name in defining]
    others = [place for place in assigned if place.name in closure(_names_in(sources), assigned) - defining]
    places = list(_in_own(own, keys, (old, new), v1=v1) if parts is None else parts)
    places += [edit for one in others for edit in _whole(one, old, new, v1=v1, apart=True) or _partly(one, old, new)]
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


def version_places(text: str, *, v1: bool, every: bool = False) -> list[TextPlace]:
    """Return the recipe's own `version:`, the first one (or every one), and the variables that it is made from.

    Raises YamlError.
    """
    first = versions(text, v1=v1)[: None if every else 1]
    assigned = assignments(text, v1=v1)
    reached = closure(_names_in(first), assigned)
    return [place for place in assigned if place.name in reached] + first


def _in_hash_tables(
    assigned: Sequence[TextPlace], text: str, change: tuple[str, str], *, v1: bool
) -> list[Replacement]:
    """Return the version as a key of what hashes are looked up in: `{% set hashes = {"1.2.3": …} %}`."""
    reached = closure({name for place in hash_values(text, v1=v1) for name in place.names}, assigned)
    tables = (place for place in assigned if place.name in reached and place.literal is None)
    return [edit for place in tables for edit in _whole(place, *change, v1=v1)]


def _in_own(
    own: Sequence[TextPlace], keys: Sequence[TextPlace], change: tuple[str, str], *, v1: bool
) -> list[Replacement]:
    """Return the variables that spell the version, else what has something fixed around it."""
    places = [edit for place in own for edit in _whole(place, *change, v1=v1)]
    leaves = [place for place in own if place.literal is not None]
    return (
        places
        or list(_surrounded(leaves, *change))
        or list(_without_post(leaves, keys, *change, v1=v1))
        or list(_joined(leaves, *change))
    )


def _joined(leaves: Iterable[TextPlace], old: str, new: str) -> Iterator[Replacement]:
    """Yield a version without its separators, from which slices make it: `20240102` for `2024.01.02`."""
    before, after = ("".join(parts_of(one)) for one in (old, new))
    for place in leaves:
        if place.literal == before and len(before) == len(after) and before.isdigit() and after.isdigit():
            yield place.start, place.end, place.raw.replace(before, after)


def left_over(text: str, old: str) -> tuple[int, ...]:
    """Return lines, from 1, that say `old` outside of comments: with at least three parts, it's hardly by chance."""
    if len(parts_of(old)) < _MANY:
        return ()
    lines = enumerate(text.split("\n"), start=1)
    return tuple(number for number, line in lines if respelled(line.split("#")[0], old, "\0") != line.split("#")[0])


def _whole(place: TextPlace, old: str, new: str, *, v1: bool, apart: bool = False) -> list[Replacement]:
    if _HEX.search(place.raw):
        parts = re.split(r"([0-9a-fA-F]{32,})", place.raw)
        changed = "".join(
            part if index % 2 else respelled(part, old, new, apart=apart) for index, part in enumerate(parts)
        )
    else:
        changed = respelled(place.raw, old, new, apart=apart)
    if changed == place.raw:
        return []
    bare = place.raw[:1] not in "'\"" and "{{" not in place.raw and not place.block
    if bare and place.literal is not None and (_NUMBER.fullmatch(changed) if v1 else place.expression):
        # 1.10 without quotes is the number 1.1.
        changed = f'"{changed}"'
    return [(place.start, place.end, changed)]


def _partly(place: TextPlace, old: str, new: str) -> list[Replacement]:
    """Return a variable that is the first parts of the version: `major_minor = "1.80"`."""
    literal = place.literal
    for before, after in first_parts(old, new):
        if literal is not None and literal.removeprefix("v") == before:
            if len(parts_of(before)) == 1 and not PARTIAL.search(place.name):
                continue
            return [(place.start, place.end, place.raw.replace(before, after))]
    return []


def _surrounded(leaves: Iterable[TextPlace], old: str, new: str) -> Iterator[Replacement]:
    """Yield a version that has something fixed around it: `version: 1!{{ version }}`."""
    for place in leaves:
        before, literal, after = old.partition(place.literal or old)
        fits = literal and new.startswith(before) and new.endswith(after) and len(parts_of(literal)) > 1
        if fits and len(before) + len(after) < len(new):
            yield place.start, place.end, place.raw.replace(literal, new[len(before) : len(new) - len(after)])


def _without_post(
    leaves: Iterable[TextPlace], keys: Iterable[TextPlace], old: str, new: str, *, v1: bool
) -> Iterator[Replacement]:
    """Yield the edits of a version with a packager's ending (`{{ version }}.post1`), which the next release loses."""
    released = _POST.sub("", old)
    endings = [(place, match) for place in keys if (match := _WRITTEN_POST.search(place.raw)) is not None]
    if released == old or _POST.search(new) or not endings:
        return
    yield from (edit for place in leaves for edit in _whole(place, released, new, v1=v1))
    yield from ((place.start + match.start(1), place.start + match.end(1), "") for place, match in endings)


def _in_source(place: TextPlace, old: str, new: str) -> list[Replacement]:
    raw = _respelled_url(place.raw, old, new, apart=True)
    if raw == place.raw and "{{" not in raw:
        raw = _respelled_url(raw, old, new, apart=False)
    if raw == place.raw and "{{" not in raw and "://" in raw:
        raw = _without_separators(raw, old, new)
    whole = raw != place.raw or "{{" in raw
    if whole and "://" in raw:
        for before, after in first_parts(old, new):
            # A folder of the server: `/1.80/` or `/v1.80/`.
            changed = re.sub(rf"(?<=/)(v?){re.escape(before)}(?=/)", lambda m, to=after: m[1] + to, raw)  # type: ignore[misc]
            if changed != raw:
                raw = changed
                break
    return [(place.start, place.end, raw)] if raw != place.raw else []


def _respelled_url(raw: str, old: str, new: str, *, apart: bool) -> str:
    return "".join(
        part if _HEX.fullmatch(part) or part.startswith("{{") else respelled(part, old, new, apart=apart)
        for part in re.split(r"([0-9a-fA-F]{32,}|\{\{.*?\}\})", raw)
    )


def _without_separators(raw: str, old: str, new: str) -> str:
    """Return a URL with the new version where it says the old one like `demo-123`; the file has to be there."""
    before, after = parts_of(old), parts_of(new)
    if len(before) < _MANY or not all(part.isdigit() for part in (*before, *after)):
        return raw
    whole = rf"(?<![0-9A-Za-z])(?<![0-9]\.){''.join(before)}(?![0-9A-Za-z])(?!\.[0-9])"
    return re.sub(whole, "".join(after), raw)


def _siblings(text: str, outputs: Collection[str], old: str, new: str) -> Iterator[Replacement]:
    names = "|".join(re.escape(name) for name in sorted(outputs, key=len, reverse=True))
    if not names:
        return
    pattern = rf"^[ \t]*-[ \t]+[\"']?(?:{names})[ \t]*(?:==?[ \t]*|[ \t])({re.escape(old)})(?![\w.])"
    for match in re.finditer(pattern, text, re.MULTILINE):
        yield match.start(1), match.end(1), new
