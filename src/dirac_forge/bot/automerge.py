"""Whether a request may be merged by conda-forge's automerge without a person looking at it.

The service merges what its own bot opened by the title, and what others opened by the label `automerge`, which later
commits take off again: it is set last (https://conda-forge.org/docs/maintainer/infrastructure/#automerge).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["LABEL", "AutomergeVerdict", "automerge", "review_reason"]

LABEL = "automerge"

Checks = Literal["green", "red", "pending", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AutomergeVerdict:
    """Whether the label is set, and why not."""

    label: bool
    reason: str
    later: bool = False
    """Not yet, but perhaps when the checks are through."""


def review_reason(*, status: str, notes: Iterable[str], todo: Iterable[str], compared: bool, proof: str) -> str:
    """Why a person has to look at a bump; "" where nothing asks for one.

    `status` is the bump's, `todo` what its drift leaves for a hand, `notes` what the edit itself leaves open,
    `compared` whether upstream's requirements of both releases were, `proof` the solver's verdict ("" where it was
    not asked).
    """
    if status != "proposed":
        return f"it is {status}"
    if not compared:
        return "the requirements of the two releases were not compared"
    for text in (*todo, *notes):
        return f"something is left for a person: {text}"
    if proof in {"", "unknown"}:
        return "no solver has said what it does to the targets"
    return "" if proof in {"same", "better"} else f"with it the targets are {proof} off"


def automerge(
    kind: str, *, may_label: bool, allowed: bool | str, review: str, checks: Checks, labelled: bool = False
) -> AutomergeVerdict:
    """Whether the label goes onto an open request now.

    Args:
        kind: of the change: `bump`, `migration`, `recipe`, `fix`.
        may_label: the token's owner may (triage permission or more).
        allowed: the feedstock's `bot.automerge`: true, false, `version` or `migration`
            (https://conda-forge.org/docs/maintainer/conda_forge_yml/#bot).
        review: why a person has to look ("" where drift is clean or carried over without conflicts).
        checks: of the head commit.
        labelled: it is there already.
    """
    wanted = {"bump": "version", "migration": "migration"}.get(kind)
    refusal = ""
    if wanted is None:
        refusal = f"a {kind} is for people to merge"
    elif allowed is False:
        refusal = "bot.automerge of the feedstock does not allow it"
    elif allowed not in {True, wanted}:
        refusal = f"bot.automerge of the feedstock allows it for {allowed} only"
    elif review:
        refusal = review
    elif not may_label:
        refusal = "the bot may not set labels there: a maintainer can"
    elif labelled:
        refusal = "the label is already set"
    if refusal:
        return AutomergeVerdict(label=False, reason=refusal)
    return _VERDICTS[checks]


_VERDICTS: dict[Checks, AutomergeVerdict] = {
    "green": AutomergeVerdict(label=True, reason="all checks passed"),
    "red": AutomergeVerdict(label=False, reason="checks failed", later=True),
    "none": AutomergeVerdict(label=False, reason="no check has started", later=True),
    "pending": AutomergeVerdict(label=False, reason="checks are running", later=True),
}
