"""Questions to py-rattler, which takes no limit on what a server sends: they are watched, and given up in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_LOOK = 0.05
"""Seconds between two looks."""
_MEMORY_LIMIT = 500 * 1024**2
"""Bytes by which this process may grow during one question; conda-forge's largest platform needs some 100 MB."""
_FILE_LIMIT = 1024**3
"""Bytes of one file that a question puts into the cache; conda-forge's largest repodata.json has some 500 MB."""
_PATIENCE = 45.0
_PACE = 64 * 1024
"""Bytes a second that have to reach the cache on average for a download to go on after `_PATIENCE` seconds. Memory
does not count: a host that drips makes it grow too."""
_WORK = 0.1
"""Seconds of computing for each that is waited which count as progress too: repodata is decompressed and parsed."""
_COARSE = 2.0
"""Seconds by which the times of files may be behind: file systems keep them less exactly than clocks tell."""
_COUNT = 1.0
"""Seconds between two counts of what reached the cache."""


class ExcessError(TimeoutError):
    """A server sends more than a channel has."""


async def watched(question: Awaitable[T], *, seconds: float, cache: Path | None) -> T:
    """Return the answer to one question; `cache` is the folder that py-rattler downloads to.

    Raises:
        TimeoutError: no answer within `seconds`, or within `_PATIENCE` seconds where little reaches the cache.
        ExcessError: memory or disk fill up without an answer.
    """
    task = asyncio.ensure_future(question)
    memory, files, start, counts = _memory(), _files(cache), time.monotonic(), _PATIENCE
    worked, since = time.process_time(), time.time() - _COARSE
    try:
        while not (await asyncio.wait({task}, timeout=_LOOK))[0]:
            waited = time.monotonic() - start
            grown, written = _memory() - memory, _written(files, cache)
            if grown > _MEMORY_LIMIT or written > _FILE_LIMIT:
                raise ExcessError(f"more than {max(grown, written) // 1024**2:,} MB arrived without an end")
            late = waited > seconds
            if cache is not None and waited > counts and time.process_time() - worked < waited * _WORK:
                counts = waited + _COUNT
                late |= max(written, await asyncio.to_thread(_arrived, cache, since)) < waited * _PACE
            if late:
                raise TimeoutError(f"no answer within {waited:.0f} s")
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


def _memory() -> int:
    """Return the memory of this process without mapped files, in bytes; 0 if the system does not tell."""
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * 4096


def _files(cache: Path | None) -> Mapping[str, int]:
    """Return the sizes of the files that py-rattler is writing, by name."""
    sizes = {}
    for path in cache.glob(".tmp*") if cache is not None else ():
        with suppress(OSError):
            sizes[path.name] = path.stat().st_size
    return sizes


def _written(before: Mapping[str, int], cache: Path | None) -> int:
    """Return by how much the file that grew most did."""
    return max((size - before.get(name, 0) for name, size in _files(cache).items()), default=0)


def _arrived(cache: Path, since: float) -> int:
    """Return the bytes of the files below the cache that were written since a moment (seconds since 1970)."""
    total = 0
    for path in cache.rglob("*"):
        with suppress(OSError):
            found = path.lstat()
            total += found.st_size if found.st_mtime >= since else 0
    return total
