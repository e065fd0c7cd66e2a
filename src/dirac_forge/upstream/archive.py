"""Source archives, read as one stream of regular files: bounded in time, memory and size, nothing written, no link followed."""

from __future__ import annotations

import bz2
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from dirac_forge.errors import InputError

__all__ = ["ArchiveError", "Limits", "Member", "Names", "checked_name", "members", "open_zip", "read_zip"]

_CHUNK = 256 * 1024
_HEADER_LIMIT = 1024 * 1024
"""Bytes of a tar's extended header (long names, PAX records)."""


class ArchiveError(InputError):
    """An archive is corrupt, or made to hurt whoever unpacks it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What an archive may cost; beyond it, it is refused."""

    unpacked: int = 2 * 1024**3
    """Bytes in all."""
    members: int = 200_000
    ratio: int = 200
    """Unpacked to packed, counted beyond the first 64 MB (a small file of zeros packs well)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A regular file; `read(n)` gives its first n bytes, while the walk stands at it."""

    name: str
    size: int
    read: Callable[[int], bytes]


def checked_name(name: str) -> str | None:
    """The path below the archive's root, `./` removed; None for one that leaves it, or that no file system takes."""
    if "\\" in name or ":" in name.partition("/")[0] or any(ord(char) < 32 or ord(char) == 127 for char in name):
        return None
    if name.startswith("/"):
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return "/".join(parts) if parts and ".." not in parts else None


def members(file: IO[bytes], *, filename: str, size: int, limits: Limits, problems: list[str]) -> Iterator[Member]:
    """The regular files of a .zip or (packed) .tar in their order; names are relative and stay inside.

    What is left out (links, devices, paths that escape) is told in `problems`; raises ArchiveError for what is corrupt,
    or beyond `limits`.
    """
    head = file.read(6)
    file.seek(0)
    try:
        if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            yield from _zip_members(file, Names(filename, limits, problems), size)
        else:
            stream = io.BufferedReader(_Unpacked(file, head, filename, size, limits), _CHUNK)
            yield from _tar_members(stream, Names(filename, limits, problems))
    except _CORRUPT as exc:
        raise ArchiveError(f"{filename} is corrupt: {exc or type(exc).__name__}.", hint=_AGAIN) from exc


