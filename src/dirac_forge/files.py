"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dirac_forge.errors import InputError

__all__ = ["replace_file", "write_file", "write_files"]


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` at `path`: a killed run leaves the old file or the new one. Raises OSError."""
    new = _beside(path, content)
    try:
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def write_file(path: Path, text: str) -> None:
    """One file; folders are made. Raises InputError where it can't be written."""
    write_files(path.parent, {path.name: text})


def write_files(
    folder: Path, texts: Mapping[str, str | None], *, hint: str = "Nothing was written. Make room there."
) -> None:
    """Several files below `folder`, by path relative to it; None removes one.

    All are under temporary names before the first is renamed, so that a full disk leaves everything as it was. Raises
    InputError with `hint` where one can't be written.
    """
    temporary: dict[Path, Path] = {}
    try:
        for name, text in texts.items():
            if text is not None:
                temporary[folder / name] = _beside(folder / name, text.encode("utf-8"))
        for path, new in temporary.items():
            new.replace(path)
        for name in (name for name, text in texts.items() if text is None):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        for new in temporary.values():
            new.unlink(missing_ok=True)
        raise InputError(
            f"{error.filename or folder} can't be written: {error.strerror or error}", hint=hint
        ) from error


def _beside(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}-")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        new.chmod(0o644)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    return new
