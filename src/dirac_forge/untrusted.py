"""Text from outside (pages, archives, recipes, arguments) as values: Python's own parsers choke on some of it."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from packaging.specifiers import SpecifierSet
from packaging.version import Version

__all__ = ["parse_specifiers", "parse_url", "parse_version", "parse_whole_number"]

_DIGITS = 18
"""More digits than any number of ours has; CPython refuses to read more than 4300."""
_LONG = 1_000
"""Characters of a version or of version specifiers."""


def parse_whole_number(text: object, *, most: int | None = None) -> int | None:
    """Return the whole number in decimal ASCII digits, at most `most`; None for anything else (`²`, 5000 digits)."""
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if most is None or number <= most else None


def parse_url(text: str) -> SplitResult | None:
    """Split a URL; None for one that has no sound host or port (`http://[`, `http://host:99999`)."""
    try:
        parts = urlsplit(text)
        # Both are computed, and raise, when they are read.
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts


def parse_version(text: str) -> Version | None:
    """Parse a version (PEP 440); None for anything else."""
    try:
        return Version(text) if len(text) <= _LONG else None
    except ValueError:
        return None


def parse_specifiers(text: str) -> SpecifierSet | None:
    """Parse version specifiers (PEP 440); None for anything else."""
    try:
        return SpecifierSet(text) if len(text) <= _LONG else None
    except ValueError:
        return None
