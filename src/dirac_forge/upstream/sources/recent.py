"""What was asked within the last minutes and no HTTP cache keeps: answers of git, and of APIs asked with a token."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

from dirac_forge.store import Store
from dirac_forge.untrusted import parse_json

_FRESH = 600
"""Seconds; as long as pages without a word on their freshness are kept."""


class Recent:
    """Answers as JSON values in a store; a damaged one counts as missing."""

    def __init__(self, store: Store, *, offline: bool = False, clock: Callable[[], float] = time.time) -> None:
        """Serve what is kept; with `offline` however old it is."""
        self._store = store
        self._offline = offline
        self._clock = clock

    def get(self, kind: str, question: str) -> object:
        """Return the value that was kept, None if there is none or it is too old."""
        blob = self._store.get(kind, self._key(question))
        try:
            kept = parse_json(blob) if blob is not None else None
            if kept is None:
                return None
            age, value = self._clock() - float(kept["at"]), kept["value"]
        except (ValueError, KeyError, TypeError):
            return None
        fresh: object = value if self._offline or 0 <= age < _FRESH else None
        return fresh

    def put(self, kind: str, question: str, value: object) -> None:
        """Keep a JSON value."""
        self._store.put(kind, self._key(question), json.dumps({"at": self._clock(), "value": value}).encode())

    @staticmethod
    def _key(question: str) -> str:
        return hashlib.sha256(question.encode()).hexdigest()
