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
from typing import Any, TypeVar, cast

from packaging.version import Version

from dirac_forge.untrusted import parse_json
from dirac_forge.upstream.index.project import ReleaseFile

SCHEMA = 21
"""Raised whenever more, or something else, is read from a file."""

T = TypeVar("T")

_SCALARS: Mapping[object, Callable[[Any], object]] = {Version: Version, datetime: datetime.fromisoformat}


def kind(what: str) -> str:
    """Return the store's kind for `what` ("wheel", "wheel-metadata", "sdist") as it is read now."""
    return f"{what}-{SCHEMA}"


def key_of(file: ReleaseFile) -> str | None:
    """Return the store's key; None if the index gives no SHA-256.

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
    """Return the dataclass of a blob; None if there is none, or it is damaged or of another version."""
    digest, _, body = (blob or b"").partition(b"\n")
    if not body or hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    try:
        value: T = _reader(cast("Any", kind))(parse_json(body))
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


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return the function that makes a value of this type of JSON values: a release has thousands of modules."""
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_reader(kind)
    if kind in _SCALARS:
        return _SCALARS[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        some = _reader(arguments[0])
        return lambda value: None if value is None else some(value)
    if origin in (tuple, frozenset, Sequence):
        collect, item = (frozenset if origin is frozenset else tuple), _reader(arguments[0])
        return collect if item is _same else lambda value: collect(map(item, value))
    return _same


def _same(value: Any) -> Any:
    return value


def _dataclass_reader(kind: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
    changing = [(name, read) for name, read in readers.items() if read is not _same]

    def read(value: Mapping[str, Any]) -> Any:
        if value.keys() != readers.keys():
            raise ValueError("fields of another version")
        made = dict(value)
        for name, each in changing:
            made[name] = each(made[name])
        return kind(**made)

    return read
