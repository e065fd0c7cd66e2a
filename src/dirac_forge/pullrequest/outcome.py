"""The outcome of a change."""

from __future__ import annotations

from typing import Literal

from dirac_forge.errors import ForgeError
from dirac_forge.proposals.outcome_reasons import OutcomeReason
from dirac_forge.pullrequest.faults import Fault
from dirac_forge.pullrequest.records import Identity
from dirac_forge.report.bot_words import reason_code, worded
from dirac_forge.values import dataclass

OutcomeState = Literal[
    "opened",
    "updated",
    "prepared",
    "unchanged",
    "theirs",
    "left",
    "merged",
    "closed",
    "removed",
    "skipped",
    "waiting",
    "failed",
    "unknown",
]
"""`prepared`: in the outbox; `theirs`: someone else's open request makes the same change; `left`: the branch has a
person's commits, and is theirs now; `closed`: a person closed it, or we did; `removed`: taken out of the outbox;
`skipped`: decided again, and there is nothing to do; `waiting`: not yet time for the next attempt; `failed`: the answer
was no; `unknown`: there was no answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The outcome of a change."""

    identity: Identity
    """That of what was decided last: where the feedstock moved on, another key than the change had."""
    state: OutcomeState
    reason: OutcomeReason
    """Why it is so."""
    url: str = ""
    number: int = 0
    superseded: tuple[str, ...] = ()
    """URLs of older requests that were closed for this one."""
    refused: str = ""
    """Why the forge did not take labels or reviewers, in its words; "" if it did."""
    error: ForgeError | None = None
    """Why it failed, or why the answer is not known."""
    fault: Fault | None = None
    """What is wrong with the environment, where that is the reason."""

    @property
    def text(self) -> str:
        """The reason in words, for the summary and `why`."""
        said = worded(self.reason)
        return f"{said} (labels or reviewers were refused: {self.refused})" if self.refused else said

    @property
    def code(self) -> str:
        """The reason's type, for programs."""
        return reason_code(self.reason)
