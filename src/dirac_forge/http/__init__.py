"""One HTTP session for everything: retries, time-outs, an on-disk cache, limits, and errors in words."""

from dirac_forge.http.answers import (
    HashMismatchError,
    NotFoundError,
    Page,
    Part,
    RefusedError,
    TooLargeError,
    UnreachableError,
)
from dirac_forge.http.client import Http

__all__ = [
    "HashMismatchError",
    "Http",
    "NotFoundError",
    "Page",
    "Part",
    "RefusedError",
    "TooLargeError",
    "UnreachableError",
]
