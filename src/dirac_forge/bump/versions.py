"""The edit that moves one recipe: version, URLs where they moved too, and the hashes of all new files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.recipe.editing.edit import EditDraft, MovedSource, Setting, finish, respelled_source, start
from dirac_forge.recipe.editing.urls import variations
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.upstream.digests import Digest

__all__ = ["Edited", "MissingFileError", "SourceFiles", "Texts", "UnansweredError", "edited"]


_ARCHIVE = re.compile(r"\.(?:tar(?:\.\w+)?|tgz|tbz2|txz|zip|whl|crate)$")


class SourceFiles(Protocol):
    """What is known of upstream's files."""

    def of(self, url: str, algorithms: Collection[str]) -> Digest:
        """Hashes of the file at a URL; raises InputError where there is none, UnknownError where nobody could tell."""
        ...

    def listed(self, url: str, version: str) -> str | None:
        """Where the file of this version is listed, for a URL on an index."""
        ...


class MissingFileError(InputError):
    """Upstream has not all the files that the recipe would need, or other ones than it should."""


class UnansweredError(UnknownError):
    """Whether upstream has the files could not be found out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edited:
    """A recipe at another version."""

    before: str
    after: str
    old: str
    new: str
    digests: tuple[Digest, ...] = ()
    """Of all files that are other ones now."""
    notes: tuple[str, ...] = ()
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
    texts: Texts | None = None,
) -> Edited:
    """`text` at version `to`; `settings` are the builds that there are.

    A host that does not answer is no reason to give up where `texts` has the file too: the recipe's own hash proves
    that it is the same one (licences of DIRAC come from its repository, and are in its sdists).

    Raises RecipeError where the edit can't be made for sure, MissingError and UnansweredError where a file's hash
    can't be had: each URL with its reason.
    """
    draft = start(text, path=path, to=to, settings=settings)
    sources = [source for source in draft.moved if source.hashes]
    answers = list(executor.map(lambda source: _asked(source, files), sources))
    said: list[str] = []
    digests: dict[str, Digest] = {}
    failed: list[ForgeError] = []
    for source, asked in zip(sources, answers, strict=True):
        answer = asked
        if isinstance(answer, UnknownError) and texts is not None:
            answer = _enclosed(draft, source, texts) or answer
        if isinstance(answer, Digest) and _is_old(source, answer):
            failed.append(MissingFileError(f"{answer.url} is the file of {draft.old} under another name"))
            continue
        if isinstance(answer, Digest):
            digests[answer.url] = answer
            if answer.origin == "archive":
                said.append(f"{answer.url} can't be reached: its hash is that of the same file in the sdist")
            continue
        other = _elsewhere(draft, source, answer, files)
        if other is None:
            failed.append(answer)
            continue
        draft, digest, what = other
        digests[digest.url] = digest
        said.append(f"{digest.url}: {what}")
    if failed:
        raise _failure(failed, len(sources))
    hashes: Mapping[str, Mapping[str, str]] = {url: digest.hashes for url, digest in digests.items()}
    after = finish(draft, hashes)
    return Edited(
        before=text,
        after=after,
        old=draft.old,
        new=draft.new,
        digests=tuple(digests.values()),
        notes=tuple(dict.fromkeys((*said, *draft.notes))),
    )


def _asked(source: MovedSource, files: SourceFiles) -> Digest | ForgeError:
    """The hashes of a source, from the first of its mirrors that has it; the first one's error where none has."""
    first: ForgeError | None = None
    for url in source.urls:
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


def _enclosed(draft: EditDraft, source: MovedSource, texts: Texts) -> Digest | None:
    """The hash of a source that the sdists have too: one of the same name had the recipe's hash at the old version."""
    old = source.hashes.get("sha256")
    name = source.urls[0].rpartition("/")[2]
    if old is None or len(source.hashes) > 1 or source.before[0].rpartition("/")[2] != name:
        return None
    same = [path for path, text in texts(draft.old).items() if path.rpartition("/")[2] == name and _sha256(text) == old]
    if not same:
        return None
    after = {_sha256(text) for path, text in texts(draft.new).items() if path in same}
    return Digest(url=source.urls[0], hashes={"sha256": after.pop()}, origin="archive") if len(after) == 1 else None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _elsewhere(
    draft: EditDraft, source: MovedSource, answer: ForgeError, files: SourceFiles
) -> tuple[EditDraft, Digest, str] | None:
    """The draft with a URL at which the file is, where upstream changed the pattern of its URLs."""
    try:
        listed = files.listed(source.urls[0], draft.new)
    except (InputError, UnknownError):
        listed = None
    # Where nobody answers, nobody would at another URL of the same host; among what was given there may be one.
    given_only = not listed and isinstance(answer, UnknownError)
    for variation in variations(draft.text, source.line, listed=listed, version=draft.new):
        try:
            other = respelled_source(draft, variation.text)
        except RecipeError:
            continue
        moved = next((one for one in other.moved if one.entry == source.entry and one.line == source.line), None)
        if moved is None:
            continue
        try:
            digest = files.of(moved.urls[0], moved.hashes.keys())
        except InputError:
            continue
        except UnknownError:
            if given_only:
                continue
            return None
        return other, digest, variation.said
    return None


def _failure(failed: Sequence[ForgeError], total: int) -> ForgeError:
    unknown = next((error for error in failed if isinstance(error, UnknownError)), None)
    reasons = "; ".join(error.message for error in failed)
    message = reasons if total == 1 else f"{len(failed)} of {total} files can't be had: {reasons}"
    hint = next((error.hint for error in failed if error.hint), None)
    return UnansweredError(message, hint=hint) if unknown else MissingFileError(message, hint=hint)
