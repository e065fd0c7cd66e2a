"""Bodies of answers, read against a limit: what counts is what comes, not what Content-Length or a gzip claims."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from dirac_forge.errors import redact
from dirac_forge.http.answers import TooLargeError
from dirac_forge.untrusted import parse_whole_number

if TYPE_CHECKING:
    from requests import Response

_CHUNK = 1 << 16


def pieces(response: Response, limit: int) -> Iterator[bytes]:
    """Yield the body as it comes, not decoded, at most `limit` bytes; raises TooLargeError and what urllib3 raises."""
    told = response.headers.get("Content-Length", "")
    if (parse_whole_number(told) or 0) > limit:
        raise _too_large(response, limit)
    yield from _limited(response, _arriving(response), limit)


def unfolded(response: Response, raw: bytes, limit: int) -> bytes:
    """Return the body `raw` decoded as the answer's Content-Encoding says, at most `limit` bytes."""
    encoding = response.headers.get("Content-Encoding")
    if encoding is None:
        return raw
    from urllib3 import HTTPResponse  # noqa: PLC0415  # loaded by now; importing this module stays cheap

    folded = HTTPResponse(BytesIO(raw), headers={"Content-Encoding": encoding}, preload_content=False)
    return b"".join(_limited(response, folded.stream(_CHUNK, decode_content=True), limit))


def _arriving(response: Response) -> Iterator[bytes]:
    """Yield the bytes as soon as they come."""
    while chunk := response.raw.read1(_CHUNK, decode_content=False):
        yield chunk


def _limited(response: Response, chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    got = 0
    for chunk in chunks:
        got += len(chunk)
        if got > limit:
            raise _too_large(response, limit)
        yield chunk


def _too_large(response: Response, limit: int) -> TooLargeError:
    return TooLargeError(f"{redact(response.url)}: the body is larger than its limit of {limit:,} bytes")
