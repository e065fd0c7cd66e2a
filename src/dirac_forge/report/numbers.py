"""Numbers with their nouns."""

from __future__ import annotations


def percent(part: int, whole: int) -> str:
    """Return a share, rounded: only all of it is 100 %, and only nothing is 0 %."""
    if not whole:
        return "—"
    share = round(100 * part / whole)
    return f"{share if part in {0, whole} else min(max(share, 1), 99)} %"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 build` or `2 builds`; `plural` if that is not the noun with an s."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
