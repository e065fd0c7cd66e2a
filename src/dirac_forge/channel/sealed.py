"""Folders that are unpacked once into the cache, and are used as long as they are as they were unpacked."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from dirac_forge.files import read_bytes, read_text

_SEAL = ".sha256"
"""The file in such a folder with the hash and the path of every other file."""


def whole(folder: Path) -> bool:
    """Whether a folder is there and has the files that it was sealed with, and no others; then it is marked as used."""
    try:
        if read_text(folder / _SEAL) != _listing(folder):
            return False
    except (OSError, UnicodeDecodeError):
        return False
    with suppress(OSError):
        os.utime(folder)  # it is in use: see dirac_forge.cache
    return True


def put(fresh: Path, folder: Path) -> None:
    """Seal a folder that was just unpacked, and move it to its place; a damaged one that is there makes room.

    `fresh` lies next to `folder`, so that what was interrupted is never taken for whole. Raises OSError.
    """
    (fresh / _SEAL).write_text(_listing(fresh), encoding="utf-8")
    try:
        fresh.replace(folder)
    except OSError:
        if whole(folder):  # another process was quicker
            return
        _remove(folder)
        fresh.replace(folder)


def _listing(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _SEAL)
    return "".join(
        f"{hashlib.sha256(read_bytes(path)).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    )


def _remove(folder: Path) -> None:
    """Remove a folder at once for all others, which may have its files open."""
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        with suppress(FileNotFoundError):
            folder.replace(aside / "old")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
