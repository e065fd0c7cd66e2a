"""The summary and the exit code of a run, from the outcomes of its changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.pullrequest.faults import environment_fault
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.records import Identity

BAD = frozenset({"failed"})
"""The answer was no, and a person should look."""
UNKNOWN = frozenset({"unknown"})
"""The answer is not known: the next run asks again."""

_SAID = {
    "opened": "opened",
    "prepared": "prepared (in the outbox)",
    "updated": "updated",
    "closed": "closed",
    "removed": "removed (from the outbox)",
    "merged": "merged",
    "done": "done",
    "waiting": "waiting",
    "failed": "failed",
    "unknown": "unknown",
}
"""What a run says of the states that count, in this order; in all others nothing was to be done."""


def exit_code(states: Iterable[str]) -> int:
    """Return 0 if everything possible is done: changes may wait, be held or have been closed by people.

    1: something failed for a reason that does not pass by itself; 3: something could not be found out, which comes
    before 1.
    """
    found = set(states)
    if found & UNKNOWN:
        return 3
    return 1 if found & BAD else 0


def outcome_of(states: Iterable[str]) -> str:
    """Return how a run went, for the ledger: `3 opened, 1 failed`."""
    counts = Counter(states)
    listed = [f"{counts[state]} {said}" for state, said in _SAID.items() if counts[state]]
    return ", ".join(listed) or "nothing to do"


def failure(identity: Identity, error: ForgeError, *, url: str = "", number: int = 0) -> Outcome:
    """Return what became of a change about which something failed: a no, or no answer."""
    fault = environment_fault(error)
    return Outcome(
        identity=identity,
        state="unknown" if fault is not None or isinstance(error, UnknownError) else "failed",
        reason=error.message,
        url=url,
        number=number,
        error=error,
        fault=fault,
    )
