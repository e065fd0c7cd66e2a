"""Trees of TOML or Python literals as JSON has them, and TOML of upstream's read as such a tree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dirac_forge.untrusted import parse_toml

_DEEPEST = 60
_MOST_DOTS = 500
"""In a line: dotted keys cost tomllib the square of their length."""


def read_toml(text: str) -> Mapping[str, object]:
    """Return a file of TOML; raises ValueError, which says why, for one that can't be read."""
    if any(line.count(".") > _MOST_DOTS for line in text.splitlines()):
        raise ValueError("it has keys or lines that no person writes")
    try:
        tree: Mapping[str, object] = plain(parse_toml(text))
    except ValueError as exc:
        raise ValueError(str(exc)[:80] or type(exc).__name__) from exc
    return tree


def plain(value: object, depth: int = 0) -> Any:
    """Return a tree of TOML or Python literals as JSON keeps it: the same when read again; raises ValueError if
    deep.
    """
    if depth > _DEEPEST:
        raise ValueError(f"nested more than {_DEEPEST} levels deep")
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    return _scalar(value)


def _scalar(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case float():
            return value if math.isfinite(value) else str(value)
        case int():
            return value if value.bit_length() <= 64 else hex(value)
        case None:
            return None
        case _:
            return str(value)
