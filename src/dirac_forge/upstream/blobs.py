"""Facts as blobs for the store, so that a file is read once; a damaged blob counts as missing."""

from __future__ import annotations

import hashlib
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from packaging.version import Version

from dirac_forge.untrusted import parse_json
from dirac_forge.upstream.index.project import ReleaseFile

__all__ = ["dump", "key_of", "kind", "load"]

SCHEMA = 5
"""Raised whenever more, or something else, is read from a file."""

T = TypeVar("T")

_SCALARS: Mapping[object, Callable[[Any], object]] = {Version: Version, datetime: datetime.fromisoformat}


def kind(what: str) -> str:
    """Return the store's kind for `what` ("wheel", "wheel-metadata", "sdist") as it is read now."""
    return f"{what}-{SCHEMA}"


def key_of(file: ReleaseFile) -> str | None:
    """Return the store's key; None where the index gives no SHA-256.

    It covers all hashes, and the URL too: a file that was read in parts is never hashed, so that another index's claim
    must not answer.
    """
    told = f"{sorted(file.hashes.items())} {file.filename} {file.url}"
    return hashlib.sha256(told.encode()).hexdigest() if file.sha256 else None


def dump(facts: object) -> bytes:
    """Return the blob of a dataclass (or of JSON values), with its own checksum."""
    body = json.dumps(facts, ensure_ascii=True, separators=(",", ":"), default=_plain).encode()
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def load(kind: type[T], blob: bytes | None) -> T | None:
    """Return the dataclass of a blob; None where there is none, or it is damaged or of another version."""
    digest, _, body = (blob or b"").partition(b"\n")
    if not body or hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    try:
        value: T = _read(kind, parse_json(body))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return value


def _plain(value: object) -> object:
    match value:
        case Version():
            return str(value)
        case datetime():
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case Sequence():
            return list(value)
        case _ if is_dataclass(value):
            return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value)} can't be kept")


def _read(kind: Any, value: Any) -> Any:
    """Return the value of a type annotation, made of JSON values."""
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**_fields(kind, value))
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return None if value is None else _read(arguments[0], value)
    if origin in (tuple, frozenset, Sequence):
        items = (_read(arguments[0], item) for item in value)
        return frozenset(items) if origin is frozenset else tuple(items)
    return value


def _fields(kind: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    hints = _hints(kind)
    if value.keys() != hints.keys():
        raise ValueError("fields of another version")
    return {name: _read(hint, value[name]) for name, hint in hints.items()}


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
