"""What to look at after an edit: lines that say the old version, checkouts and hashes that stayed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from dirac_forge.recipe.editing.text_places import assignments
from dirac_forge.recipe.editing.versions import PARTIAL, left_over
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadSource, RecipeError
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class OldVersionLeft:
    """A line that still says the old version."""

    line: int
    version: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitKept:
    """A repository that is checked out where it was before."""

    line: int
    repository: str
    revision: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HashKept:
    """A hash that no build of the feedstock checks, and that was not renewed: its file is missing, or not known."""

    line: int
    kind: str = ""
    """`content_sha256`, say, if it is of a kind that is never renewed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OldHashLeft:
    """A line outside of the sources, such as one of a script, that has the hash of an old file."""

    line: int
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberUnknown:
    """A build number that can't be known here before and after the edit."""

    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MirrorKept:
    """A mirror whose URL stays, of a source whose other URLs are others now."""

    line: int
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberFallen:
    """An output that keeps its version shares its build number with others, and that was reset."""

    line: int
    output: str
    version: str
    old: int
    new: int


EditNote = OldVersionLeft | OldHashLeft | CommitKept | HashKept | MirrorKept | NumberFallen | NumberUnknown


def old_version_notes(text: str, old: str) -> tuple[OldVersionLeft, ...]:
    """Return a note for each line that says the old version."""
    lines = text.split("\n")
    return tuple(OldVersionLeft(line=n, version=old, text=lines[n - 1].strip()) for n in left_over(text, old))


def old_hash_notes(text: str, old: str, digests: Collection[str]) -> tuple[OldHashLeft, ...]:
    """Return a note for each line outside of comments that has one of the `digests` of the files of version `old`."""
    lines = enumerate((line.partition(" #")[0] for line in text.split("\n")), start=1)
    found = (n for n, line in lines if not line.lstrip().startswith("#") and any(one in line for one in digests))
    return tuple(OldHashLeft(line=number, version=old) for number in found)


def old_series_notes(text: str, old: str, new: str, *, v1: bool) -> tuple[OldVersionLeft, ...]:
    """Return a note for each line that has the first parts of the old version in a place that is made from versions.

    These are folders of URLs (`/en/2.2.x/`, `/v2.2/`), and variables that are called for versions
    (`{% set series = "2.2" %}`).
    """
    before, after = (".".join(one.split(".")[:2]) for one in (old, new))
    if before == after or "." not in before:
        return ()
    lines = text.split("\n")
    folder = re.compile(rf"https?://[^\s\"']*?/(?P<series>v?{re.escape(before)}(?:\.x)?)(?=/|[\s\"']|$)")
    matches = enumerate((folder.search(line.partition(" #")[0]) for line in lines), start=1)
    found = {number: match["series"] for number, match in matches if match is not None}
    for place in assignments(text, v1=v1) if before != old else ():
        if PARTIAL.search(place.name) and (place.literal or "").removeprefix("v") == before:
            found.setdefault(place.line, before)
    return tuple(OldVersionLeft(line=n, version=said, text=lines[n - 1].strip()) for n, said in sorted(found.items()))


def kept_commits(
    before: Sequence[Sequence[ReadOutput]], after: Sequence[Sequence[ReadOutput]], *, path: str, files_move: bool
) -> list[CommitKept]:
    """Return a note for each repository that is checked out where it was before.

    Raises RecipeError if that is all that there is: the new version would be built from the old text.
    """
    kept: dict[str, ReadSource] = {}
    moves = files_move
    for was, now in _checkouts(before, after):
        if (was.git, was.rev) == (now.git, now.rev):
            kept.setdefault(now.git or "", now)
        else:
            moves = True
    first = next(iter(kept.values()), None)
    if first is not None and not moves:
        raise RecipeError(
            f"{first.git} is checked out at {first.rev or 'its newest commit'}, whatever the version: edit it by hand",
            path=path,
            line=first.line,
        )
    return [CommitKept(line=source.line, repository=url, revision=source.rev) for url, source in kept.items()]


def _checkouts(
    before: Sequence[Sequence[ReadOutput]], after: Sequence[Sequence[ReadOutput]]
) -> Iterator[tuple[ReadSource, ReadSource]]:
    """Yield the repositories that the recipe checks out, before and after."""
    for old_outputs, new_outputs in zip(before, after, strict=True):
        for old, new in zip(old_outputs, new_outputs, strict=True):
            pairs = zip(old.sources, new.sources, strict=False)
            yield from ((was, now) for was, now in pairs if now.git is not None)
