"""Exit codes that are not those of an error: shells report 128 and the signal's number."""

from __future__ import annotations

INTERRUPTED = 130
BROKEN_PIPE = 141
INTERNAL = 70
"""As sysexits.h has it for an error of the program itself."""
