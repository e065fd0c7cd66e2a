"""The ledger's tables, and how a file of an older version is brought up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from dirac_forge.errors import InputError

APPLICATION = 0x0D1AC0F6
"""SQLite's `application_id` of a ledger: distinguishes it from other programs' files."""

_FIRST = """
CREATE TABLE changes (
    feedstock TEXT NOT NULL, branch TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    fingerprint TEXT NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL, repository TEXT NOT NULL,
    number INTEGER NOT NULL, url TEXT NOT NULL, head TEXT NOT NULL, head_sha TEXT NOT NULL, batch TEXT NOT NULL,
    step TEXT NOT NULL, attempts INTEGER NOT NULL, error TEXT NOT NULL, next_try TEXT, decided TEXT NOT NULL,
    updated TEXT NOT NULL,
    PRIMARY KEY (feedstock, branch, kind, key)
);
CREATE INDEX changes_by_batch ON changes (batch);
CREATE TABLE lines (
    feedstock TEXT NOT NULL, branch TEXT NOT NULL, looked TEXT NOT NULL, found TEXT NOT NULL, decided TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (feedstock, branch)
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, run TEXT NOT NULL, feedstock TEXT NOT NULL,
    branch TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, step TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX events_by_feedstock ON events (feedstock, id);
CREATE INDEX events_by_run ON events (run, id);
CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never taken away'); END;
CREATE TRIGGER events_keep BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TABLE runs (id TEXT PRIMARY KEY, start TEXT NOT NULL, "end" TEXT, outcome TEXT NOT NULL);
CREATE TABLE lease (
    one INTEGER PRIMARY KEY CHECK (one = 1), holder TEXT NOT NULL, expires TEXT NOT NULL
);
"""

_CHECKS = """
ALTER TABLE changes ADD COLUMN base_sha TEXT NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN checks TEXT NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN remade TEXT NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN tidied TEXT NOT NULL DEFAULT '';
"""

_CODES = "ALTER TABLE lines ADD COLUMN codes TEXT NOT NULL DEFAULT '';"

_CONFLICTS = """
ALTER TABLE changes ADD COLUMN conflicts INTEGER NOT NULL DEFAULT 0;
UPDATE changes SET conflicts = 1, checks = ltrim(substr(checks, 35), char(10))
    WHERE checks || char(10) LIKE 'no conflicts with the release line' || char(10) || '%';
"""
"""Conflicts were the first name among the checks that failed."""

MIGRATIONS = (_FIRST, _CHECKS, _CODES, _CONFLICTS)
"""The n-th (from 1) leads from version n - 1 of the tables to n; `PRAGMA user_version` has the number. Those that were
released are never edited: a change is one more."""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to date, in one transaction each.

    Raises InputError for a newer version than is known here, and for another program's file.
    """
    while (version := _version(connection, path)) < len(MIGRATIONS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another program may have done it while we waited for the lock.
            if _version(connection, path) == version:
                for statement in _statements(MIGRATIONS[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if application != APPLICATION and (application or version or tables):
        raise InputError(f"{path} is a database, but not a ledger", hint="Name another file, or move this one away.")
    if version > len(MIGRATIONS):
        raise InputError(
            f"{path}: a newer version of this program wrote it (tables {version}, known here: {len(MIGRATIONS)})",
            hint="Update dirac-forge, or name another file.",
        )
    return version


def _statements(script: str) -> list[str]:
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found
