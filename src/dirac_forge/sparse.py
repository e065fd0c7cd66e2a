"""A seekable file of which only the parts that are read are fetched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from io import SEEK_CUR, SEEK_END, SEEK_SET


class SparseFile(ABC):
    """A read-only file of `total` bytes, of which some parts are known and others are fetched when they are read."""

    def __init__(self, start: int, body: bytes, *, total: int) -> None:
        """Take `body`, the part that begins at `start`."""
        self.total = total
        self._parts = [(start, body)]
        self._position = 0

    @abstractmethod
    def _fetch(self, end: int) -> None:
        """Add the part at the present position to the known ones, if possible up to `end`."""

    def seekable(self) -> bool:
        """Return True, as zipfile asks."""
        return True

    def tell(self) -> int:
        """Return where the next read starts."""
        return self._position

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        """Move like a file; raises OSError for a position before the start."""
        position = offset + {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self.total}[whence]
        if position < 0:
            raise OSError("it points before its own start")
        self._position = position
        return position

    def read(self, size: int, /) -> bytes:
        """Return `size` bytes, fewer only at the file's end."""
        end = min(self._position + size, self.total)
        pieces = []
        while self._position < end:
            if not (data := self._here(end)):
                self._fetch(end)
                data = self._here(end)
            pieces.append(data)
            self._position += len(data)
        return b"".join(pieces)

    def _here(self, end: int) -> bytes:
        for start, body in self._parts:
            if start <= self._position < start + len(body):
                return body[self._position - start : end - start]
        return b""
