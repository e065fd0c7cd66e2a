"""The bytes inside a gzip, bzip2 or xz file, a piece at a time and counted against a limit."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import IO, Protocol

from dirac_forge.upstream.files.archive import ArchiveError, Names

_CHUNK = 256 * 1024


class _Unpacker(Protocol):
    """What bz2 and lzma call a decompressor: keeps its input until asked for more output."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

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


_STREAMS = 1000
"""Streams in a row; packers that work in parallel write some hundreds."""

_XZ_MEMORY = 128 * 1024**2
"""Bytes that an xz stream may ask for; `xz -9` needs 65 MB."""


def _xz() -> _Unpacker:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


_FORMATS: tuple[tuple[bytes, Callable[[], _Unpacker]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", _xz),
)


def unpacked(file: IO[bytes], head: bytes, names: Names, size: int) -> io.BufferedReader | IO[bytes]:
    """Return `file` unpacked, or itself if it is not packed; `head` are its first bytes, and `size` is how many it has.

    Raises ArchiveError.
    """
    if head.startswith(b"\x1f\x9d"):
        raise ArchiveError(f"{names.filename} is packed with compress (.Z), which can't be read here.")
    if not any(head.startswith(magic) for magic, _ in _FORMATS):
        return file
    return io.BufferedReader(_Unpacked(file, head, names, size), _CHUNK)


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a gzip, bzip2 or xz file, counted against the limits."""

    def __init__(self, file: IO[bytes], head: bytes, names: Names, size: int) -> None:
        super().__init__()
        self._file = file
        self._names = names
        self._limit = names.limits.bytes_for(size)
        self._given = self._streams = 0
        self._magic, self._new = next(known for known in _FORMATS if head.startswith(known[0]))
        self._now = self._new()

    def readable(self) -> bool:
        """Return True, which io.BufferedReader asks for."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Unpack as much as fits, or less; raises ArchiveError beyond the limit."""
        data = self._more(len(buffer))
        self._given += len(data)
        if self._given > self._limit:
            raise self._names.refuse_bomb(self._limit)
        buffer[: len(data)] = data
        return len(data)

    def _more(self, wanted: int) -> bytes:
        rest = b""
        while True:
            if self._now.eof:
                # The formats allow several streams in a row; padding or junk behind the last is nobody's.
                rest = self._now.unused_data or self._file.read(_CHUNK)
                if not rest.startswith(self._magic):
                    return b""
                self._now = self._next()
            elif self._now.needs_input:
                rest = self._file.read(_CHUNK)
                if not rest:
                    raise EOFError("it ends too early")
            data = self._now.decompress(rest, wanted)
            rest = b""
            if data:
                return data

    def _next(self) -> _Unpacker:
        self._streams += 1
        if self._streams > _STREAMS:
            raise ArchiveError(f"{self._names.filename} is made of more than {_STREAMS} packed streams: refused.")
        return self._new()
