"""Trees of TOML or Python literals as JSON has them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_DEEPEST = 60


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
