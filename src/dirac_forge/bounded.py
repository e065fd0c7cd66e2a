"""Tars and zips from outside, read with memory bounded whatever their headers claim."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from dirac_forge.untrusted import parse_whole_number
from dirac_forge.values import dataclass

CHUNK = 256 * 1024
_HEADER_LIMIT = 1024 * 1024
"""Bytes of an extended header (long names, PAX records)."""
_DIRECTORY_LIMIT = 8 * 1024**2
"""Bytes of a zip's central directory; the wheel with most members on PyPI (ansible) has 5 MB."""
_BLOCK = 512
_EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_USUAL = frozenset(
    (
        *(tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE),
        *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    )
)
_LINKS = frozenset((tarfile.SYMTYPE, tarfile.LNKTYPE))
_ADLER = 65521
"""What the halves of Adler-32 are taken modulo (RFC 1950)."""


class Readable(Protocol):
    """What is read from; a short answer is the end."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""
        ...


class Seekable(Readable, Protocol):
    """What zipfile needs of a file."""

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Set where the next read starts."""
        ...

    def tell(self) -> int:
        """Return where the next read starts."""
        ...


class NoTarError(tarfile.TarError):
    """The first block is not a header of a tar."""


class LongHeaderError(tarfile.TarError):
    """An extended header is longer than any name is."""


class CarefulFile:
    """A file that zipfile reads: the size of the directory that it names is checked before it is read."""

    def __init__(self, file: Seekable) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int = -1) -> bytes:
        """Read; raises BadZipFile for more than a directory can have."""
        if count > _DIRECTORY_LIMIT:
            raise zipfile.BadZipFile(f"its directory has {count} bytes (at most {_DIRECTORY_LIMIT} are read)")
        return self._file.read(_DIRECTORY_LIMIT if count < 0 else count)

    @staticmethod
    def seekable() -> bool:
        """Return True, which zipfile asks for."""
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class TarEntry:
    """A member of a tar; `read(n)` gives its next n bytes, while the walk stands at it."""

    name: str
    size: int
    """What the header claims."""
    sparse: bool
    info: tarfile.TarInfo
    read: Callable[[int], bytes]


def tar_entries(stream: Readable, *, each: Callable[[], object]) -> Iterator[TarEntry]:
    """Yield the members of an unpacked tar (ustar, GNU long names, PAX); sizes are never trusted with memory.

    `each` is called for every header. The stream is read to its end, so that the packing's own checksum is compared.
    Raises TarError (NoTarError, LongHeaderError) and EOFError.
    """
    for info, fields in _headers(stream, each):
        told = parse_whole_number(fields.get("size"))
        size = info.size if told is None else told
        body = _Body(stream, size if info.isreg() or info.type not in tarfile.SUPPORTED_TYPES else 0)
        yield TarEntry(
            name=fields.get("path", info.name),
            size=size,
            sparse=info.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse") for key in fields),
            info=info,
            read=body.read,
        )
        body.skip()
    while stream.read(CHUNK):
        pass


def _headers(stream: Readable, each: Callable[[], object]) -> Iterator[tuple[tarfile.TarInfo, dict[str, str]]]:
    """Yield headers with the extended fields that precede them; asking for the next one reads past the body."""
    shared: dict[str, str] = {}
    own: dict[str, str] = {}
    first = True
    while any(block := stream.read(_BLOCK)):
        info = _info(block, first=first)
        first = False
        each()
        if info.type in _EXTENSIONS:
            (shared if info.type == tarfile.XGLTYPE else own).update(_extension(info, _header(stream, info.size)))
            continue
        yield info, shared | own
        own = {}
    if first:
        raise NoTarError("it is not a tar")


def _info(block: bytes, *, first: bool) -> tarfile.TarInfo:
    if len(block) < _BLOCK:
        raise NoTarError("it is not a tar") if first else EOFError("it ends within a header")
    if (usual := _usual_info(block)) is not None:
        return usual
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError as exc:
        raise (NoTarError if first else tarfile.TarError)(f"a header of its tar is broken ({exc})") from exc
    if info.size < 0:
        raise tarfile.TarError("a member has a negative size")
    return info


def _usual_info(block: bytes) -> tarfile.TarInfo | None:
    """Return what `TarInfo.frombuf` makes of most headers, without owners and times; None for any other header.

    An archive of a thousand files has two thousand headers, and `frombuf` takes twenty times as long.
    """
    kind, field = block[156:157], block[148:156]
    if kind not in _USUAL:
        return None
    try:
        size, told = int(block[124:136].rstrip(b" \0"), 8), int(field.rstrip(b" \0"), 8)
    except ValueError:
        return None
    # All bytes are added, those of the sum itself as blanks. Adler-32 does that at once: its lower half is one more.
    added = (zlib.adler32(block) & 0xFFFF) - 1 - sum(field) + 8 * ord(" ")
    if size < 0 or not 0 <= told < _ADLER or (told - added) % _ADLER:
        return None
    info = tarfile.TarInfo(_text(block[:100]))
    info.type, info.size = kind, size
    if kind in _LINKS:
        info.linkname = _text(block[157:257])
    elif kind == tarfile.DIRTYPE:
        info.name = info.name.rstrip("/")
    if block[345] and kind not in tarfile.GNU_TYPES:
        info.name = f"{_text(block[345:500])}/{info.name}"
    return info


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _header(stream: Readable, size: int) -> bytes:
    if size > _HEADER_LIMIT:
        raise LongHeaderError(f"a tar header of {size} bytes")
    body = _Body(stream, size)
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


class _Body:
    """The bytes of a tar's member, and the padding behind them."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream = stream
        self._left = size
        self._padding = -size % _BLOCK

    def read(self, count: int) -> bytes:
        data = self._stream.read(min(count, self._left))
        self._left -= len(data)
        return data

    def skip(self) -> None:
        left = self._left + self._padding
        while left:
            data = self._stream.read(min(left, CHUNK))
            if not data:
                raise EOFError("it ends within a file")
            left -= len(data)
        self._left = self._padding = 0
