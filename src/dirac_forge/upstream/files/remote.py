"""A remote file of which only the parts that are read are fetched."""

from __future__ import annotations

from dirac_forge.errors import redact
from dirac_forge.http import Http, UnreachableError
from dirac_forge.sparse import SparseFile

_STEP = 64 * 1024
"""Bytes that one more request brings at least; a round trip costs as much as these."""


class NoRangesError(UnreachableError):
    """The server ignores range requests: the whole file has to be fetched."""


class RemoteFile(SparseFile):
    """A seekable, read-only view of `url` for zipfile; a hash of the whole can't be checked, since it is never seen.

    It opens with one request for the file's end, where a zip keeps its directory, and a wheel its metadata before that.
    """

    def __init__(self, http: Http, url: str, *, tail: int) -> None:
        """Fetch the last `tail` bytes. Raises NoRangesError if the server has no range requests."""
        part = http.part(url, length=tail)
        if part is None:
            raise NoRangesError(f"{redact(url)} can't be read in parts.")
        super().__init__(part.start, part.body, total=part.total)
        self._http = http
        self._url = url
        self.requests = 1

    @property
    def whole(self) -> bytes | None:
        """All bytes, where one request brought them."""
        start, body = self._parts[0]
        return body if start == 0 and len(body) == self.total else None

    def _fetch(self, end: int) -> None:
        """Fetch what lacks up to `end`; a read that runs into the tail is the directory's: what precedes comes too."""
        known = min((start for start, _ in self._parts if start > self._position), default=self.total)
        start, stop = self._position, min(max(end, self._position + _STEP), known)
        if end >= known:
            start, stop = max(start - max(_STEP, end - self._position), 0), known
        part = self._http.part(self._url, start=start, length=stop - start)
        self.requests += 1
        if part is None or part.total != self.total or part.start != start or len(part.body) != stop - start:
            raise UnreachableError(
                f"{redact(self._url)}: the server answered a range request with other bytes than requested."
            )
        self._parts.append((start, part.body))
