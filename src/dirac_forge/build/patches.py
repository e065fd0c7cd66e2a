"""Patches tried on a source: whether each still applies, with how much fuzz, or is in upstream's text already."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Literal

from dirac_forge.errors import InputError, UnknownError
from dirac_forge.git import GitError, own_git
from dirac_forge.upstream.files.archive import ArchiveLimits, checked_name
from dirac_forge.upstream.files.unpack import members
from dirac_forge.upstream.problems import Problem
from dirac_forge.values import dataclass

PatchState = Literal["applies", "fuzzy", "merged", "fails"]
PatchProblem = Literal["", "hunk", "no file", "no patch", "binary", "link", "outside", "large", "slow"]
"""Why a patch fails: a hunk does not match, a file is not there, it is not a patch; the rest is refused untried."""
_TOUCHED = re.compile(r"^(?:---|\+\+\+) (?!/dev/null)([^\t\n]+)|^(?:rename|copy) from (.+)$", re.MULTILINE)
_NAMED = re.compile(
    rb"^--- ([^\t\r\n]+).*\r?\n\+\+\+ ([^\t\r\n]+)|^(?:rename|copy) (?:from|to) ([^\r\n]+)", re.MULTILINE
)
"""Names of files; a line of a hunk may look like the first line of a head, but not like both."""
_REFUSED: tuple[tuple[re.Pattern[bytes], PatchProblem], ...] = (
    (re.compile(rb"^(?:GIT binary patch|Binary files .* differ)\r?$", re.MULTILINE), "binary"),
    (re.compile(rb"^(?:(?:new|deleted) file|new|old) mode 1[26]0000|^index \S+ 1[26]0000", re.MULTILINE), "link"),
)
_HUNK = re.compile(r"^error: patch failed: (.+):(\d+)$", re.MULTILINE)
_ABSENT = re.compile(r"^error: (.+): (?:No such file or directory|does not exist.*)$", re.MULTILINE)
_NO_PATCH = re.compile(
    r"^error: (?:No valid patches in input|corrupt patch|patch fragment without header)", re.MULTILINE
)
_LARGEST = 20_000_000
_SECONDS = 30.0
_CONTEXT = 3
"""Lines around a change that `diff` writes; each that differs is one more fuzz."""
_STRIPS = (1, 0, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class TriedPatch:
    """A patch, and what became of it."""

    name: str
    state: PatchState
    fuzz: int = 0
    """Lines of context, at both ends of a change, that were left out of account."""
    problem: PatchProblem = ""
    file: str = ""
    """Of the source, where it fails."""
    line: int = 0
    """Where the hunk that does not match begins, in `file`."""

    @property
    def reason(self) -> str:
        """Where and why it fails, in a few words; "" if it does not."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        told = _WORDS[self.problem]
        return f"{place}: {told}" if place else told


_WORDS: Mapping[PatchProblem, str] = {
    "": "",
    "hunk": "the hunk there does not match",
    "no file": "the source has no such file",
    "no patch": "it is not a patch",
    "binary": "it changes binary files",
    "link": "it makes or changes a link",
    "outside": "it leaves the source",
    "large": "it is larger than 20 MB",
    "slow": "git took longer than 30 s",
}


def try_patches(source: IO[bytes], filename: str, patches: Mapping[str, bytes], *, size: int) -> tuple[TriedPatch, ...]:
    """Apply the patches one after the other to the text of a source archive; nothing of it is run.

    Args:
        source: the archive; seekable.
        filename: its name, which determines its kind.
        patches: name to content, in the recipe's order.
        size: bytes of the archive.

    Raises:
        ArchiveError: the archive is corrupt, or made to hurt.
    """
    wanted = {path for content in patches.values() for path in _paths(content)}
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as name:
        folder = Path(name).resolve()
        _unpack(source, filename, wanted, folder, size)
        found = []
        for patch, content in patches.items():
            found.append(_tried(patch, content, folder))
    return tuple(found)


