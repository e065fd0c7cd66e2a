"""Pages of mapped files, given back to the system: they are on disk, and are read again when somebody looks at them.

Opening repodata goes once over the whole file, and the solver looks at few records of it: all of it would stay in this
process's memory.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_PAGE_OUT = 21
"""MADV_PAGEOUT of Linux 5.4. Unlike MADV_DONTNEED it never drops what is in no file: another thread may close the file
between the reading of the map and the advice, and something else be in its place."""


def release_pages(path: Path) -> None:
    """Give the memory of a file that is mapped to be read back to the system, if that is Linux."""
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):  # memory is saved, or it is not
        advise = ctypes.CDLL(None).madvise
        for start, length in _read_only(str(path.resolve())):
            advise(ctypes.c_void_p(start), ctypes.c_size_t(length), _PAGE_OUT)


def _read_only(path: str) -> Iterator[tuple[int, int]]:
    """Yield start and length of the parts of memory that a file is mapped to and that can't be written."""
    for line in _MAPS.read_text(encoding="utf-8", errors="replace").splitlines():
        span, mode, *_, name = line.split(None, 5) if line.count("/") else ("", "", "")
        if name == path and "w" not in mode:
            first, last = (int(each, 16) for each in span.split("-"))
            yield first, last - first
