"""The ledger: what the bot knows beyond what the forge shows. One SQLite file, one writer at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from dirac_forge.pullrequest.records import Entry, Event, Identity, Line, Run, State

__all__ = ["Clock", "Ledger"]

Clock = Callable[[], datetime]


class Ledger:
    """Changes and their outcomes, release lines, events and runs. Safe to use from several threads.

    Secrets are redacted from every text before it is written. Every call raises UnknownError where another program
    keeps the file locked for longer than the time limit, and ForgeError where it can't be written (a full disk);
    nothing is half written then.
    """

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        timeout: float = 30.0,
        warned: Callable[[str], None] = lambda _: None,
    ) -> Ledger:
        """The ledger in this file, made where there is none. `clock` gives aware times; `timeout` is in seconds.

        A file that is no ledger any more is moved aside (`ledger.sqlite.corrupt-1`), which `warned` is told, and a new
        one is begun: `rebuilt` says so. Raises InputError where a newer version of this program wrote it.
        """
        raise NotImplementedError

    rebuilt: bool
    """What was there could not be read: what stands on the forge must be looked up."""

    def now(self) -> datetime:
        """The clock's time, in UTC."""
        raise NotImplementedError

    def close(self) -> None:
        """Done with it."""
        raise NotImplementedError

    def entry(self, identity: Identity) -> Entry | None:
        """One change."""
        raise NotImplementedError

    def entries(
        self, *, feedstock: str = "", branch: str = "", kind: str = "", batch: str = "", states: tuple[State, ...] = ()
    ) -> tuple[Entry, ...]:
        """Changes, in the order of their identities; "" and () mean all."""
        raise NotImplementedError

    def put(self, entry: Entry) -> Entry:
        """Remember a change, instead of what was remembered of the same identity."""
        raise NotImplementedError

    def failed(self, identity: Identity, text: str, *, waiting: bool = False) -> Entry:
        """One more attempt failed: noted, with the time of the next one."""
        raise NotImplementedError

    def done(self, identity: Identity) -> Entry | None:
        """The channel has the package."""
        raise NotImplementedError

    def looked(self, line: Line) -> None:
        """Remember what was found and decided for a release line."""
        raise NotImplementedError

    def lines(self, *, feedstock: str = "") -> tuple[Line, ...]:
        """What was last found and decided."""
        raise NotImplementedError

    def record(self, event: Event) -> None:
        """Note that something happened."""
        raise NotImplementedError

    def events(self, *, feedstock: str = "", run: str = "", last: int = 200) -> tuple[Event, ...]:
        """The last ones, oldest first, in the order in which they were noted (clocks jump)."""
        raise NotImplementedError

    def start_run(self) -> Run:
        """A new run, with an id that sorts by time."""
        raise NotImplementedError

    def end_run(self, run: Run, outcome: str) -> Run:
        """A run is over."""
        raise NotImplementedError

    def runs(self, *, last: int = 20) -> tuple[Run, ...]:
        """The last ones, newest first."""
        raise NotImplementedError

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One change to the file: all of it is written, or nothing."""
        raise NotImplementedError
