"""Values: what a server answered, and the errors if that is of no use."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dirac_forge.errors import InputError, UnknownError
from dirac_forge.values import dataclass


class UnreachableError(UnknownError):
    """A host did not answer, or answered nonsense: what was asked stays unknown."""


class RefusedError(UnreachableError):
    """A host answers and refuses (401, 403, 429 and other 4xx, but 404 and 410): what was asked stays unknown."""


class LostError(UnreachableError):
    """A call was sent, and no whole answer came: what it asked for may have been done or not."""


class NotFoundError(InputError):
    """The host says that there is nothing at this URL (404 or 410)."""


class TooLargeError(InputError):
    """A body is larger than its limit; nothing of it is used."""


class HashMismatchError(InputError):
    """A file is not the one that its index lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A whole answer: its final URL (after redirects), lower-case headers and body."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a server says to a call, whatever its status: final URL, status, lower-case headers and body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class RangePart:
    """Bytes `start` to `start + len(body)` of a file of `total` bytes."""

    start: int
    total: int
    body: bytes


def parse_content_range(text: str | None) -> tuple[int, int, int] | None:
    """Return first byte, last byte (inclusive) and total of a Content-Range (RFC 9110, 14.4), or None if one is not
    told.
    """
    match = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", (text or "").strip())
    if match is None:
        return None
    first, last, total = map(int, match.groups())
    return (first, last, total) if first <= last < total else None


def refusal(url: str, status: int, reason: str, *, retry_after: float | None = None) -> Exception | None:
    """Return the error for an answer with this status to a GET of a whole body; None for one that has it."""
    said = f"{status} {reason}".strip()
    wait = f" and asks to come back in {retry_after:.0f} s" if retry_after else ""
    if status in (200, 203):
        return None
    if status in (404, 410):
        return NotFoundError(f"{url}: there is nothing here ({said})")
    if status in (401, 403, 407):
        return RefusedError(
            f"{url}: access is refused ({said}){wait}",
            hint="Credentials are taken from the URL (https://user:token@host/…), or from ~/.netrc for hosts "
            "that the settings name.",
        )
    if 400 <= status < 500:
        return RefusedError(f"{url}: the server refuses ({said}){wait}")
    if status >= 500:
        return UnreachableError(f"{url}: the server fails ({said}){wait}", hint="Try again later.")
    return UnreachableError(f"{url}: the server answers {said}, expected 200 OK")
