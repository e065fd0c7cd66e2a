"""What an answer may cost on its way: time for the whole exchange, headers included, and bytes of headers.

A time-out alone waits for ever for a host that sends a byte now and then, or one interim answer after the other.
"""

from __future__ import annotations

import io
import time
from http.client import HTTPResponse
from socket import socket
from typing import Any

GRACE = 30.0
"""Seconds of waiting that are granted before the first look at the speed."""
_PACES = ((0.0, 1024), (45.0, 16 * 1024))
"""Seconds of waiting, and the bytes a second that have to come on average from then on."""
_MOST_HEADERS = 1 << 20
"""Bytes of status lines and headers, those of interim answers (100 Continue) included."""


class TooSlowAnswerError(OSError):
    """An answer comes too slowly, or its headers have no end."""


class _Paced(io.RawIOBase):
    """The bytes of a socket; counts them, and the time that is waited for them after the first."""

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__()
        self._raw = raw
        self._got = 0
        self._waited = 0.0
        self.in_headers = False

    def readable(self) -> bool:
        """Return True, which io.BufferedReader asks for."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Read what there is; raises TooSlowAnswerError."""
        start = time.monotonic()
        count = self._raw.readinto(buffer)
        if self._got:
            self._waited += time.monotonic() - start
        self._got += count or 0
        if self.in_headers:
            self._check_headers()
        least = next(pace for since, pace in reversed(_PACES) if self._waited >= since)
        if self._waited > GRACE and self._got < self._waited * least:
            raise TooSlowAnswerError(f"less than {least:,} bytes a second arrived")
        return count

    def _check_headers(self) -> None:
        if self._got > _MOST_HEADERS:
            raise TooSlowAnswerError(f"its headers have more than {_MOST_HEADERS:,} bytes")
        if self._waited > GRACE:
            raise TooSlowAnswerError(f"its headers did not end within {GRACE:g} s")

    def close(self) -> None:
        """Close the socket's file."""
        self._raw.close()
        super().close()


class PacedResponse(HTTPResponse):
    """An answer that is read within limits."""

    def __init__(self, sock: socket, *args: Any, **options: Any) -> None:
        paced = _Paced(sock.makefile("rb", buffering=0))
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = io.BufferedReader(paced)
        self._paced = paced

    def begin(self) -> None:
        """Read status and headers, past interim answers."""
        self._paced.in_headers = True
        super().begin()
        self._paced.in_headers = False
