"""Temporary folders that live as long as the value that reads them, and no longer than the process."""

from __future__ import annotations

import weakref
from pathlib import Path

_folders: set[str] = set()


def scratch_folder(owner: object) -> Path:
    """Return a new empty folder, which is removed with `owner`. Raises OSError."""
    import tempfile  # noqa: PLC0415  # the program starts sooner without

    folder = tempfile.mkdtemp(prefix="dirac-forge-")
    _folders.add(folder)
    weakref.finalize(owner, _remove, folder)
    return Path(folder)


def remove_scratch_folders() -> None:
    """Remove every folder that is left: a process that ends at once runs no finalizers."""
    for folder in tuple(_folders):
        _remove(folder)


def _remove(folder: str) -> None:
    import shutil  # noqa: PLC0415  # the program starts sooner without

    shutil.rmtree(folder, ignore_errors=True)
    _folders.discard(folder)
