"""Packages (`.conda`, `.tar.bz2`) unpacked within a budget: a package of some kilobytes can unpack to gigabytes."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from rattler.package_streaming import ArchiveEntry, PackageArchive

__all__ = ["DOWNLOAD_LIMIT", "LargePackageError", "unpack"]

DOWNLOAD_LIMIT = 64 * 1024**2
"""Bytes of a package; conda-forge-pinning has some hundred thousand."""
_UNPACKED_LIMIT = 256 * 1024**2
"""Bytes of all files of a package together; conda-forge-pinning has some million."""
_MOST_FILES = 100_000
_LONGEST_PATH = 1_000


class LargePackageError(OSError):
    """A package has more or larger files than are unpacked."""


async def unpack(package: Path, folder: Path) -> None:
    """Unpack the regular files of a package that is on this machine into `folder`; links are left out.

    The header of each file has its size: what is too large is not decompressed.
    The headers themselves (a path of gigabytes) are read by py-rattler, which has no limit for them.

    Raises:
        OSError: the package can't be read, a path leads out of the folder, or (LargePackageError) it has too much.
    """
    archive = await PackageArchive.from_path(package)
    size = count = 0
    async for entry in archive.stream("pkg"):
        size += entry.size
        count += 1
        if size > _UNPACKED_LIMIT or count > _MOST_FILES:
            raise LargePackageError(
                f"it unpacks to more than {_UNPACKED_LIMIT // 1024**2} MB or {_MOST_FILES:,} files, and is not unpacked"
            )
        if entry.is_file:
            await _write(entry, folder)


async def _write(entry: ArchiveEntry, folder: Path) -> None:
    path = PurePosixPath(entry.name)
    if path.is_absolute() or ".." in path.parts or len(entry.name) > _LONGEST_PATH or re.search(r"[\\:]", entry.name):
        raise OSError(f"{entry.name[:100]!r} is no path within the package")
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(await entry.read())