_CORRUPT = (
    tarfile.TarError, tarfile.HeaderError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What the libraries raise on broken input (RuntimeError: an encrypted zip; NotImplementedError: an unknown packing)."""

_AGAIN = "Download it by hand and compare its SHA-256 with the index's; a broken upload is upstream's to repair."


class Names:
    """Checks names and numbers of members."""

    def __init__(self, filename: str, limits: Limits, problems: list[str]) -> None:
        self.filename = filename
        self.limits = limits
        self._problems = problems
        self._count = 0
        self._seen: set[str] = set()
        self._told: set[str] = set()

    def count(self) -> None:
        self._count += 1
        if self._count > self.limits.members:
            raise ArchiveError(f"{self.filename} holds more than {self.limits.members} members: refused.")

    def regular(self, name: str) -> str | None:
        """The name, where it may be used; a second file of the same name is left out."""
        checked = checked_name(name)
        if checked is None:
            self.tell("path", f"{self.filename}: {name[:80]!r} leads out of the archive: left out")
        elif checked in self._seen:
            self.tell("twice", f"{self.filename}: {checked[:80]!r} is there twice: the first counts")
            return None
        else:
            self._seen.add(checked)
        return checked

    def tell(self, kind: str, problem: str) -> None:
        """One problem of a kind is enough."""
        if kind not in self._told:
            self._told.add(kind)
            self._problems.append(problem)


class _Unpacker(Protocol):
    """What bz2 and lzma call a decompressor: keeps its input until asked for more output."""

    eof: bool
    needs_input: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Gzip:
    """zlib's decompressor in the shape of the other two."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        out = self._stream.decompress(self._stream.unconsumed_tail + data, max(max_length, 0))
        # Without unread input there may still be output in the window: a full answer means "ask again".
        self.needs_input = not self._stream.unconsumed_tail and len(out) < max_length
        return out


_XZ_MEMORY = 128 * 1024**2
"""Bytes that an xz stream may ask for; `xz -9` needs 65 MB."""

_FORMATS: tuple[tuple[bytes, Callable[[], _Unpacker]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)),
)


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a gzip, bzip2, xz or plain file, counted against the limits."""

    def __init__(self, file: IO[bytes], head: bytes, filename: str, size: int, limits: Limits) -> None:
        self._file = file
        self._filename = filename
        self._limit = min(limits.unpacked, max(size * limits.ratio, _FREE))
        self._given = 0
        if head.startswith(b"\x1f\x9d"):
            raise ArchiveError(f"{filename} is packed with compress (.Z), which can't be read here.")
        self._magic, self._new = next(((magic, new) for magic, new in _FORMATS if head.startswith(magic)), (b"", None))
        self._now = self._new() if self._new else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._more(len(buffer))
        self._given += len(data)
        if self._given > self._limit:
            limit = f"{self._limit // 1024**2} MB"
            raise ArchiveError(f"{self._filename} unpacks to more than {limit}: refused as a possible archive bomb.")
        buffer[: len(data)] = data
        return len(data)

    def _more(self, wanted: int) -> bytes:
        if self._now is None or self._new is None:
            return self._file.read(wanted)
        rest = b""
        while True:
            if self._now.eof:
                # The formats allow several streams in a row; padding or junk behind the last is nobody's.
                rest = self._now.unused_data or self._file.read(_CHUNK)
                if not rest.startswith(self._magic):
                    return b""
                self._now = self._new()
            elif self._now.needs_input:
                rest = self._file.read(_CHUNK)
                if not rest:
                    raise EOFError("it ends too early")
            data = self._now.decompress(rest, wanted)
            rest = b""
            if data:
                return data


_FREE = 64 * 1024**2
"""Bytes that any archive may unpack to, however small it is."""

_BLOCK = 512


def _tar_members(stream: io.BufferedReader, names: Names) -> Iterator[Member]:
    """Regular files of an unpacked tar (ustar, GNU long names, PAX); the sizes of headers are never trusted with memory."""
    shared: dict[str, str] = {}
    own: dict[str, str] = {}
    first = True
    while block := stream.read(_BLOCK):
        if len(block) < _BLOCK:
            raise EOFError("it ends within a header")
        if not any(block):
            break
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
        except tarfile.HeaderError as exc:
            what = "it is no tar, gzip, bzip2, xz or zip" if first else f"a header of its tar is broken ({exc})"
            raise tarfile.TarError(what) from exc
        first = False
        names.count()
        if info.size < 0:
            raise tarfile.TarError("a member has a negative size")
        if info.type in _EXTENSIONS:
            records = _extension(info, _header(stream, info.size, names.filename))
            (shared if info.type == tarfile.XGLTYPE else own).update(records)
            continue
        fields = shared | own
        own = {}
        size = _pax_size(fields, info.size)
        body = _Body(stream, size if info.isreg() or info.type not in tarfile.SUPPORTED_TYPES else 0)
        if info.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse") for key in fields):
            raise ArchiveError(f"{names.filename} holds sparse files, which no source archive needs: refused.")
        if info.isreg():
            if (name := names.regular(fields.get("path", info.name))) is not None:
                yield Member(name=name, size=size, read=body.read)
        elif not info.isdir():
            kind = "link" if info.issym() or info.islnk() else "device or pipe"
            names.tell(kind, f"{names.filename}: the {kind} {info.name[:80]!r} is left out (not followed)")
        body.skip()
    # To the end, so that the packing's own checksum is compared; the limits still hold.
    while stream.read(_CHUNK):
        pass


_EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


def _header(stream: io.BufferedReader, size: int, filename: str) -> bytes:
    if size > _HEADER_LIMIT:
        raise ArchiveError(f"{filename} has a tar header of {size} bytes: refused.")
    body = _Body(stream, size)
    data = body.read(size)
    body.skip()
    return data


def _extension(info: tarfile.TarInfo, data: bytes) -> dict[str, str]:
    """The fields of an extended header: GNU's long name, or PAX records `length key=value`."""
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", "replace")}
    if info.type == tarfile.GNUTYPE_LONGLINK:
        return {}
    fields: dict[str, str] = {}
    position = 0
    while position < len(data) and data[position] != 0:
        end = data.find(b" ", position, position + 8)
        length = int(data[position:end]) if end > 0 else 0
        if length <= end - position or position + length > len(data):
            raise tarfile.TarError("a PAX record has a wrong length")
        key, _, value = data[end + 1 : position + length - 1].partition(b"=")
        if len(key) < 40:
            fields[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        position += length
    return {key: value for key, value in fields.items() if key in ("path", "size") or key.startswith("GNU.sparse")}


def _pax_size(fields: dict[str, str], size: int) -> int:
    text = fields.get("size", "")
    return int(text) if text.isdecimal() and len(text) < 20 else size


class _Body:
    """The bytes of a tar's member, and the padding behind them."""

    def __init__(self, stream: io.BufferedReader, size: int) -> None:
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
            data = self._stream.read(min(left, _CHUNK))
            if not data:
                raise EOFError("it ends within a file")
            left -= len(data)
        self._left = self._padding = 0


_DIRECTORY_LIMIT = 8 * 1024**2
"""Bytes of a zip's central directory; the wheel with most members on PyPI (ansible) has 5 MB."""


class _Careful:
    """A file that zipfile reads: the size of the directory that it names is checked before it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int = -1) -> bytes:
        if count > _DIRECTORY_LIMIT:
            raise zipfile.BadZipFile(f"its directory has {count} bytes (at most {_DIRECTORY_LIMIT} are read)")
        return self._file.read(_DIRECTORY_LIMIT if count < 0 else count)

    @staticmethod
    def seekable() -> bool:
        return True


def open_zip(file: IO[bytes], filename: str) -> zipfile.ZipFile:
    """`file` as a zip; raises ArchiveError where it is none."""
    try:
        return zipfile.ZipFile(_Careful(file))  # type: ignore[arg-type]
    except _CORRUPT as exc:
        raise ArchiveError(f"{filename} is corrupt: {exc or type(exc).__name__}.", hint=_AGAIN) from exc


def read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, filename: str, *, limit: int) -> bytes:
    """The first `limit` bytes of a member; raises ArchiveError where it is encrypted, oddly packed or broken."""
    if info.flag_bits & 0x1:
        raise ArchiveError(f"{filename}: {info.filename[:80]!r} is encrypted.")
    # bzip2 and LZMA are not bounded by zipfile: a few kilobytes may unpack to gigabytes in one go.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(f"{filename}: {info.filename[:80]!r} is neither stored nor deflated.")
    try:
        with archive.open(info) as file:
            return file.read(limit)
    except _CORRUPT as exc:
        raise ArchiveError(f"{filename} is corrupt: {exc or type(exc).__name__}.", hint=_AGAIN) from exc


def _zip_members(file: IO[bytes], names: Names, size: int) -> Iterator[Member]:
    archive = open_zip(file, names.filename)
    limit = min(names.limits.unpacked, max(size * names.limits.ratio, _FREE))
    if sum(info.file_size for info in archive.infolist()) > limit:
        limit_text = f"{limit // 1024**2} MB"
        raise ArchiveError(f"{names.filename} unpacks to more than {limit_text}: refused as a possible archive bomb.")
    for info in archive.infolist():
        names.count()
        if info.is_dir():
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            names.tell("link", f"{names.filename}: the link {info.filename[:80]!r} is left out (not followed)")
        elif (name := names.regular(info.filename)) is not None:
            yield Member(name=name, size=info.file_size, read=_reader(archive, info, names.filename))


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, filename: str) -> Callable[[int], bytes]:
    return lambda count: read_zip(archive, info, filename, limit=count)
