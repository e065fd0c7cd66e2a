"""The ledger: what the bot knows beyond what the forge shows. One SQLite file, one writer at a time."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import Any, Self

from dirac_forge.pullrequest.backoff import delay
from dirac_forge.pullrequest.records import Event, Identity, LedgerEntry, LedgerLine, Run, State
from dirac_forge.pullrequest.schema import migrate
from dirac_forge.pullrequest.sqlite import LedgerError, is_broken, stored, time_of, translated

Clock = Callable[[], datetime]

_IDENTITY = ("feedstock", "branch", "kind", "key")
_CHANGE = tuple(field.name for field in fields(LedgerEntry) if field.name != "identity")
_EVENT = tuple(field.name for field in fields(Event))
_STAYS = frozenset({"pushed", "open", "merged", "done", "closed-by-person", "retracted"})
_LINE = tuple(field.name for field in fields(LedgerLine))


def utc_now() -> datetime:
    """Return the machine's clock."""
    return datetime.now(UTC)


class Ledger:
    """Changes and their outcomes, release lines, events and runs. Safe to use from several threads.

    Secrets are redacted from every text, and control characters taken out, before it is written. Every call raises
    LockedError if another program keeps the file locked for longer than the time limit, and LedgerError if it
    can't be read or written (a full disk); nothing is half written then.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: Clock, *, rebuilt: bool) -> None:
        """Use `open`."""
        self.path = path
        self.rebuilt = rebuilt
        """Whether the old ledger could not be read: open requests must be looked up on the forge."""
        self._connection = connection
        self._clock = clock
        self._lock = threading.RLock()
        self._depth = 0

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock = utc_now,
        timeout: float = 30.0,
        warned: Callable[[str], None] = lambda _: None,
    ) -> Ledger:
        """Return the ledger in this file, made if there is none. `clock` gives aware times; `timeout` is in seconds.

        A file that is no longer a ledger is moved aside (`ledger.sqlite.corrupt-1`), with a call of `warned`, and a new
        one is started: `rebuilt` is then true. Raises InputError if a newer version of this program wrote it, or
        another program.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise LedgerError(f"{path}: its folder can't be made ({exc.strerror})", hint="Name another.") from exc
        rebuilt = False
        while True:
            connection: sqlite3.Connection | None = None
            try:
                connection = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
                _prepare(connection, path)
            except sqlite3.DatabaseError as exc:
                if connection is not None:
                    connection.close()
                if rebuilt or not is_broken(exc):
                    raise translated(exc, path) from exc
                warned(_aside(path))
                rebuilt = True
            except BaseException:
                if connection is not None:
                    connection.close()
                raise
            else:
                return cls(path, connection, clock, rebuilt=rebuilt)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def now(self) -> datetime:
        """Return the clock's time, in UTC."""
        return self._clock().astimezone(UTC)

    @property
    def lost(self) -> tuple[str, ...]:
        """The names of the files that were moved aside, now or earlier: what is in them is not known here."""
        return tuple(sorted(kept.name for kept in self.path.parent.glob(f"{escape(self.path.name)}.corrupt-*[0-9]")))

    def close(self) -> None:
        """Close the ledger: what was written is in one file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write what happens within together, or not at all."""
        with self._lock, self._told():
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def entry(self, identity: Identity) -> LedgerEntry | None:
        """Return one change."""
        found = self._entries(" AND ".join(f"{name} = ?" for name in _IDENTITY), _values(identity))
        return found[0] if found else None

    def entries(
        self, *, feedstock: str = "", branch: str = "", kind: str = "", batch: str = "", states: tuple[State, ...] = ()
    ) -> tuple[LedgerEntry, ...]:
        """Return the changes in the order of their identities; "" and () mean all."""
        asked = {"feedstock": feedstock, "branch": branch, "kind": kind, "batch": batch}
        wanted = {name: value for name, value in asked.items() if value}
        where = [f"{name} = ?" for name in wanted]
        if states:
            where.append(f"state IN ({', '.join('?' * len(states))})")
        return tuple(self._entries(" AND ".join(where) or "1", (*wanted.values(), *states)))

    def put(self, entry: LedgerEntry) -> LedgerEntry:
        """Remember a change, instead of what was remembered of the same identity."""
        entry = replace(entry, updated=self.now())
        names = (*_IDENTITY, *_CHANGE)
        values = (*_values(entry.identity), *(stored(getattr(entry, name)) for name in _CHANGE))
        with self.transaction():
            self._connection.execute(_insert("changes", names, "OR REPLACE"), values)
        return entry

    def failed(self, identity: Identity, text: str, *, waiting: bool = False) -> LedgerEntry:
        """Record that an attempt came to nothing. What is on the forge already stays so.

        It is tried again after growing intervals; what passes by itself (`waiting`), in the next run.
        """
        with self.transaction():
            known = self.entry(identity) or LedgerEntry(identity=identity)
            attempts = known.attempts + (not waiting)
            known = replace(
                known,
                state=known.state if known.state in _STAYS else "waiting" if waiting else "failed",
                attempts=attempts,
                error=text,
                next_try=None if waiting else self.now() + delay(attempts),
            )
            return self.put(known)

    def done(self, identity: Identity) -> LedgerEntry | None:
        """Record that the channel has the package; None if nothing is known of the change."""
        with self.transaction():
            known = self.entry(identity)
            if known is None or known.state == "done":
                return known
            return self.put(replace(known, state="done", error="", attempts=0, next_try=None))

    def looked(self, line: LedgerLine) -> None:
        """Remember what was found and decided for a release line."""
        with self.transaction():
            values = [stored(getattr(line, name)) for name in _LINE]
            self._connection.execute(_insert("lines", _LINE, "OR REPLACE"), values)

    def lines(self, *, feedstock: str = "") -> tuple[LedgerLine, ...]:
        """Return what was last found and decided, by feedstock and branch."""
        where, values = ("feedstock = ?", (feedstock,)) if feedstock else ("1", ())
        sql = f"SELECT {', '.join(_LINE)} FROM lines WHERE {where} ORDER BY feedstock, branch"  # noqa: S608
        rows = self._rows(sql, values)
        return tuple(LedgerLine(**{**row, "looked": time_of(row["looked"])}) for row in rows)

    def record(self, event: Event) -> None:
        """Note that something happened."""
        with self.transaction():
            self._connection.execute(_insert("events", _EVENT), [stored(getattr(event, name)) for name in _EVENT])

    def events(self, *, feedstock: str = "", run: str = "", last: int = 200) -> tuple[Event, ...]:
        """Return the last ones, oldest first, in the order in which they were noted (clocks jump)."""
        wanted = {name: value for name, value in (("feedstock", feedstock), ("run", run)) if value}
        where = " AND ".join(f"{name} = ?" for name in wanted) or "1"
        sql = f"SELECT {', '.join(_EVENT)} FROM events WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        rows = self._rows(sql, (*wanted.values(), last))
        return tuple(Event(**{**row, "time": time_of(row["time"])}) for row in reversed(rows))

    def start_run(self) -> Run:
        """Return a new run, with an id that sorts by time."""
        now = self.now()
        run = Run(id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", start=now)
        with self.transaction():
            self._connection.execute(
                "INSERT INTO runs (id, start, \"end\", outcome) VALUES (?, ?, NULL, '')", (run.id, stored(now))
            )
        return run

    def end_run(self, run: Run, outcome: str) -> Run:
        """Note that a run has ended."""
        run = replace(run, end=self.now(), outcome=outcome)
        with self.transaction():
            self._connection.execute(
                'UPDATE runs SET "end" = ?, outcome = ? WHERE id = ?', (stored(run.end), stored(outcome), run.id)
            )
        return run

    def runs(self, *, last: int = 20) -> tuple[Run, ...]:
        """Return the last ones, newest first."""
        rows = self._rows('SELECT id, start, "end", outcome FROM runs ORDER BY rowid DESC LIMIT ?', (last,))
        return tuple(Run(**{**row, "start": time_of(row["start"]), "end": time_of(row["end"])}) for row in rows)

    def holder(self) -> tuple[str, datetime] | None:
        """Return who may run, and until when; None if nobody does."""
        for row in self._rows("SELECT holder, expires FROM lease", ()):
            if (expires := time_of(row["expires"])) is not None:
                return row["holder"], expires
        return None

    def hold(self, holder: str, expires: datetime) -> None:
        """Give the lease to `holder`; "" releases it. See Lease."""
        with self.transaction():
            self._connection.execute("DELETE FROM lease")
            if holder:
                values = (1, stored(holder), stored(expires))
                self._connection.execute(_insert("lease", ("one", "holder", "expires")), values)

    def _entries(self, where: str, values: tuple[Any, ...]) -> list[LedgerEntry]:
        names = (*_IDENTITY, *_CHANGE)
        sql = f"SELECT {', '.join(names)} FROM changes WHERE {where} ORDER BY {', '.join(_IDENTITY)}"  # noqa: S608
        found = []
        for row in self._rows(sql, values):
            identity = Identity(**{name: row.pop(name) for name in _IDENTITY})
            row |= {name: time_of(row[name]) for name in ("next_try", "updated")}
            row["conflicts"] = bool(row["conflicts"])
            found.append(LedgerEntry(identity=identity, **row))
        return found

    def _rows(self, sql: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
        with self._lock, self._told(), closing(self._connection.execute(sql, values)) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise translated(exc, self.path) from exc


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed program loses nothing; a machine without power may lose the last seconds, which the forge still has.
    connection.execute("PRAGMA synchronous = NORMAL")
    migrate(connection, path)
    answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if answer != "ok":
        broken = sqlite3.DatabaseError(answer)
        broken.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise broken


def _aside(path: Path) -> str:
    number = 1
    while (kept := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    for end in ("-wal", "-shm"):
        side = path.with_name(path.name + end)
        if side.exists():
            side.replace(kept.with_name(kept.name + end))
    path.replace(kept)
    return f"{path} can no longer be read: it is kept as {kept.name}, and a new one is created"


def _insert(table: str, names: tuple[str, ...], how: str = "") -> str:
    return f"INSERT {how} INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


def _values(identity: Identity) -> tuple[Any, ...]:
    return tuple(stored(getattr(identity, name)) for name in _IDENTITY)
