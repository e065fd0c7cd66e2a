"""A folder of small immutable blobs, keyed by kind and content hash: what was read from a file is read once."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from dirac_forge.files import private_folder, replace_file

_DAY = 86_400.0


class Store:
    """Blobs under `folder/<kind>/<xx>/<key>`; a broken or unwritable folder costs time, never an answer."""

    def __init__(self, folder: Path | None) -> None:
        """Keep blobs in `folder`; None: nothing is kept."""
        self._folder = folder

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the blob, or None if there is none (or it can't be read)."""
        if self._folder is None:
            return None
        path = self._path(self._folder, kind, key)
        try:
            # A FIFO or a socket would be waited for.
            if not path.is_file():
                return None
            blob = path.read_bytes()
        except OSError:
            return None
        _note_use(path)
        return blob

    def put(self, kind: str, key: str, blob: bytes) -> None:
        """Keep the blob: written under a temporary name and renamed, so a killed run leaves nothing half done."""
        if self._folder is None:
            return
        # What is not kept costs time, never an answer.
        with contextlib.suppress(OSError):
            private_folder(self._folder)
            replace_file(self._path(self._folder, kind, key), blob)

    @staticmethod
    def _path(folder: Path, kind: str, key: str) -> Path:
        if not key.isalnum():
            raise ValueError(f"a key is a hash in hexadecimal, not {key!r}")
        return folder / kind / key[:2] / key


def _note_use(path: Path) -> None:
    """Keep the day of the last use as the file's time: what was not used for longest is pruned first."""
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > _DAY:
            os.utime(path)
