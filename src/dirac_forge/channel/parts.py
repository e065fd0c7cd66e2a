"""Files inside packages of remote channels, of which only the parts that are read are fetched."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Mapping
from typing import IO

from rattler import Client
from rattler.package_streaming import download_to_writer

from dirac_forge.channel.archives import LargePackageError, read_info
from dirac_forge.sparse import SparseFile

_TAIL = 64 * 1024
"""Bytes of a package's end, where a `.conda` has its directory and, before that, what is below info/."""
_LIMIT = 1024**3
"""Bytes of a package that has to be fetched whole: a `.tar.bz2`, or from a server without range requests."""
_STEP = 1024**2
"""Bytes that one more request brings at least."""

NewClient = Callable[[Mapping[str, str]], Client]
"""Makes a client that sends these headers too."""
Ask = Callable[[Awaitable[None]], None]
"""Waits for the end of a request."""


def read_remote_info(url: str, name: str, *, client: NewClient, ask: Ask) -> bytes | None:
    """Return the file `name` below info/ of the package at `url`, or None if it has none.

    py-rattler reads such a file by itself, but without a limit for the headers of its tar.
    Raises OSError and what py-rattler raises.
    """
    with tempfile.TemporaryFile(prefix="dirac-forge-") as file:

        def fetch(headers: Mapping[str, str]) -> int:
            file.seek(0)
            file.truncate()
            ask(download_to_writer(client(headers), url, _Limited(file)))
            return file.tell()

        def part(start: int, stop: int) -> bytes:
            if fetch({"Range": f"bytes={start}-{stop - 1}"}) != stop - start:
                raise OSError("the server answers a range request with other bytes")
            file.seek(0)
            return file.read()

        sparse = url.endswith(".conda")
        got = fetch({"Range": f"bytes=-{_TAIL}"} if sparse else {})
        file.seek(0)
        if got != _TAIL or not sparse:  # all of it: it is shorter, or the server has no range requests
            return read_info(file, name)
        return read_info(_Tail(file.read(), part), name)


class _Limited:
    """Takes the bytes of a download up to the limit."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = _LIMIT

    def write(self, data: bytes) -> int:
        """Write bytes. Raises LargePackageError beyond the limit."""
        self._left -= len(data)
        if self._left < 0:
            raise LargePackageError(f"it has more than {_LIMIT // 1024**2:,} MB")
        return self._file.write(data)


class _Tail(SparseFile):
    """A zip whose end is known."""

    def __init__(self, tail: bytes, part: Callable[[int, int], bytes]) -> None:
        """Open a zip whose bytes `part` fetches. Raises OSError for a tail without a zip's directory."""
        end = tail.rfind(b"PK\5\6")
        if end < 0 or end + 22 > len(tail):
            raise OSError("not a .conda package: it has no directory")
        # APPNOTE.TXT of PKWARE, 4.3.16: the directory stands right before its end record.
        size, offset = (int.from_bytes(tail[end + at : end + at + 4], "little") for at in (12, 16))
        self._tail_start = offset + size - end
        if self._tail_start < 0:
            raise OSError("not a .conda package: its directory is broken")
        super().__init__(self._tail_start, tail, total=self._tail_start + len(tail))
        self._part = part

    def _fetch(self, end: int) -> None:
        start, stop = self._position, min(max(end, self._position + _STEP), self._tail_start)
        self._parts[1:] = [(start, self._part(start, stop))]
