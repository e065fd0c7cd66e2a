"""Places where children work: one child at a time, in a folder that nothing of an earlier one is in."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dirac_forge.values import dataclass

_GIVEN = "given"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """Two folders of one child."""

    work: Path
    """Empty, for this child alone: all that it may write in."""
    given: Path
    """Empty, for what the child may only read: outside of `work`, because a hard link in there could be written to."""

    @property
    def cache(self) -> Path:
        """Where the child unpacks packages: the next one unpacks them again, since a build could change them.

        Below `work`, since installed packages are hard links into it, which no mount may separate.
        """
        return self.work / "cache"


class Slots:
    """As many places as children run at the same time; safe to use from many threads."""

    def __init__(self, folder: Path, count: int, *, keep: bool = False) -> None:
        """Remove what a killed run left; `keep` leaves what children work on until the next run."""
        self._keep = keep
        for work in folder.glob("*/*"):
            remove(work)
        self._given = folder / _GIVEN
        self._free: queue.Queue[Path] = queue.LifoQueue()
        for number in reversed(range(count)):
            self._free.put(folder / str(number))

    @contextlib.contextmanager
    def taken(self, name: str) -> Iterator[Slot]:
        """Wait for a place and hold it; `name` is the name of the folder that the child works in."""
        area = self._free.get()
        work, given = area / name, self._given / f"{area.name}-{name}"
        try:
            for each in (work, given):
                remove(each)
                each.mkdir(parents=True)
            yield Slot(work=work, given=given)
        finally:
            if not self._keep:
                remove(work)
                remove(given)
            self._free.put(area)


def remove(path: Path) -> None:
    """Remove whatever a child left at a path, if that is possible: also a link, or folders that nobody may enter."""
    if path.is_symlink() or not path.is_dir():
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return
    with contextlib.suppress(RecursionError):  # of Python before 3.13, for folders in folders in folders
        shutil.rmtree(path, ignore_errors=True)
    if os.name == "posix" and path.is_dir():
        for program in (("chmod", "-R", "u+rwx"), ("rm", "-rf")):
            subprocess.run([*program, "--", str(path)], capture_output=True, check=False)
