"""What a run does, step by step: into the ledger for `bot why`, and as lines of JSON for whoever collects logs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from dirac_forge.errors import redact
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.records import Event, Identity

__all__ = ["Journal"]


class Journal:
    """Events of one run. Safe to use from several threads; without secrets."""

    def __init__(self, ledger: Ledger, run: str, write: Callable[[str], None] | None = None) -> None:
        """`write` takes a line without its end; None: there is no log."""
        self._ledger = ledger
        self._run = run
        self._write = write
        self._lock = threading.Lock()

    def note(self, step: str, text: str = "", *, about: Identity | None = None, feedstock: str = "") -> None:
        """Something that happened: for the ledger and for the log."""
        if about is not None:
            feedstock = about.feedstock
        event = Event(
            time=self._ledger.now(),
            run=self._run,
            feedstock=feedstock,
            branch=about.branch if about is not None else "",
            kind=about.kind if about is not None else "",
            key=about.key if about is not None else "",
            step=step,
            text=text,
        )
        self._ledger.record(event)
        self.log(step, text, about=about, feedstock=feedstock)

    def log(
        self, step: str, text: str = "", *, about: Identity | None = None, feedstock: str = "", **more: str
    ) -> None:
        """Something for the log only."""
        if self._write is None:
            return
        line = {"time": self._ledger.now().isoformat(timespec="milliseconds"), "run": self._run, "step": step}
        line["feedstock"] = about.feedstock if about is not None else feedstock
        if about is not None:
            line |= {"branch": about.branch, "kind": about.kind, "key": about.key}
        line |= {"text": text, **more}
        with self._lock:
            self._write(redact(json.dumps({name: value for name, value in line.items() if value}, ensure_ascii=False)))
