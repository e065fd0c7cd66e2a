"""What to look at after an edit: lines that say the old version, checkouts and hashes that stayed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from dirac_forge.recipe.editing.moved_sources import EditedText, MovedSource
from dirac_forge.recipe.editing.text_places import assignments, source_values
from dirac_forge.recipe.editing.versions import PARTIAL, left_over
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadSource, RecipeError
from dirac_forge.values import dataclass

_SHORTEST_DIGEST = 32
_OTHER_CHECKOUTS = frozenset({"hg_url", "hg_tag", "svn_url", "svn_rev"})
_COMMIT_ARCHIVE = re.compile(
    r"/(?:archive|tarball|zipball|tar\.gz|zip)/(?:.*[/-])?[0-9a-f]{40}(?:/[^/]*)?(?:\.zip|\.tar(?:\.\w+)?|\.tgz)?$"
)
"""Where hosts of git repositories have the files of a commit as an archive."""


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
class ArchiveKept:
    """An archive of a commit that is the same one as before."""

    line: int
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoHash:
    """A source without a hash, so that nobody looked at its file."""

    line: int
    url: str
    moved: bool
    """Whether its URL is another one now."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberInString:
    """A build string that ends with the old build number, and stays."""

    line: int
    output: str
    string: str
    number: int
    """The new one."""


EditNote = (
    OldVersionLeft
    | OldHashLeft
    | CommitKept
    | ArchiveKept
    | NoHash
    | HashKept
    | MirrorKept
    | NumberFallen
    | NumberInString
    | NumberUnknown
)


def old_version_notes(text: str, old: str) -> tuple[OldVersionLeft, ...]:
    """Return a note for each line that says the old version."""
    lines = text.split("\n")
    return tuple(OldVersionLeft(line=n, version=old, text=lines[n - 1].strip()) for n in left_over(text, old))


def old_hash_notes(text: str, old: str, digests: Collection[str]) -> tuple[OldHashLeft, ...]:
    """Return a note for each line outside of comments that has one of the `digests` of the files of version `old`."""
    lines = enumerate((line.partition(" #")[0] for line in text.split("\n")), start=1)
    digests = [one for one in digests if len(one) >= _SHORTEST_DIGEST]  # a placeholder may be anywhere
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


def kept_archives(sources: Iterable[MovedSource]) -> list[ArchiveKept]:
    """Return a note for each of the sources that is the archive of a commit; all of them are where they were."""
    places = ((source.line, url) for source in sources for url in source.urls)
    return [ArchiveKept(line=line, url=url) for line, url in dict.fromkeys(places) if _COMMIT_ARCHIVE.search(url)]


def without_hashes(sources: Iterable[MovedSource]) -> list[NoHash]:
    """Return a note for each of the sources that has no hash."""
    return [
        NoHash(line=source.line, url=source.urls[0], moved=source.urls != source.before)
        for source in sources
        if not source.hashes
    ]


def kept_commits(
    edited: EditedText,
    before: Sequence[Sequence[ReadOutput]],
    after: Sequence[Sequence[ReadOutput]],
    *,
    files_move: bool,
) -> list[CommitKept]:
    """Return a note for each repository that is checked out where it was before.

    Raises RecipeError if that is all that there is: the new version would be built from the old text.
    """
    kept: dict[str, CommitKept] = {}
    moves = files_move
    for was, now in _checkouts(before, after):
        if (was.git, was.rev) == (now.git, now.rev):
            url = now.git or ""
            kept.setdefault(url, CommitKept(line=now.line, repository=url, revision=now.rev))
        else:
            moves = True
    others, others_move = _other_checkouts(edited)
    found = [*kept.values(), *others]
    if found and not (moves or others_move):
        first = found[0]
        where = f"{first.repository} is checked out at {first.revision or 'its newest commit'}"
        raise RecipeError(f"{where}, whatever the version: edit it by hand", path=edited.path, line=first.line)
    return found


def _other_checkouts(edited: EditedText) -> tuple[list[CommitKept], bool]:
    """Return the repositories of other kinds (Mercurial, Subversion) that stay where they are, and whether one moves.

    What is in the text alone decides: readers leave them out.
    """
    places = [place for place in source_values(edited.after, v1=edited.v1) if place.name in _OTHER_CHECKOUTS]
    if not places or any(edited.depends_on_edit(place.line) for place in places):
        return [], bool(places)
    revision = next((place.literal or place.raw for place in places if place.name in {"hg_tag", "svn_rev"}), None)
    urls = (place for place in places if place.name in {"hg_url", "svn_url"})
    return [CommitKept(line=one.line, repository=one.literal or one.raw, revision=revision) for one in urls], False


def _checkouts(
    before: Sequence[Sequence[ReadOutput]], after: Sequence[Sequence[ReadOutput]]
) -> Iterator[tuple[ReadSource, ReadSource]]:
    """Yield the repositories that the recipe checks out, before and after."""
    for old_outputs, new_outputs in zip(before, after, strict=True):
        for old, new in zip(old_outputs, new_outputs, strict=True):
            sources = ((*each.sources, *each.common_sources) for each in (old, new))
            pairs = zip(*sources, strict=False) if new.skip is not True else ()
            yield from ((was, now) for was, now in pairs if now.git is not None)
