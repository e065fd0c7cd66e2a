"""Zip files, wheels among them, read without trusting what they claim."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator
from typing import IO

from dirac_forge.bounded import CarefulFile, Seekable
from dirac_forge.upstream.files.archive import CORRUPT, ArchiveError, ArchiveMember, Names, corrupt


def open_zip(file: Seekable, filename: str) -> zipfile.ZipFile:
    """Return `file` as a zip; raises ArchiveError if it is none."""
    try:
        return zipfile.ZipFile(CarefulFile(file))
    except CORRUPT as exc:
        raise corrupt(filename, exc) from exc


def read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, filename: str, *, limit: int) -> bytes:
    """Return the first `limit` bytes of a member; raises ArchiveError if it is encrypted, oddly packed or broken."""
    if info.flag_bits & 0x1:
        raise ArchiveError(f"{filename}: {info.filename[:80]!r} is encrypted.")
    # bzip2 and LZMA are not bounded by zipfile: a few kilobytes may unpack to gigabytes in one go.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(
            f"{filename}: {info.filename[:80]!r} uses an unsupported compression (expected stored or deflated)."
        )
    try:
        with archive.open(info) as file:
            return file.read(limit)
    except CORRUPT as exc:
        raise corrupt(filename, exc) from exc


def zip_members(file: IO[bytes], names: Names, size: int) -> Iterator[ArchiveMember]:
    """Yield regular files of a zip of `size` bytes, in the order of its directory. Raises ArchiveError."""
    archive = open_zip(file, names.filename)
    limit = names.limits.bytes_for(size)
    if sum(info.file_size for info in archive.infolist()) > limit:
        raise names.refuse_bomb(limit)
    for info in archive.infolist():
        names.count()
        if info.is_dir():
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            names.link(info.filename, "", hard=False)
        elif (name := names.regular(info.filename)) is not None:
            yield ArchiveMember(name=name, size=info.file_size, read=_reader(archive, info, names.filename))


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, filename: str) -> Callable[[int], bytes]:
    return lambda count: read_zip(archive, info, filename, limit=count)
