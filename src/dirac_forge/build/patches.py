"""Patches tried on a source: whether each still applies, with how much fuzz, or is in upstream's text already."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from dirac_forge.errors import ForgeError, InputError
from dirac_forge.git import own_git
from dirac_forge.upstream.files.archive import ArchiveLimits, checked_name
from dirac_forge.upstream.files.unpack import members

__all__ = ["PatchState", "TriedPatch", "try_patches"]

PatchState = Literal["applies", "fuzzy", "merged", "fails"]
_TOUCHED = re.compile(r"^(?:---|\+\+\+) (?!/dev/null)([^\t\n]+)|^(?:rename|copy) from (.+)$", re.MULTILINE)
_LARGEST = 20_000_000
_CONTEXT = 3
"""Lines around a change that `diff` writes; each that differs is one more fuzz."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TriedPatch:
    """A patch, and what became of it."""

    name: str
    state: PatchState
    fuzz: int = 0
    """Lines of context, at both ends of a change, that were left out of account."""
    reason: str = ""
    """Which file and line, where it fails."""


def try_patches(source: IO[bytes], filename: str, patches: Mapping[str, bytes], *, size: int) -> tuple[TriedPatch, ...]:
    """Apply the patches one after the other to the text of a source archive; nothing of it is run.

    Args:
        source: the archive; seekable.
        filename: its name, which tells its kind.
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
    """The files that a patch is about, with the parts before them that it may have."""
    found = set()
    for match in _TOUCHED.finditer(content.decode("utf-8", errors="replace")):
        path = checked_name((match[1] or match[2]).strip().strip('"'))
        parts = path.split("/") if path else []
        found |= {"/".join(parts[strip:]) for strip in range(min(len(parts), 3))}
    return found


def _unpack(source: IO[bytes], filename: str, wanted: set[str], folder: Path, size: int) -> None:
    """Write the files that patches are about below `folder`, without the archive's first folder."""
    problems: list[str] = []
    for member in members(source, filename=filename, size=size, limits=ArchiveLimits(), problems=problems):
        path = member.name.partition("/")[2] or member.name
        if path in wanted and member.size <= _LARGEST:
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(member.read(_LARGEST))


def _tried(name: str, content: bytes, folder: Path) -> TriedPatch:
    for strip in (1, 0, 2):
        if _applies(content, folder, strip):
            return TriedPatch(name=name, state="applies")
    for strip in (1, 0, 2):
        if _applies(content, folder, strip, "--reverse", "--check"):
            return TriedPatch(name=name, state="merged")
    for fuzz in range(1, _CONTEXT):
        for strip in (1, 0, 2):
            if _applies(content, folder, strip, f"-C{_CONTEXT - fuzz}"):
                return TriedPatch(name=name, state="fuzzy", fuzz=fuzz)
    return TriedPatch(name=name, state="fails", reason=_why(content, folder))


def _applies(content: bytes, folder: Path, strip: int, *more: str) -> bool:
    try:
        _apply(content, folder, strip, *more)
    except InputError:
        return False
    return True


def _why(content: bytes, folder: Path) -> str:
    try:
        _apply(content, folder, 1, "--check")
    except ForgeError as error:
        return error.message
    return ""


def _apply(content: bytes, folder: Path, strip: int, *more: str) -> None:
    """Raises GitError where the patch does not apply; git refuses paths that leave the folder."""
    # The folder is no repository; one above it must not be taken for it.
    own_git(
        *("apply", f"-p{strip}", "--whitespace=nowarn", "--ignore-whitespace", *more, "-"),
        about="a patch",
        folder=folder,
        stdin=content,
        environment={"GIT_CEILING_DIRECTORIES": str(folder.parent)},
    )


def failed(tried: Sequence[TriedPatch]) -> tuple[TriedPatch, ...]:
    """Return those that do not apply."""
    return tuple(one for one in tried if one.state == "fails")
