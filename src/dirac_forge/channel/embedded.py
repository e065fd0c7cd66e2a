"""The embedded snapshot: the dated part of conda-forge that comes with dirac-forge, for when no channel answers."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

from dirac_forge.channel.folder import Folder
from dirac_forge.channel.gap import Gap
from dirac_forge.channel.sealed import put, whole
from dirac_forge.channel.snapshot_file import ABOUT
from dirac_forge.errors import InputError, UnknownError
from dirac_forge.files import private_folder
from dirac_forge.progress import Observer

NAME = "embedded"
"""What a user calls it: `--channel embedded`."""
CONDA_FORGE = "https://conda.anaconda.org/conda-forge/"
"""The channel that it is a part of."""
_ARCHIVE = "embedded.tar.xz"


class EmbeddedFolder(Folder):
    """A channel folder that holds a part of conda-forge as it was on a day: what it lacks may still be there."""

    def __init__(self, folder: Path, *, observer: Observer) -> None:
        """Read the snapshot's day; see `Folder`. Raises UnknownError if the folder is not as it was unpacked."""
        try:
            super().__init__(folder, observer=observer)
        except InputError as error:
            raise _damaged(folder, error.message) from error
        if self.snapshot.day is None:
            raise _damaged(folder, f"{ABOUT} does not say its day")
        self.as_of = self.snapshot.day

    @property
    def part_of(self) -> Gap:
        """A part of conda-forge."""
        return Gap(day=self.as_of, channel=CONDA_FORGE)

    def gap(self, platform: str, name: str) -> Gap:  # noqa: ARG002 — it answers for conda-forge of today
        """Return the gap, whatever the channel lacked on its day."""
        return self.part_of

    @property
    def stands_for(self) -> str:
        """Return conda-forge's URL."""
        return CONDA_FORGE

    @property
    def label(self) -> str:
        """conda-forge, with the day."""
        return f"conda-forge (as of {self.as_of})"


def _damaged(folder: Path, problem: str) -> UnknownError:
    return UnknownError(
        f"the embedded snapshot is damaged: {problem}", hint=f"Remove {folder}: it is unpacked again at the next use."
    )


def embedded_place(cache_dir: Path) -> Path:
    """Return where the embedded snapshot is unpacked."""
    return cache_dir / f"embedded-{hashlib.sha256(_packed()).hexdigest()[:16]}"


def embedded_folder(cache_dir: Path) -> Path:
    """Return the folder with the embedded snapshot, unpacked below `cache_dir` at its first use, or if it is damaged.

    Raises:
        OSError: the folder can't be written.
    """
    folder = embedded_place(cache_dir)
    if whole(folder):
        return folder
    private_folder(cache_dir)
    fresh = Path(tempfile.mkdtemp(dir=cache_dir, prefix=".new-"))
    try:
        with (
            files(__package__).joinpath(_ARCHIVE).open("rb") as stream,
            tarfile.open(fileobj=stream, mode="r:xz") as tar,
        ):
            tar.extractall(fresh, filter="data")
        put(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def is_embedded(folder: Path, cache_dir: Path) -> bool:
    """Whether a folder is an embedded snapshot, unpacked below `cache_dir`: locks of earlier days may name it."""
    return folder.absolute().parent == cache_dir.absolute() and folder.name.startswith("embedded-")


def embedded_names(cache_dir: Path, *, observer: Observer) -> frozenset[str]:
    """Return the names of all packages that the snapshot has for linux-64; none if it can't be unpacked or read."""
    with suppress(OSError, UnknownError):
        folder = EmbeddedFolder(embedded_folder(cache_dir), observer=observer)
        return frozenset(name for each in folder.sparse("linux-64") for name in each.package_names())
    return frozenset()


@cache
def _packed() -> bytes:
    return files(__package__).joinpath(_ARCHIVE).read_bytes()
