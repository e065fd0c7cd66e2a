"""Exit codes of a program that a signal would have ended, as shells report them: 128 and the signal's number."""

from __future__ import annotations

__all__ = ["BROKEN_PIPE", "INTERRUPTED"]

INTERRUPTED = 130
BROKEN_PIPE = 141
