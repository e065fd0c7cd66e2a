"""The log of a run, step by step: in the ledger for `bot why`, and as lines of JSON for log collectors."""

from __future__ import annotations

import threading
from collections.abc import Callable

from dirac_forge.errors import redact
from dirac_forge.pullrequest.journal import Journal
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.records import Identity
from dirac_forge.untrusted import dump_json


class RunLog:
    """The log of one run. Safe to use from several threads; secrets are removed."""

    def __init__(self, ledger: Ledger, run: str, write: Callable[[str], None] | None = None) -> None:
        """Write lines with `write`, which takes them without their line end; None: only the ledger is written."""
        self.run = run
        self._ledger = ledger
        self.journal = Journal(ledger=ledger, run=run)
        """Writes into the ledger."""
        self._write = write
        self._lock = threading.Lock()

    def note(self, step: str, text: str, *, about: Identity) -> None:
        """Write an event of a change, to the ledger and the log."""
        self.journal.event(about, step, text)
        self.say(step, text, about=about)

    def say(
        self, step: str, text: str = "", *, about: Identity | None = None, feedstock: str = "", **more: str
    ) -> None:
        """Write a line to the log only."""
        if self._write is None:
            return
        line = {"time": self._ledger.now().isoformat(timespec="milliseconds"), "run": self.run, "step": step}
        line["feedstock"] = about.feedstock if about is not None else feedstock
        if about is not None:
            line |= {"branch": about.branch, "kind": about.kind, "key": about.key}
        line |= {"text": text, **more}
        with self._lock:
            self._write(redact(dump_json({name: value for name, value in line.items() if value})))
