"""How values and errors cross between the ledger and SQLite."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from dirac_forge.errors import ForgeError, InputError, StorageError, UnknownError, redact
from dirac_forge.untrusted import time_from

_LONGEST = 20_000
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class LedgerError(StorageError):
    """The ledger can't be read or written."""


class LockedError(UnknownError):
    """Another program keeps the ledger locked."""


def is_broken(exc: sqlite3.Error) -> bool:
    """Whether the file is not a database (any more)."""
    return _code(exc) in _BROKEN


def _code(exc: sqlite3.Error) -> int:
    # The low byte is the kind, the rest gives details: https://sqlite.org/rescode.html
    return getattr(exc, "sqlite_errorcode", 0) & 0xFF


def translated(exc: sqlite3.Error, path: Path) -> ForgeError:
    """Return the error in words, with what to do."""
    code = _code(exc)
    if code in _LOCKED:
        return LockedError(
            f"{path} is locked by another program", hint="Try again when it is done; nothing was written."
        )
    if code in _BROKEN:
        return LedgerError(f"{path} can no longer be read ({exc})", hint="Start again: it will be moved aside.")
    if code == sqlite3.SQLITE_FULL:
        return LedgerError(f"{path} can't be written: the disk is full", hint="Free disk space, and start again.")
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return LedgerError(f"{path} can't be written ({exc})", hint="Check the folder's permissions, or name another.")
    return LedgerError(f"{path}: {exc}")


def stored(value: str | int | datetime | None) -> str | int | None:
    """Return a value as it is written: times in UTC, texts without secrets and control characters."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, str):
        clean = "".join(mark for mark in value[:_LONGEST] if mark == "\n" or mark.isprintable())
        return redact(clean)
    return value


def time_of(text: str | None) -> datetime | None:
    """Return a time that was stored. Raises InputError."""
    if text is None:
        return None
    try:
        return time_from(text)
    except ValueError as exc:
        raise InputError(f"the ledger has {text!r} where a time was expected") from exc
