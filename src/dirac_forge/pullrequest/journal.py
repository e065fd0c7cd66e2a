"""Steps of deliveries, noted in the ledger as they are carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.files import unreadable
from dirac_forge.pullrequest.faults import Fault
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.records import Event, Identity, LedgerEntry
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """The ledger, within a run."""

    ledger: Ledger
    run: str
    on_step: Callable[[str], None] = lambda _: None
    """Told of each step right after it was carried out and before it is noted."""

    def note(self, identity: Identity, step: str, text: str, **changes: Any) -> LedgerEntry:
        """Record that a step was carried out and what is known of the change now, with an event if `text` is given."""
        self.on_step(step)
        with self.ledger.transaction():
            known = self.ledger.entry(identity) or LedgerEntry(identity=identity)
            entry = self.ledger.put(replace(known, **{"step": step, **changes}))
            if text:
                self.event(identity, step, text)
        return entry

    def failed(self, identity: Identity, exc: ForgeError | OSError, *, fault: Fault | None = None) -> ForgeError:
        """Note that an attempt failed, and return the error in words.

        Only what is wrong with the change backs off: a `fault` of the environment and a host that does not answer are
        nobody's fault, and the next run tries again.
        """
        error = exc if isinstance(exc, ForgeError) else UnknownError(f"the disk: {unreadable(exc)}")
        waiting = fault is not None or isinstance(exc, (UnknownError, OSError))
        with self.ledger.transaction():
            entry = self.ledger.failed(identity, error.message, waiting=waiting)
            after = "the next run" if entry.next_try is None else f"{entry.next_try:%Y-%m-%d %H:%M} UTC"
            self.event(identity, "failed", f"{error.message}; next try: {after}")
        return error

    def once(self, identity: Identity, step: str, text: str) -> None:
        """Record an event unless it repeats the feedstock's last one."""
        for last in self.ledger.events(feedstock=identity.feedstock, last=1):
            if (last.step, last.text, last.key, last.branch) == (step, text, identity.key, identity.branch):
                return
        self.event(identity, step, text)

    def event(self, identity: Identity, step: str, text: str) -> None:
        """Record something that changes nothing of what is known."""
        self.ledger.record(
            Event(
                time=self.ledger.now(),
                run=self.run,
                feedstock=identity.feedstock,
                branch=identity.branch,
                kind=identity.kind,
                key=identity.key,
                step=step,
                text=text,
            )
        )
