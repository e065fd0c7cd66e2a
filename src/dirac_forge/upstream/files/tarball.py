"""Regular files of a tar, one after the other."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator

from dirac_forge.bounded import LongHeaderError, NoTarError, Readable, TarEntry, tar_entries
from dirac_forge.upstream.files.archive import CORRUPT, ArchiveError, ArchiveMember, Names, corrupt


def tar_members(stream: Readable, names: Names) -> Iterator[ArchiveMember]:
    """Yield regular files of an unpacked tar; raises ArchiveError and what CORRUPT has."""
    try:
        for entry in tar_entries(stream, each=names.count):
            if entry.sparse:
                raise ArchiveError(f"{names.filename} holds sparse files, which no source archive needs: refused.")
            if not entry.info.isreg():
                _leave_out(entry.info, names)
            elif (name := names.regular(entry.name)) is not None:
                yield ArchiveMember(name=name, size=entry.size, read=_reader(entry, names.filename))
    except LongHeaderError as exc:
        raise ArchiveError(f"{names.filename} has {exc}: refused.") from exc
    except NoTarError as exc:
        raise corrupt(names.filename, tarfile.TarError("it is not a tar, gzip, bzip2, xz or zip")) from exc


def _leave_out(info: tarfile.TarInfo, names: Names) -> None:
    if info.issym() or info.islnk():
        names.link(info.name, info.linkname, hard=info.islnk())
    elif not info.isdir():
        names.tell("device", info.name)


def _reader(entry: TarEntry, filename: str) -> Callable[[int], bytes]:
    def read(count: int) -> bytes:
        try:
            return entry.read(count)
        except CORRUPT as exc:
            raise corrupt(filename, exc) from exc

    return read
