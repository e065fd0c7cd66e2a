"""A remote file of which only the parts that are read are fetched."""

from __future__ import annotations

import io

from dirac_forge.errors import redact
from dirac_forge.http import Http, UnreachableError

__all__ = ["NoRangesError", "RemoteFile"]

_STEP = 64 * 1024
"""Bytes that one more request brings at least; a round trip costs as much as these."""


class NoRangesError(UnreachableError):
    """The server ignores range requests: the whole file has to be fetched."""


class RemoteFile:
    """A seekable, read-only view of `url` for zipfile; a hash of the whole can't be checked, since it is never seen.

    It opens with one request for the file's end, where a zip keeps its directory, and a wheel its metadata before that.
    """

    def __init__(self, http: Http, url: str, *, tail: int) -> None:
        """Fetches the last `tail` bytes; raises NoRangesError where the server has no range requests."""
        part = http.part(url, length=tail)
        if part is None:
            raise NoRangesError(f"{redact(url)} can't be read in parts.")
        self._http = http
        self._url = url
        self._parts = [(part.start, part.body)]
        self._position = 0
        self.total = part.total
        self.requests = 1

    @property
    def whole(self) -> bytes | None:
        """All bytes, where one request brought them."""
        start, body = self._parts[0]
        return body if start == 0 and len(body) == self.total else None

    def seekable(self) -> bool:
        """As zipfile wants to know."""
        return True

    def tell(self) -> int:
        """Return where the next read starts."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As a file's; raises OSError for a position before the start."""
        position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.total}[whence]
        if position < 0:
            raise OSError("it points before its own start")
        self._position = position
        return position

    def read(self, count: int) -> bytes:
        """`count` bytes, fewer only at the file's end."""
        end = min(self._position + count, self.total)
        pieces = []
        while self._position < end:
            data = self._here(end) or self._fetch(end)
            pieces.append(data)
            self._position += len(data)
        return b"".join(pieces)

    def _here(self, end: int) -> bytes:
        for start, body in self._parts:
            if start <= self._position < start + len(body):
                return body[self._position - start : end - start]
        return b""

    def _fetch(self, end: int) -> bytes:
        """Fetch what lacks up to `end`; a read that runs into the tail is the directory's: what precedes comes too."""
        known = min((start for start, _ in self._parts if start > self._position), default=self.total)
        start, stop = self._position, min(max(end, self._position + _STEP), known)
        if end >= known:
            start, stop = max(start - max(_STEP, end - self._position), 0), known
        part = self._http.part(self._url, start=start, length=stop - start)
        self.requests += 1
        if part is None or part.total != self.total or part.start != start or len(part.body) != stop - start:
            raise UnreachableError(
                f"{redact(self._url)}: the server answered a range request with other bytes than asked for."
            )
        self._parts.append((start, part.body))
        return self._here(end)
