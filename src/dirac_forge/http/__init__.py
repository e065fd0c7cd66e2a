"""One HTTP session for everything: retries, time-outs, an on-disk cache, limits, and errors in words."""

from dirac_forge.http.answers import (
    Answer,
    HashMismatchError,
    LostError,
    NotFoundError,
    Page,
    RangePart,
    RefusedError,
    TooLargeError,
    UnreachableError,
)
from dirac_forge.http.client import Http
from dirac_forge.http.trust import INTERNAL_HINT, Trust

__all__ = [
    "INTERNAL_HINT",
    "Answer",
    "HashMismatchError",
    "Http",
    "LostError",
    "NotFoundError",
    "Page",
    "RangePart",
    "RefusedError",
    "TooLargeError",
    "Trust",
    "UnreachableError",
]
