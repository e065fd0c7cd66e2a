"""The edit that moves one recipe: version, URLs where they moved too, and the hashes of all new files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from types import MappingProxyType
from typing import Protocol

from dirac_forge.bump.bump_notes import EnclosedSource, OtherMirror, RespelledSource
from dirac_forge.bump.upstream_versions import SAME, UpstreamVersions
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.recipe.editing.edit import EditDraft, Setting, finish, notes_on, respelled_source, start
from dirac_forge.recipe.editing.moved_sources import MovedSource
from dirac_forge.recipe.editing.notes import EditNote, old_series_notes, old_version_notes
from dirac_forge.recipe.editing.urls import variations
from dirac_forge.upstream.digests import Digest
from dirac_forge.values import dataclass

_ARCHIVE = re.compile(r"\.(?:tar(?:\.\w+)?|tgz|tbz2|txz|zip|whl|crate)$")


class SourceFiles(Protocol):
    """What is known of upstream's files."""

    def of(self, url: str, algorithms: Collection[str]) -> Digest:
        """Return the hashes of the file at a URL; raises InputError if there is none, UnknownError if not known."""
        ...

    def listed(self, url: str, version: str) -> str | None:
        """Return where the file of this version is listed, for a URL on an index."""
        ...


class MissingFileError(InputError):
    """Upstream has not all the files that the recipe would need, or other ones than it should."""


class UnansweredError(UnknownError):
    """Whether upstream has the files could not be found out."""


EditedNote = EditNote | RespelledSource | EnclosedSource | OtherMirror


@dataclass(frozen=True, kw_only=True, slots=True)
class Edited:
    """A recipe at another version."""

    before: str
    after: str
    old: str
    new: str
    digests: tuple[Digest, ...] = ()
    """Of all files that are other ones now."""
    notes: tuple[EditedNote, ...] = ()
    """What a person should look at."""


Texts = Callable[[str], Mapping[str, str]]
"""From a version to the text files in its sdists, path to content."""


def edited(
    text: str,
    *,
    path: str,
    to: str,
    files: SourceFiles,
    executor: Executor,
    settings: Sequence[Setting] = (),
    unbuilt: Sequence[Setting] = (),
    texts: Texts | None = None,
    commits: Mapping[str, str] = MappingProxyType({}),
    own: str = "",
    upstream: UpstreamVersions = SAME,
) -> Edited:
    """Return `text` at version `to`; `settings` are the builds that there are, `unbuilt` others that it speaks of.

    A host that does not answer is no reason to give up where `texts` has the file too: the recipe's own hash proves
    that it is the same one (licences of DIRAC come from its repository, and are in its sdists). `commits` and `own` are
    as for `recipe.editing.edit.start`; `files` and `texts` are asked by upstream's versions.

    Raises RecipeError if the edit can't be made for sure, MissingFileError and UnansweredError if a file's hash
    can't be had: each URL with its reason.
    """
    draft = start(text, path=path, to=to, settings=settings, unbuilt=unbuilt, commits=commits, own=own)
    lookup = _HashLookup(draft, files, texts, upstream)
    sources = [source for source in draft.moved if source.hashes]
    answers = list(executor.map(lambda source: _asked(source, files), sources))
    for source, answer in zip(sources, answers, strict=True):
        lookup.take(source, answer)
    if lookup.failed:
        raise _failure(lookup.failed, len(sources))
    hashes = {url: digest.hashes for url, digest in lookup.digests.items()}
    after = finish(lookup.draft, hashes)
    notes = (*lookup.notes, *notes_on(after, lookup.draft, hashes), *_old_releases(after, draft, upstream))
    return Edited(
        before=text,
        after=after,
        old=draft.old,
        new=draft.new,
        digests=tuple(lookup.digests.values()),
        notes=tuple(dict.fromkeys(notes)),
    )


def _old_releases(after: str, draft: EditDraft, upstream: UpstreamVersions) -> tuple[EditNote, ...]:
    """Return where a text still has what upstream calls the old version, if the recipe calls it otherwise."""
    if upstream == SAME:
        return ()
    old, new = upstream.of(draft.old), upstream.of(draft.new)
    return (*old_version_notes(after, old), *old_series_notes(after, old, new, v1=draft.v1))


