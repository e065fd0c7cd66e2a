"""Sources of a recipe before and after an edit: which files are other ones, and which hashes check them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from dirac_forge.recipe.editing.text_places import TextPlace, assignments, closure, source_values, sources_end
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadSource, RecipeError
from dirac_forge.values import dataclass

_WORD = re.compile("[0-9A-Za-z]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class MovedSource:
    """A source whose file may be another one at the new version."""

    urls: tuple[str, ...]
    """Where the new file is; several are mirrors."""
    before: tuple[str, ...]
    """Where the old one is."""
    line: int
    """Of the first URL, from 1."""
    entry: int
    """Line where the source begins."""
    hashes: Mapping[str, str]
    """Algorithm to the old file's digest as the recipe writes it."""
    optional: bool = False
    """Whether the feedstock has no build that takes it: without a new hash the old one stays."""

    mirrors: tuple[tuple[int, str], ...] = ()
    """Line and URL of those that stay while others move."""

    @property
    def fresh(self) -> tuple[str, ...]:
        """The URLs that are others than before: the new file is there."""
        return tuple(url for url, old in zip(self.urls, self.before, strict=True) if url != old)

    @property
    def key(self) -> tuple[object, ...]:
        """What distinguishes it from the other sources of the recipe."""
        return self.entry, self.urls, tuple(self.hashes.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class EditedText:
    """A recipe's text before and after an edit that keeps its lines."""

    before: str
    after: str
    path: str
    v1: bool

    def depends_on_edit(self, line: int) -> bool:
        """Return whether what a source says in a line may be another thing after the edit."""
        assigned = assignments(self.after, v1=self.v1)
        pairs = zip(source_values(self.before, v1=self.v1), source_values(self.after, v1=self.v1), strict=False)
        was, place = next(((old, new) for old, new in pairs if new.line == line), (None, None))
        if was is None or place is None or place.raw != was.raw:
            return True
        known = {assignment.name for assignment in assigned}
        if not self.v1 and "{% for" in self.after and not place.names <= known:
            return True  # a variable of a loop may stand for anything
        return not closure(place.names, assigned).isdisjoint(self._changed(assigned))

    def _changed(self, assigned: Sequence[TextPlace]) -> set[str]:
        old = assignments(self.before, v1=self.v1)
        return {now.name for was, now in zip(old, assigned, strict=True) if was.raw != now.raw}

    def moved(self, old: ReadOutput, new: ReadOutput) -> Iterator[MovedSource]:
        """Yield the sources of an output, unmoved ones too; raises RecipeError if that can't be known."""
        for was, now in paired(old, new, path=self.path):
            source = _source(was, now)
            unknown = next((one for one in now if one.unknown), None)
            if unknown is not None and (source.urls != source.before or self.depends_on_edit(unknown.line)):
                raise RecipeError(
                    f"the source {source.urls[0]} depends on an undefined variable, so its hash can't be known",
                    path=self.path,
                    line=source.line,
                )
            yield source


def paired(
    old: ReadOutput, new: ReadOutput, *, path: str
) -> list[tuple[tuple[ReadSource, ...], tuple[ReadSource, ...]]]:
    """Return the sources of an output before and after, mirrors together; those without a URL are left out.

    Raises RecipeError if there are more or fewer of them.
    """
    before, after = (*old.sources, *old.common_sources), (*new.sources, *new.common_sources)
    if len(before) != len(after):
        raise RecipeError("at the new version it would have other sources: edit it by hand", path=path)
    # A loop makes many sources in one line; mirrors are checked by the same hashes.
    groups: dict[tuple[object, ...], list[tuple[ReadSource, ReadSource]]] = {}
    for was, now in zip(before, after, strict=True):
        if now.url and ("://" in now.url or now.unknown):
            groups.setdefault((now.entry, *was.digests.items()), []).append((was, now))
    return [(tuple(was for was, _ in group), tuple(now for _, now in group)) for group in groups.values()]


def _source(was: Sequence[ReadSource], now: Sequence[ReadSource]) -> MovedSource:
    first = now[0]
    stay = [(new.line, new.url or "") for old, new in zip(was, now, strict=True) if new.url == old.url]
    return MovedSource(
        urls=tuple(source.url or "" for source in now),
        before=tuple(source.url or "" for source in was),
        line=first.line,
        entry=first.entry,
        hashes=first.digests,
        mirrors=tuple(stay) if len(stay) < len(now) else (),
    )


def hash_places(text: str, old: str, source: MovedSource, entries: Sequence[int], *, v1: bool) -> list[tuple[int, int]]:
    """Return where the text has the hash `old` of this source: in it, else (in a variable) anywhere but in comments.

    `entries` are the lines where the recipe's sources begin, in order.
    """
    after = bisect_right(entries, source.entry)
    last = min(
        entries[after] - 1 if after < len(entries) else text.count("\n") + 1, sources_end(text, source.entry, v1=v1)
    )
    places = _words(text).get(old, ())
    near = [(begin, end) for line, begin, end in places if source.entry <= line <= last]
    return near or [(begin, end) for _, begin, end in places]


@lru_cache(maxsize=4)
def _words(text: str) -> Mapping[str, Sequence[tuple[int, int, int]]]:
    """Return each word (a hash, or what stands for one) with its lines, beginnings and ends; not those of comments."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    offset = 0
    for number, line in enumerate(text.split("\n"), start=1):
        for match in () if line.lstrip().startswith("#") else _WORD.finditer(line):
            found.setdefault(match[0], []).append((number, offset + match.start(), offset + match.end()))
        offset += len(line) + 1
    return found
