"""Other proposals that unblock one: found by trying, and proved together with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor
from typing import Protocol

from dirac_forge.check.proof import HelpingProposals, Proof
from dirac_forge.check.prover import Prover, Retrial
from dirac_forge.check.subjects import Subject
from dirac_forge.errors import ForgeError, UnknownError

_MOST_ROUNDS = 4
_MOST_TO_SPARE = 6
_GOOD = ("same", "better")
_Tried = Callable[[Sequence[str], bool], Retrial]
"""Tries some proposals; with True, what is still in the way is found out too."""


class OtherProposals(Protocol):
    """The other proposals of a workspace, by key."""

    def making(self, packages: Collection[str]) -> Sequence[str]:
        """Return the keys of those that make one of these packages."""
        ...

    def subjects(self, keys: Sequence[str]) -> Sequence[Subject]:
        """Return these and what they wait for, in the order in which they are merged."""
        ...


def helping_proposals(
    prover: Prover,
    subjects: Sequence[Subject],
    beside: Sequence[Subject],
    proof: Proof,
    others: OtherProposals,
    *,
    executor: Executor | None = None,
) -> HelpingProposals | None:
    """Return the smallest set found of other proposals that unblock `subjects`, or None if none helps.

    What stands in the way is looked for among `others`; where it gives way and something else is in the way then, that
    is looked for too. Every target and environment that the proposal makes worse has to be as good as before with the
    set, and merging all of it at once must not make anything worse either.

    Args:
        prover: the one that made `proof`.
        subjects: the proposal: recipes that are merged together.
        beside: proposals that are merged before anyway.
        proof: of the proposal with `beside`.
        others: the proposals to choose from.
        executor: runs the solves; it must not be one whose threads wait for this.

    Raises:
        ForgeError: a recipe can't be built on paper, or the channel can't be read.
    """
    if proof.outcome in _GOOD:
        return None
    known = {one.key for one in (*subjects, *beside)}

    def with_(keys: Sequence[str]) -> list[Subject]:
        return [*beside, *(one for one in others.subjects(keys) if one.key not in known)]

    def tried(keys: Sequence[str], explains: bool) -> Retrial:
        try:
            return prover.retried(subjects, with_(keys), proof, explains=explains)
        except UnknownError:
            raise
        except ForgeError:  # one of the recipes can't be built on paper, and so helps nobody
            return Retrial(holds=False)

    def making(packages: Collection[str]) -> list[str]:
        return [key for key in others.making(packages) if key not in known]

    first = making(proof.culprits)
    # All at once, since most help each other; one of them may be in the way of what another one mends.
    starts = [first, *([key] for key in first if 1 < len(first) <= _MOST_TO_SPARE)]
    chosen = next((keys for start in starts if (keys := _grown(start, making, tried))), [])
    if not chosen:
        return None
    smallest = len(chosen) <= _MOST_TO_SPARE
    if smallest:
        chosen = _fewest(chosen, tried)
    return _proved(prover, subjects, with_(chosen), chosen, smallest=smallest, beside=beside, executor=executor)


def _grown(start: Sequence[str], making: Callable[[Collection[str]], Sequence[str]], tried: _Tried) -> list[str]:
    """Return proposals with which nothing is in the way, `start` among them, or [] if none are found."""
    chosen: list[str] = []
    fresh = list(start)
    for _ in range(_MOST_ROUNDS):
        if not fresh:
            return []
        chosen += fresh
        found = tried(chosen, True)
        if found.holds:
            return chosen
        fresh = [key for key in making(found.culprits) if key not in chosen]
    return []


def _fewest(keys: Sequence[str], tried: _Tried) -> list[str]:
    left = list(keys)
    for key in keys:
        fewer = [other for other in left if other != key]
        if fewer and tried(fewer, False).holds:
            left = fewer
    return left


def _proved(
    prover: Prover,
    subjects: Sequence[Subject],
    merged: Sequence[Subject],
    keys: Sequence[str],
    *,
    smallest: bool,
    beside: Sequence[Subject],
    executor: Executor | None,
) -> HelpingProposals | None:
    """Return the set where the whole proof holds, of the proposal after it and of all of it together."""
    before = {one.key for one in beside}
    helpers = [one for one in merged if one.key not in before]
    alone = prover.proof(subjects, merged, executor=executor)
    if alone.outcome not in _GOOD:
        return None
    together = prover.proof([*subjects, *helpers], beside, executor=executor)
    return HelpingProposals(keys=tuple(keys), smallest=smallest, proof=alone) if together.outcome in _GOOD else None
