"""Files that a child leaves for this process: a hostile one may leave links out, pipes, or a terabyte of zeros."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CHUNK = 1 << 20


@contextmanager
def handed_over(path: Path, *, area: Path) -> Iterator[IO[bytes]]:
    """Open a regular file at a path below `area`, which a child could write in; no link is followed on the way.

    Raises OSError, also for anything but a regular file.
    """
    with ExitStack() as stack:
        handle = _opened(path.relative_to(area).parts, area, stack)
        file = stack.enter_context(os.fdopen(handle, "rb"))
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "It is not a regular file", str(path))
        yield file


def _opened(parts: tuple[str, ...], area: Path, stack: ExitStack) -> int:
    if os.open not in os.supports_dir_fd:  # Windows, where nothing is isolated
        whole = area.joinpath(*parts)
        if whole.resolve() != area.resolve().joinpath(*parts):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(whole))
        return os.open(whole, _FLAGS)
    handle = os.open(area, os.O_RDONLY | os.O_DIRECTORY)
    for part in parts[:-1]:
        stack.callback(os.close, handle)
        handle = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
    stack.callback(os.close, handle)
    return os.open(parts[-1], _FLAGS, dir_fd=handle)


def last_bytes(path: Path, *, area: Path, most: int) -> bytes:
    """Return the end of a file that a child left; nothing if it left none that can be read."""
    try:
        with handed_over(path, area=area) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most)
    except OSError:
        return b""


def whole(path: Path, *, area: Path, most: int) -> bytes:
    """Return what is in a file that a child left. Raises OSError, also for more than `most` bytes."""
    with handed_over(path, area=area) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"It has more than {most // 1024**2} MB", str(path))
    return data


def copied_out(path: Path, place: Path, *, area: Path) -> None:
    """Copy a file that a child left to a new file at `place`. Raises OSError.

    It is not moved: the child may have kept a second name of it, by which the next one in the area could change it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    with handed_over(path, area=area) as file, place.open("xb") as copy:
        shutil.copyfileobj(file, copy, _CHUNK)