def _paths(content: bytes) -> set[str]:
    """Return the files that a patch is about, with the parts before them that it may have."""
    found = set()
    for match in _TOUCHED.finditer(content.decode("utf-8", errors="replace")):
        path = checked_name((match[1] or match[2]).strip().strip('"'))
        parts = path.split("/") if path else []
        found |= {"/".join(parts[strip:]) for strip in range(min(len(parts), 3))}
    return found


def _unpack(source: IO[bytes], filename: str, wanted: set[str], folder: Path, size: int) -> None:
    """Write the files that patches are about below `folder`, without the archive's first folder."""
    problems: list[Problem] = []
    for member in members(source, filename=filename, size=size, limits=ArchiveLimits(), problems=problems):
        path = member.name.partition("/")[2] or member.name
        if path in wanted and member.size <= _LARGEST:
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(member.read(_LARGEST))


def _tried(name: str, content: bytes, folder: Path) -> TriedPatch:
    problem = _refused(content)
    if problem:
        return TriedPatch(name=name, state="fails", problem=problem)
    try:
        return _applied(name, content, folder)
    except UnknownError:
        return TriedPatch(name=name, state="fails", problem="slow")


def _refused(content: bytes) -> PatchProblem:
    """Return why a patch is not even tried: git refuses some of these too, but not all."""
    if len(content) > _LARGEST:
        return "large"
    for pattern, problem in _REFUSED:
        if pattern.search(content):
            return problem
    names = (name for match in _NAMED.finditer(content) for name in match.groups() if name)
    return "outside" if any(map(_leaves, names)) else ""


def _leaves(name: bytes) -> bool:
    """Whether a path of a patch leads out of the source."""
    return (name.startswith(b"/") and name != b"/dev/null") or b".." in name.split(b"/")


def _applied(name: str, content: bytes, folder: Path) -> TriedPatch:
    if any(_applies(content, folder, strip) for strip in _STRIPS):
        return TriedPatch(name=name, state="applies")
    if any(_applies(content, folder, strip, "--reverse", "--check") for strip in _STRIPS):
        return TriedPatch(name=name, state="merged")
    for fuzz in range(1, _CONTEXT):
        if any(_applies(content, folder, strip, f"-C{_CONTEXT - fuzz}") for strip in _STRIPS):
            return TriedPatch(name=name, state="fuzzy", fuzz=fuzz)
    return _failure(name, [_said(content, folder, strip) for strip in _STRIPS])


def _failure(name: str, said: Sequence[str]) -> TriedPatch:
    """Return the failure: of the numbers of leading folders that git removed, the one that finds its files."""
    hunk = next(filter(None, map(_HUNK.search, said)), None)
    if hunk is not None:
        return TriedPatch(name=name, state="fails", problem="hunk", file=hunk[1], line=int(hunk[2]))
    absent = _ABSENT.search(said[0])
    if absent is not None:
        return TriedPatch(name=name, state="fails", problem="no file", file=absent[1])
    return TriedPatch(name=name, state="fails", problem="no patch" if _NO_PATCH.search(said[0]) else "hunk")


def _applies(content: bytes, folder: Path, strip: int, *more: str) -> bool:
    try:
        _apply(content, folder, strip, *more)
    except InputError:
        return False
    return True


def _said(content: bytes, folder: Path, strip: int) -> str:
    try:
        _apply(content, folder, strip, "--check")
    except GitError as error:
        return error.said
    except InputError as error:
        return error.message
    return ""


def _apply(content: bytes, folder: Path, strip: int, *more: str) -> None:
    """Apply a patch; git refuses paths that leave the folder. Raises InputError if it does not apply."""
    # The folder is not a repository; one above it must not be taken for it.
    own_git(
        *("apply", f"-p{strip}", "--whitespace=nowarn", "--ignore-whitespace", *more, "-"),
        about="a patch",
        folder=folder,
        stdin=content,
        timeout=_SECONDS,
        environment={"GIT_CEILING_DIRECTORIES": str(folder.parent)},
    )
