"""How many builds run at the same time."""

from __future__ import annotations

import os
from pathlib import Path

_MEMORY_PER_JOB = 4 * 1024**3
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def jobs_for(*, processors: int, memory: int | None, per_job: int | None = None) -> int:
    """Return as many as there are processors and memory for, at least one; unknown memory is memory for one.

    `per_job` is the limit of one build, in bytes; without it 4 GB are counted.
    """
    if memory is None:
        return 1
    return max(1, min(processors, memory // (per_job or _MEMORY_PER_JOB)))


def machine_jobs(per_job: int | None = None) -> int:
    """Return `jobs_for` this machine, or the part of it that this process may use."""
    return jobs_for(processors=_processors(), memory=_memory(), per_job=per_job)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def _memory() -> int | None:
    """Return the memory of the machine, or of the container that this runs in."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    try:
        return min(memory, int(_CGROUP.read_text(encoding="ascii")))
    except (OSError, ValueError):  # not Linux, or no limit: the file says "max"
        return memory
