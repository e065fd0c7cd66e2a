"""What a sealed batch may ask for: changes of recipes, of feedstocks that this workspace looks after, and no others.

A batch is made where recipes are executed. Who sends it has a token, and takes nothing in it for granted.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from dirac_forge.bot.batch import Batch, BatchDecision
from dirac_forge.bot.proposed import Proposal
from dirac_forge.bot.release_lines import ReleaseLine
from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Change
from dirac_forge.pullrequest.branches import branch_name
from dirac_forge.pullrequest.paths import safe_path
from dirac_forge.pullrequest.records import Identity

_PATHS: dict[str, tuple[str, ...]] = {
    "bump": ("recipe/",),
    "migration": ("recipe/", ".ci_support/migrations/", "conda-forge.yml"),
    "recipe": ("recipe/", "conda-forge.yml"),
}
"""What a change of a kind edits; a rerender, which changes other files, is checked as a tree."""
_MOST_EDITS = 200
_LARGEST_EDIT = 4_000_000
_LONGEST_BODY = 200_000
_MENTION = re.compile(r"@(?=\w)")
_AGAIN = "Look at what ran in `dirac-forge bot prepare`: it may have changed the batch."


def checked_batch(batch: Batch, lines: Collection[ReleaseLine]) -> Batch:
    """Return the batch, whose bodies mention nobody.

    `lines` are the release lines that may be changed. Raises InputError for a batch that asks for anything else.
    """
    known = {(line.name, line.branch or "main") for line in lines}
    return replace(batch, decisions=tuple(_checked(each, known) for each in batch.decisions))


def _checked(each: BatchDecision, known: Collection[tuple[str, str]]) -> BatchDecision:
    if each.proposal is None:
        return each
    _check(each.proposal, known)
    change = each.proposal.change
    body = _MENTION.sub("@\u200b", change.body)
    return replace(each, proposal=replace(each.proposal, change=replace(change, body=body)))


def _check(proposal: Proposal, known: Collection[tuple[str, str]]) -> None:
    change = proposal.change
    about = f"the batch has a change of {change.feedstock[:100]!r} ({change.branch[:100]!r})"
    branch_name(Identity.of(change))
    if change.kind not in _PATHS:
        raise InputError(f"{about} of an unknown kind: {change.kind}", hint=_AGAIN)
    if change.kind != "recipe" and (change.feedstock, change.branch) not in known:
        raise InputError(f"{about}, which is not a release line of this workspace", hint=_AGAIN)
    if len(change.body) > _LONGEST_BODY or len(change.edits) > _MOST_EDITS:
        raise InputError(f"{about} that is too large", hint=_AGAIN)
    _check_edits(change, about)


def _check_edits(change: Change, about: str) -> None:
    for edit in change.edits:
        path = safe_path(edit.path)
        if not path.startswith(_PATHS[change.kind]):
            raise InputError(f"{about} to {path}, which a {change.kind} never changes", hint=_AGAIN)
        if len(edit.after or "") > _LARGEST_EDIT:
            raise InputError(f"{about}: {path} would exceed the size limit for a file of a feedstock", hint=_AGAIN)
