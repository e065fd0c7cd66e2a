"""The one path from a change to its pull request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.pullrequest.clones import Clones
from dirac_forge.pullrequest.destination import Destination
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.records import Entry, Identity

__all__ = ["Outcome", "Remake", "deliver", "observe", "withdraw"]

Remake = Callable[[Mapping[str, str]], Change | Skip]
"""Decides again from a feedstock's files (path to text) as they are now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a change."""

    identity: Identity
    state: Literal[
        "opened",
        "updated",
        "unchanged",
        "left",
        "merged",
        "closed",
        "skipped",
        "waiting",
        "failed",
        "unknown",
    ]
    """`left`: the branch has a person's commits, and is theirs now; `closed`: a person closed it, and nothing changed
    since; `skipped`: decided again, and there is nothing to do; `waiting`: not yet time for the next attempt, or
    something passes by itself; `failed`: the answer was no; `unknown`: there was no answer."""
    text: str
    """In words, for the summary and `why`."""
    url: str = ""
    number: int = 0
    superseded: tuple[str, ...] = ()
    """URLs of older requests that were closed for this one."""
    error: ForgeError | None = None
    """Where it failed."""


def deliver(
    change: Change,
    *,
    remake: Remake,
    destination: Destination,
    clones: Clones,
    ledger: Ledger,
    run: str,
    automerge: bool = False,
    force: bool = False,
    on_step: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Bring a change to its place, whatever was done of it before: exactly one request in the end.

    `automerge`: the caller found that it may be merged without a person looking. `force`: also before its next try is
    due, and also where a person closed it. `on_step` is called with a step's name right after it was carried out and
    before it is noted; a Lease's `renew` fits. Raises nothing but what `on_step` raises and what the ledger does: what
    is wrong with one change is its outcome.
    """
    raise NotImplementedError


def observe(entry: Entry, *, destination: Destination, ledger: Ledger, run: str) -> Entry:
    """What became of a change that was sent earlier: the ledger's entry, brought up to date with the forge."""
    raise NotImplementedError


def withdraw(entry: Entry, *, destination: Destination, ledger: Ledger, run: str, text: str) -> Entry:
    """Take a change back: its open request is closed, saying why, and its branch goes unless a person added to it."""
    raise NotImplementedError
