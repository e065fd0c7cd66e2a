"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from dirac_forge.errors import InputError

_MOST = 64 * 1024**2
"""Bytes of a file that somebody wrote."""
_TEMPORARY = re.compile(r"\..+-[0-9a-f]{12}")
_GIVEN = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""What a shell puts in the place of a file."""


def read_bytes(path: Path, *, most: int = _MOST) -> bytes:
    """Return what is in a file.

    Raises OSError, also for a file of more than `most` bytes, and for pipes and devices, which may have no end.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        kind = os.fstat(handle).st_mode
        if not stat.S_ISREG(kind):
            if stat.S_ISDIR(kind):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            if not str(path).startswith(_GIVEN):
                raise OSError(errno.EINVAL, "It is not a regular file", str(path))
            os.set_blocking(handle, True)
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"It has more than {most // 1024**2} MB", str(path))
    return data


def read_text(path: Path, *, most: int = _MOST) -> str:
    """Return the text of a file, with line feeds. Raises OSError as `read_bytes` does, and UnicodeDecodeError."""
    return read_bytes(path, most=most).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def unreadable(error: Exception) -> str:
    """Return why a file can't be read or parsed, without the number of the error and the path."""
    match error:
        case UnicodeDecodeError():
            line = error.object.count(b"\n", 0, error.start) + 1
            return f"line {line} is not UTF-8"
        case OSError(strerror=str(why)):
            return why
        case _:
            return str(error)


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` at `path`: a killed run leaves the old file or the new one. Raises OSError."""
    new = _beside(path, content)
    try:
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, that only their owner can look into. Raises OSError.

    The XDG base directory specification asks for this of folders that a program makes for its own files.
    """
    if folder.is_dir():
        return
    if folder != folder.parent:
        private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def write_file(path: Path, text: str) -> None:
    """Write one file, and the folders above it. Raises InputError if it can't be written."""
    write_files(path.parent, {path.name: text})


def write_differing(texts: Mapping[Path, str]) -> tuple[list[Path], list[Path]]:
    """Write the files that have another text, and return these and the unchanged ones. Raises InputError."""
    differing = [path for path, text in texts.items() if not _has(path, text)]
    for path in differing:
        write_file(path, texts[path])
    return differing, [path for path in texts if path not in differing]


def _has(path: Path, text: str) -> bool:
    try:
        return read_text(path) == text
    except (OSError, UnicodeDecodeError):
        return False


def write_files(
    folder: Path,
    texts: Mapping[str, str | None],
    *,
    within: Path | None = None,
    hint: str = "Nothing was written.",
) -> None:
    """Write several files below `folder`, by path relative to it; None removes one.

    All have temporary names before the first is renamed, so that a full disk leaves everything as it was. Links
    are not followed out of `within` (by default the folder that holds `folder`), nor out of `folder`. Raises InputError
    with `hint` if a file can't be written.
    """
    _check_links(folder, texts, within or folder.absolute().parent)
    contents = {folder / name: text for name, text in texts.items()}
    temporary: dict[Path, Path] = {}
    try:
        for path, text in contents.items():
            _require_no_folder(path)
            if text is not None:
                temporary[path] = _beside(path, text.encode("utf-8"))
        for path, new in temporary.items():
            new.replace(path)
        for path in contents.keys() - temporary.keys():
            path.unlink(missing_ok=True)
    except OSError as error:
        for new in temporary.values():
            new.unlink(missing_ok=True)
        raise InputError(_unwritten(error, folder, temporary), hint=hint) from error


def _require_no_folder(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))


def _unwritten(error: OSError, folder: Path, temporary: Mapping[Path, Path]) -> str:
    """Return what could not be written and why: the file or folder that was asked for, never a temporary name."""
    name = Path(str(error.filename or folder))
    wanted = next((path for path, new in temporary.items() if new == name), name)
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return f"{_file_in_the_way(wanted)} is a file, and a folder is needed there"
    if wanted.is_dir() and wanted != folder:
        return f"{wanted} can't be written: it is a folder"
    if _TEMPORARY.fullmatch(wanted.name):
        return f"the folder {wanted.parent} can't be written to: {error.strerror or error}"
    return f"{wanted} can't be written: {error.strerror or error}"


def _file_in_the_way(path: Path) -> Path:
    """Return the first part of a path that is not a folder."""
    return next((part for part in (*reversed(path.parents), path) if not part.is_dir()), path)


def _check_links(folder: Path, names: Iterable[str], within: Path) -> None:
    root = folder.resolve()
    for name in names:
        path = folder / name
        place = path.parent.resolve()
        if not place.is_relative_to(root) or not root.is_relative_to(within.resolve()):
            raise InputError(
                f"{path} is not written: a link leads to {place}, outside of {within}",
                hint="Name the folder itself instead of a link to it.",
            )


def _beside(path: Path, content: bytes) -> Path:
    """Write a new file next to `path`, with the mode of the file there, or as the user's umask has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name[:100]}-{secrets.token_hex(6)}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if path.is_file() and not path.is_symlink():
            new.chmod(stat.S_IMODE(path.stat().st_mode))
    except OSError:
        new.unlink(missing_ok=True)
        raise
    return new
