"""Places where children work: each has its own package cache, and one child at a time."""

from __future__ import annotations

import contextlib
import queue
import shutil
from collections.abc import Iterator
from pathlib import Path

from dirac_forge.values import dataclass

_CACHE = "cache"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A folder that a child may write in, and where in it.

    Cache and work are below one folder, since packages are hard links into the cache, which no mount may separate.
    """

    area: Path
    cache: Path
    work: Path
    """Empty, for this child alone."""


class Slots:
    """As many places as children run at the same time; safe to use from many threads."""

    def __init__(self, folder: Path, count: int, *, keep: bool = False) -> None:
        """Remove what a killed run left; `keep` leaves what children work on until the next run."""
        self._keep = keep
        for work in folder.glob("*/*"):
            if work.name != _CACHE:
                shutil.rmtree(work, ignore_errors=True)
        self._free: queue.Queue[Path] = queue.LifoQueue()
        for number in reversed(range(count)):
            self._free.put(folder / str(number))

    @contextlib.contextmanager
    def taken(self, name: str) -> Iterator[Slot]:
        """Wait for a place and hold it; `name` is the name of the folder that the child works in."""
        area = self._free.get()
        work = area / name
        try:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            yield Slot(area=area, cache=area / _CACHE, work=work)
        finally:
            if not self._keep:
                shutil.rmtree(work, ignore_errors=True)
            self._free.put(area)
