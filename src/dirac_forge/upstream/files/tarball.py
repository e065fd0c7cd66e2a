"""Regular files of a tar, one after the other, with memory bounded whatever its headers claim."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import Protocol

from dirac_forge.untrusted import parse_whole_number
from dirac_forge.upstream.files.archive import CORRUPT, ArchiveError, ArchiveMember, Names, corrupt

__all__ = ["tar_members"]

_CHUNK = 256 * 1024
_HEADER_LIMIT = 1024 * 1024
"""Bytes of an extended header (long names, PAX records)."""

_BLOCK = 512


class _Stream(Protocol):
    """What is read from; a short answer is the end."""

    def read(self, size: int, /) -> bytes: ...


def tar_members(stream: _Stream, names: Names) -> Iterator[ArchiveMember]:
    """Yield regular files of an unpacked tar (ustar, GNU long names, PAX); sizes in headers are never trusted with
    memory.
    """
    for info, fields in _entries(stream, names):
        if info.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse") for key in fields):
            raise ArchiveError(f"{names.filename} holds sparse files, which no source archive needs: refused.")
        size = _pax_size(fields, info.size)
        body = _Body(names.filename, stream, size if info.isreg() or info.type not in tarfile.SUPPORTED_TYPES else 0)
        if not info.isreg():
            _leave_out(info, names)
        elif (name := names.regular(fields.get("path", info.name))) is not None:
            yield ArchiveMember(name=name, size=size, read=body.read)
        body.skip()
    # To the end, so that the packing's own checksum is compared; the limits still hold.
    while stream.read(_CHUNK):
        pass


def _leave_out(info: tarfile.TarInfo, names: Names) -> None:
    if info.issym() or info.islnk():
        names.link(info.name, info.linkname, hard=info.islnk())
    elif not info.isdir():
        names.tell("device", f"{names.filename}: {info.name[:80]!r} is a device or pipe: left out")


def _entries(stream: _Stream, names: Names) -> Iterator[tuple[tarfile.TarInfo, dict[str, str]]]:
    """Headers with the extended fields that precede them; whoever asks for the next has read the body away."""
    shared: dict[str, str] = {}
    own: dict[str, str] = {}
    first = True
    while any(block := stream.read(_BLOCK)):
        info = _info(block, first=first)
        first = False
        names.count()
        if info.type in _EXTENSIONS:
            records = _extension(info, _header(stream, info.size, names.filename))
            (shared if info.type == tarfile.XGLTYPE else own).update(records)
            continue
        yield info, shared | own
        own = {}
    if first:
        raise tarfile.TarError(_NO_TAR)


def _info(block: bytes, *, first: bool) -> tarfile.TarInfo:
    """Read a header; raises TarError or EOFError where it is broken."""
    if len(block) < _BLOCK:
        raise tarfile.TarError(_NO_TAR) if first else EOFError("it ends within a header")
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError as exc:
        raise tarfile.TarError(_NO_TAR if first else f"a header of its tar is broken ({exc})") from exc
    if info.size < 0:
        raise tarfile.TarError("a member has a negative size")
    return info


_NO_TAR = "it is no tar, gzip, bzip2, xz or zip"
_EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


def _header(stream: _Stream, size: int, filename: str) -> bytes:
    if size > _HEADER_LIMIT:
        raise ArchiveError(f"{filename} has a tar header of {size} bytes: refused.")
    body = _Body(filename, stream, size)
    data = body.read(size)
    body.skip()
    return data


def _extension(info: tarfile.TarInfo, data: bytes) -> dict[str, str]:
    """Return the fields of an extended header: GNU's long name, or PAX records `length key=value`."""
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", "replace")}
    if info.type == tarfile.GNUTYPE_LONGLINK:
        return {}
    fields = dict(_pax_records(data))
    return {key: value for key, value in fields.items() if key in ("path", "size") or key.startswith("GNU.sparse")}


def _pax_records(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield keys and values of PAX records; each record has a length that covers at least itself."""
    position = 0
    while position < len(data) and data[position] != 0:
        end = data.find(b" ", position, position + 8)
        length = parse_whole_number(data[position:end].decode("ascii", "replace")) if end > 0 else None
        if length is None or length <= end - position or position + length > len(data):
            raise tarfile.TarError("a PAX record has a wrong length")
        key, _, value = data[end + 1 : position + length - 1].partition(b"=")
        if len(key) < 40:
            yield key.decode("utf-8", "replace"), value.decode("utf-8", "replace")
        position += length


def _pax_size(fields: dict[str, str], size: int) -> int:
    told = parse_whole_number(fields.get("size"))
    return size if told is None else told


class _Body:
    """The bytes of a tar's member, and the padding behind them."""

    def __init__(self, filename: str, stream: _Stream, size: int) -> None:
        self._filename = filename
        self._stream = stream
        self._left = size
        self._padding = -size % _BLOCK

    def read(self, count: int) -> bytes:
        try:
            data = self._stream.read(min(count, self._left))
        except CORRUPT as exc:
            raise corrupt(self._filename, exc) from exc
        self._left -= len(data)
        return data

    def skip(self) -> None:
        left = self._left + self._padding
        while left:
            data = self._stream.read(min(left, _CHUNK))
            if not data:
                raise EOFError("it ends within a file")
            left -= len(data)
        self._left = self._padding = 0
