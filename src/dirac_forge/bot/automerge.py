"""Whether a request may be merged by conda-forge's automerge without a person looking at it.

The service merges what its own bot opened by the title, and what others opened by the label `automerge`, which later
commits take off again: it is set last (https://conda-forge.org/docs/maintainer/infrastructure/#automerge).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from dirac_forge.proposals.review_reasons import (
    AlreadyLabelled,
    AutomergeLimited,
    AutomergeOff,
    AutomergeReason,
    ChecksState,
    LabelsRefused,
    LeftForPerson,
    MergedByPeople,
    NotProposed,
    ReviewReason,
    UncomparedReleases,
    UnprovenTargets,
    WorseWithBump,
)
from dirac_forge.values import dataclass

LABEL = "automerge"

Checks = Literal["green", "red", "pending", "none"]
_MERGED_AS = {"bump": "version", "migration": "migration"}
"""The kind of a change to the value of `bot.automerge` that allows it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AutomergeVerdict:
    """Whether the label is set, and why or why not."""

    label: bool
    reason: AutomergeReason

    @property
    def later(self) -> bool:
        """Whether the answer may be another one when the checks are through."""
        return not self.label and isinstance(self.reason, ChecksState)


def review_reason(*, status: str, notes: Iterable[object], compared: bool, proof: str) -> ReviewReason | None:
    """Return why a person has to look at a bump, or None if nothing asks for one.

    `status` is the bump's, `notes` what its drift and the edit leave to do by hand, `compared` whether upstream's
    requirements of both releases were, `proof` the solver's verdict ("" if it was not asked).
    """
    if status != "proposed":
        return NotProposed(status=status)
    if not compared:
        return UncomparedReleases()
    for note in notes:
        return LeftForPerson(note=note)
    if proof in {"", "unknown"}:
        return UnprovenTargets()
    return None if proof in {"same", "better"} else WorseWithBump(outcome=proof)


def automerge(
    kind: str,
    *,
    may_label: bool,
    allowed: bool | str,
    review: ReviewReason | None,
    checks: Checks,
    labelled: bool = False,
) -> AutomergeVerdict:
    """Return whether the label goes onto an open request now.

    Args:
        kind: of the change: `bump`, `migration`, `recipe`, `fix`.
        may_label: the token's owner may (triage permission or more).
        allowed: the feedstock's `bot.automerge`: true, false, `version` or `migration`
            (https://conda-forge.org/docs/maintainer/conda_forge_yml/#bot).
        review: why a person has to look (None if drift is clean or carried over without conflicts).
        checks: of the head commit.
        labelled: it is there already.
    """
    refusal = _not_allowed(kind, allowed) or review
    if refusal is None and not may_label:
        refusal = LabelsRefused()
    if refusal is None and labelled:
        refusal = AlreadyLabelled()
    if refusal is not None:
        return AutomergeVerdict(label=False, reason=refusal)
    return AutomergeVerdict(label=checks == "green", reason=ChecksState(checks=checks))


def _not_allowed(kind: str, allowed: bool | str) -> AutomergeReason | None:
    """Return why the feedstock's maintainers do not have such a change merged automatically, or None if they do."""
    if kind not in _MERGED_AS:
        return MergedByPeople(kind=kind)
    if allowed is False:
        return AutomergeOff()
    return None if allowed in {True, _MERGED_AS[kind]} else AutomergeLimited(allowed=str(allowed))