class _HashLookup:
    """The hashes of the moved sources of one recipe, taken one after the other."""

    def __init__(self, draft: EditDraft, files: SourceFiles, texts: Texts | None, upstream: UpstreamVersions) -> None:
        self.draft = draft
        self.notes: list[EditedNote] = []
        self.digests: dict[str, Digest] = {}
        self.failed: list[ForgeError] = []
        self._files = files
        self._texts = texts
        self._versions = (upstream.of(draft.old), upstream.of(draft.new))

    def take(self, source: MovedSource, answer: Digest | ForgeError) -> None:
        """Note the hash of a source's new file, where it is found elsewhere with another draft."""
        if isinstance(answer, UnknownError) and self._texts is not None:
            answer = _enclosed(source, self._texts, self._versions) or answer
        if isinstance(answer, ForgeError):
            self._search(source, answer)
        elif _is_old(source, answer):
            message = f"{answer.url} is the file of {self.draft.old} under another name"
            self._fail(source, MissingFileError(message))
        else:
            self.digests[answer.url] = answer
            if answer.origin == "archive":
                self.notes.append(EnclosedSource(url=answer.url))
            else:
                self._tell_mirrors(source, answer.url)

    def _search(self, source: MovedSource, answer: ForgeError) -> None:
        elsewhere = _elsewhere(self.draft, source, answer, self._files, self._versions[1])
        if elsewhere is None:
            self._fail(source, answer)
            return
        self.draft, digest, difference = elsewhere
        self.digests[digest.url] = digest
        if difference:
            self.notes.append(RespelledSource(url=digest.url, difference=difference))

    def _tell_mirrors(self, source: MovedSource, asked: str) -> None:
        """Note the mirrors of a source whose files are not known to be the one that was hashed."""
        before = source.fresh.index(asked) if asked in source.fresh else 0
        others = ((number, url) for number, url in enumerate(source.fresh) if _on_cran(url) != _on_cran(asked))
        self.notes += [OtherMirror(url=url, asked=asked, failed=number < before) for number, url in others]

    def _fail(self, source: MovedSource, error: ForgeError) -> None:
        if not source.optional:
            self.failed.append(error)


def _asked(source: MovedSource, files: SourceFiles) -> Digest | ForgeError:
    """Return the hashes of a source from the first mirror that has it, or the error of the first mirror."""
    first: ForgeError | None = None
    for url in source.fresh:
        try:
            return files.of(url, source.hashes.keys())
        except (InputError, UnknownError) as error:
            first = first or error
    return first if first is not None else UnansweredError("a source without a URL")


def _is_old(source: MovedSource, digest: Digest) -> bool:
    """Whether an archive is the old one: there are servers that have an answer for any version.

    A licence, say, is the same file in many versions.
    """
    same = source.hashes and all(digest.hashes.get(name) == value for name, value in source.hashes.items())
    return bool(same) and _ARCHIVE.search(digest.url) is not None and digest.origin == "downloaded"


def _enclosed(source: MovedSource, texts: Texts, versions: tuple[str, str]) -> Digest | None:
    """Return the hash of a source that the sdists have too, of the file that had the recipe's old hash."""
    name = _filename(source.urls[0])
    if source.hashes.keys() != {"sha256"} or _filename(source.before[0]) != name:
        return None
    before = _hashes_of(name, texts(versions[0]))
    same = {path for path, sha256 in before.items() if sha256 == source.hashes["sha256"]}
    now = _hashes_of(name, texts(versions[1])) if same else {}
    after = {now[path] for path in same & now.keys()}
    return Digest(url=source.urls[0], hashes={"sha256": after.pop()}, origin="archive") if len(after) == 1 else None


def _hashes_of(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Return path and SHA-256 of the files of this name."""
    return {path: _sha256(text) for path, text in texts.items() if _filename(path) == name}


def _on_cran(url: str) -> str:
    """Return where CRAN has a file while it is current: from there it moves to the archive, and recipes name both."""
    return re.sub(r"/src/contrib/Archive/[^/]+/", "/src/contrib/", url)


def _filename(path: str) -> str:
    return path.rpartition("/")[2]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _elsewhere(
    draft: EditDraft, source: MovedSource, answer: ForgeError, files: SourceFiles, version: str
) -> tuple[EditDraft, Digest, str] | None:
    """Return the draft with a URL at which the file is, where upstream changed the pattern of its URLs."""
    try:
        listed = files.listed(source.urls[0], version)
    except (InputError, UnknownError):
        listed = None
    v1 = draft.path.endswith("recipe.yaml")
    # Where a host does not answer, it would not at another URL; among the given hashes there may be one.
    patient = listed or isinstance(answer, UnknownError)
    for variation in variations(draft.text, source.line, listed=listed, version=version, v1=v1):
        try:
            other, digest = _tried(draft, source, variation.text, files)
        except InputError:  # not a recipe any more, or there is no such file
            continue
        except UnknownError:
            if patient:
                continue
            return None
        return other, digest, variation.said
    return None


def _tried(draft: EditDraft, source: MovedSource, text: str, files: SourceFiles) -> tuple[EditDraft, Digest]:
    """Return the draft with another text, and the hashes of the source there. Raises InputError, UnknownError."""
    other = respelled_source(draft, text)
    places = ((one.entry, one.line) for one in other.moved)
    moved = dict(zip(places, other.moved, strict=True)).get((source.entry, source.line))
    if moved is None:
        raise InputError("the source does not move with this URL")
    return other, files.of(moved.urls[0], moved.hashes.keys())


def _failure(failed: Sequence[ForgeError], total: int) -> ForgeError:
    unknown = next((error for error in failed if isinstance(error, UnknownError)), None)
    reasons = "; ".join(error.message for error in failed)
    message = reasons if total == 1 else f"{len(failed)} of {total} files can't be fetched: {reasons}"
    hint = next((error.hint for error in failed if error.hint), None)
    return UnansweredError(message, hint=hint) if unknown else MissingFileError(message, hint=hint)
