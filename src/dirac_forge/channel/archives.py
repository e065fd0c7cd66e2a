"""Packages (`.conda`, `.tar.bz2`) read within a budget: a package of some kilobytes can unpack to gigabytes.

py-rattler reads packages too, but takes no limit for the headers of their tars: a path of gigabytes is one.
"""

from __future__ import annotations

import bz2
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from dirac_forge.bounded import CarefulFile, Readable, Seekable, TarEntry, tar_entries

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DOWNLOAD_LIMIT = 64 * 1024**2
"""Bytes of a package; conda-forge-pinning has some hundred thousand."""
_UNPACKED_LIMIT = 256 * 1024**2
"""Bytes of all files of a package together; conda-forge-pinning has some million."""
_MOST_FILES = 100_000
_LONGEST_PATH = 1_000
_LONGEST_INFO = 8 * 1024**2
"""Bytes of a file below info/."""

_BROKEN = (
    tarfile.TarError,
    EOFError,
    ValueError,
    RuntimeError,
    zipfile.BadZipFile,
    zstd.ZstdError,
)


class LargePackageError(OSError):
    """A package has more or larger files than are unpacked."""


def unpack(package: Path, folder: Path) -> None:
    """Unpack the regular files of a package that is on this machine into `folder`; links and info/ are left out.

    The header of each file has its size: what is too large is not decompressed.

    Raises:
        OSError: the package can't be read, a path leads out of the folder, or (LargePackageError) it has too much.
    """
    size = 0
    with package.open("rb") as file:
        for entry in _entries(file, "pkg"):
            size += entry.size
            if size > _UNPACKED_LIMIT:
                raise _too_large()
            if entry.info.isreg() and PurePosixPath(entry.name).parts[:1] != ("info",):
                _write(entry, folder)


def read_info(package: Seekable, name: str, *, most: int = _LONGEST_INFO) -> bytes | None:
    """Return a file below info/ of a package, or None if it has none.

    Raises OSError if it can't be read, LargePackageError if it has more than `most` bytes.
    """
    for entry in _entries(package, "info"):
        if entry.name == f"info/{name}" and entry.info.isreg():
            if entry.size > most:
                raise LargePackageError(f"info/{name} has {entry.size} bytes")
            return entry.read(entry.size)
    return None


def _entries(package: Seekable, part: Literal["pkg", "info"]) -> Iterator[TarEntry]:
    """Yield what the tar in a package has; all of a `.tar.bz2` is one part. Raises OSError."""
    with _as_os_error():
        is_zip = zipfile.is_zipfile(CarefulFile(package))
        package.seek(0)
        stream = _part(package, part) if is_zip else bz2.BZ2File(package)  # type: ignore[call-overload]
        bounded = _Bounded(stream)
        yield from tar_entries(bounded, each=bounded.count)


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except _BROKEN as exc:
        raise OSError(f"it is not a package: {exc}") from exc


def _part(package: Seekable, part: str) -> Readable:
    """Return the tar inside a `.conda`. Raises what zipfile raises, and OSError."""
    archive = zipfile.ZipFile(CarefulFile(package))
    for info in archive.infolist():
        if re.fullmatch(rf"{part}-.*\.tar\.zst", info.filename) and info.compress_type == zipfile.ZIP_STORED:
            inner: IO[bytes] = archive.open(info)
            return zstd.ZstdFile(inner)
    raise OSError(f"it has no {part}-….tar.zst")


class _Bounded:
    """The bytes of a tar, up to the limit."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._left = _UNPACKED_LIMIT + _MOST_FILES * 1024
        self._files = 0

    def count(self) -> None:
        """Count one more header. Raises LargePackageError."""
        self._files += 1
        if self._files > _MOST_FILES:
            raise _too_large()

    def read(self, size: int, /) -> bytes:
        """Read bytes. Raises LargePackageError beyond the limit."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _too_large()
        return data


def _too_large() -> LargePackageError:
    return LargePackageError(
        f"it unpacks to more than {_UNPACKED_LIMIT // 1024**2} MB or {_MOST_FILES:,} files, and is not unpacked"
    )


def _write(entry: TarEntry, folder: Path) -> None:
    path = PurePosixPath(entry.name)
    if path.is_absolute() or ".." in path.parts or len(entry.name) > _LONGEST_PATH or re.search(r"[\\:]", entry.name):
        raise OSError(f"{entry.name[:100]!r} is not a path within the package")
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(entry.read(entry.size))
