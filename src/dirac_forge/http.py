"""One HTTP session for everything: retries, time-outs, an on-disk cache, limits, and errors in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dirac_forge.errors import InputError, UnknownError

__all__ = ["HashMismatchError", "Http", "NotFoundError", "Page", "Part", "TooLargeError", "UnreachableError"]


class UnreachableError(UnknownError):
    """A host did not answer, or answered nonsense: what was asked stays unknown."""


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
class Part:
    """Bytes `start` to `start + len(body)` of a file of `total` bytes."""

    start: int
    total: int
    body: bytes


class Http:
    """See the module's docstring; safe to use from many threads."""

    def page(self, url: str, *, accept: str | None = None, limit: int) -> Page:
        """The body at `url`, at most `limit` bytes, through the HTTP cache."""
        raise NotImplementedError

    def part(self, url: str, *, start: int | None = None, length: int) -> Part | None:
        """`length` bytes from `start` (from the end where None); None where the server ignores ranges. Not cached."""
        raise NotImplementedError

    @contextmanager
    def download(self, url: str, *, limit: int, sha256: str | None = None) -> Iterator[IO[bytes]]:
        """A seekable temporary file with the body at `url`, deleted afterwards; checked against `sha256`. Not cached."""
        raise NotImplementedError

    def reachable(self, url: str) -> bool:
        """Whether `url`'s host answers at all, asked once a run."""
        raise NotImplementedError
