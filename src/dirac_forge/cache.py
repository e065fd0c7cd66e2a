"""What the cache folder holds, and its pruning: least recently used first, safe while other processes use it."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from dirac_forge.scratch import scratch_folder
from dirac_forge.values import dataclass

_STORED = re.compile(r"[0-9a-z]{2}")
_KEY = re.compile(r"[0-9a-z]{16,}|\.[0-9a-z]{16,}-[0-9a-f]{12}")
"""A file that is kept, or what a killed run left of one: see `files.replace_file`."""
_FOLDERS = re.compile(r"repodata|packages|clones|clones-anonymous|workspace|embedded-[0-9a-f]+")
"""What is kept as files or folders under names of its own."""
_IN_USE = 3600.0
"""Seconds after its last use in which an entry stays: a process may be about to read it."""
_MARK = ".pruned"
_DAY = 86_400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheEntry:
    """A file or folder that can be fetched or made again."""

    path: Path
    kind: str
    size: int
    """Bytes."""
    used: float
    """When it was last used, in seconds since 1970."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruned:
    """What pruning did."""

    entries: int
    """Entries that were removed."""
    freed: int
    """Bytes that they had."""
    left: int
    """Bytes in the cache now."""


def entries(folder: Path) -> Iterator[CacheEntry]:
    """Yield what the cache holds; other things in the same folder are nobody's business."""
    for kind in _children(folder):
        name = kind.name
        if _FOLDERS.fullmatch(name):
            places = [kind] if name.startswith("embedded-") else _children(kind)
            yield from (_entry(place, name) for place in places if not place.is_symlink())
        elif not kind.is_symlink():
            yield from (_entry(place, name) for part in _children(kind) for place in _stored(part))


def _stored(part: Path) -> Iterator[Path]:
    """Yield what a store has in the folder for a beginning of keys."""
    if _STORED.fullmatch(part.name):
        for place in _children(part):
            if _KEY.fullmatch(place.name) and place.name.lstrip(".").startswith(part.name):
                yield place


def sizes(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Return number and bytes of the entries, by kind."""
    found: dict[str, tuple[int, int]] = {}
    for entry in entries(folder):
        count, size = found.get(entry.kind, (0, 0))
        found[entry.kind] = count + 1, size + entry.size
    return dict(sorted(found.items()))


def prune(folder: Path, most: int, *, now: float | None = None, unused: float = _IN_USE) -> Pruned:
    """Remove entries, least recently used first, until at most `most` bytes are left.

    What was used within the last `unused` seconds stays. Several processes may do this at the same time.
    """
    moment = time.time() if now is None else now
    known = sorted(entries(folder), key=lambda entry: entry.used)
    left = sum(entry.size for entry in known)
    removed = freed = 0
    for entry in known:
        if left <= most or entry.used > moment - unused:
            break
        if _remove(entry.path):
            removed, freed = removed + 1, freed + entry.size
        left -= entry.size
    return Pruned(entries=removed, freed=freed, left=left)


def why_unusable(folder: Path) -> str:
    """Return why no file can be made in a cache folder, or in the one that it would be made in; "" if one can."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def usable(folder: Path) -> tuple[Path, str]:
    """Return a cache folder and "", or in place of one that can't be used a temporary folder, and why.

    The temporary folder is the same for the whole process, and removed at its end.
    """
    why = why_unusable(folder)
    return (_temporary(folder), why) if why else (folder, "")


@cache
def _temporary(_instead_of: Path) -> Path:
    return scratch_folder(_temporary)


def prune_daily(folder: Path, most: int) -> None:
    """Prune, once a day, to four fifths of `most` if there is more."""
    mark = folder / _MARK
    try:
        if time.time() - mark.stat().st_mtime < _DAY:
            return
    except FileNotFoundError:
        if not folder.is_dir():
            return
    except OSError:
        return
    with contextlib.suppress(OSError):
        mark.touch()
        if sum(entry.size for entry in entries(folder)) > most:
            prune(folder, most * 4 // 5)


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # no folder, or another process removed it
        return []


def _entry(place: Path, kind: str) -> CacheEntry:
    try:
        found = place.lstat()
    except OSError:
        return CacheEntry(path=place, kind=kind, size=0, used=0.0)
    if stat.S_ISDIR(found.st_mode):  # to look into a folder counts as an access to it
        size = sum(_size(Path(root, name)) for root, _, names in os.walk(place) for name in names)
        return CacheEntry(path=place, kind=kind, size=size, used=found.st_mtime)
    return CacheEntry(path=place, kind=kind, size=found.st_size, used=max(found.st_mtime, found.st_atime))


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return 0


def _remove(place: Path) -> bool:
    """Remove a file or folder; a folder gets another name first, so that nobody finds half of it."""
    try:
        if place.is_symlink() or not place.is_dir():
            place.unlink()
        else:
            old = place.with_name(f".old-{secrets.token_hex(6)}")
            place.rename(old)
            shutil.rmtree(old, ignore_errors=True)
    except OSError:  # another process was faster, or it is another user's
        return False
    return True
