"""Builds of a proposal that need each other to be built, so that none of them can be the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dirac_forge.channel.solver import Channel
from dirac_forge.check.answer_reasons import BuildCycle, MissingPackages
from dirac_forge.check.environment_proof import EnvironmentAnswer, EnvironmentProver
from dirac_forge.check.environment_questions import Question
from dirac_forge.check.exports import Built
from dirac_forge.check.subjects import Subject
from dirac_forge.check.unbuildable import BuildKey, build_key, environment_key, environments_of

_Waiting = Mapping[BuildKey, Sequence[Question]]
"""Builds that can't be made yet, each with the environments that can't be solved yet."""


def with_cycles(
    environments: EnvironmentProver,
    answers: Sequence[EnvironmentAnswer],
    subjects: Iterable[Subject],
    *,
    channel: Channel,
    own: Sequence[Built],
) -> list[EnvironmentAnswer]:
    """Return the answers; a no for environments that need what can only be built after the package they are for.

    A package that the channel has in an older build may be built with that one.

    Args:
        environments: what gave the answers, with all packages of the proposal laid over the channel.
        answers: of all environments, or of some.
        subjects: the recipes of the proposal.
        channel: without the proposal, but with what is merged before it.
        own: what the proposal makes.
    """
    waiting = _suspects(environments, answers, subjects, own)
    while waiting:
        view = channel.overlaid([one.record for one in own if build_key(one) not in waiting])
        rest = _unsolved(environments, waiting, view)
        if rest.keys() == waiting.keys():
            break
        waiting = rest
    if not waiting:
        return list(answers)
    makers = {one.record: build_key(one) for one in own}
    needs = {
        key[1]: next(one.name for one in environments.taken(questions[0]) if makers.get(one) in waiting)
        for key, questions in waiting.items()
    }
    cycles = {environment_key(one): _cycle(key[1], needs) for key, some in waiting.items() for one in some}
    return [
        _judged(environments, one, cycles[key], channel) if (key := environment_key(one.question)) in cycles else one
        for one in answers
    ]


def _suspects(
    environments: EnvironmentProver,
    answers: Iterable[EnvironmentAnswer],
    subjects: Iterable[Subject],
    own: Sequence[Built],
) -> _Waiting:
    """Return the builds that need each other in the solutions that were found; there may be other solutions.

    They are what remains when the builds are taken away, again and again, that need none of those that are left. Most
    proposals have none, and no solver has to be asked.
    """
    asked = {environment_key(one.question): one.question for one in answers if environments.taken(one.question)}
    makers = {one.record: build_key(one) for one in own}
    left: dict[BuildKey, list[Question]] = {}
    for build, question in environments_of(subjects) if asked else ():
        known = asked.get(environment_key(question))
        if known is not None:
            left.setdefault(build, []).append(known)
    while left:
        rest = {
            build: needing
            for build, some in left.items()
            if (needing := [one for one in some if any(makers.get(it) in left for it in environments.taken(one))])
        }
        if rest.keys() == left.keys():
            return rest
        left = rest
    return left


def _unsolved(environments: EnvironmentProver, waiting: _Waiting, view: Channel) -> _Waiting:
    """Return what still waits with the packages in `view`; each environment is solved once."""
    asked = {environment_key(one): one for some in waiting.values() for one in some}
    left = {key for key, one in asked.items() if not environments.solved(environments.heard_of(one), view)}
    rest = {build: [one for one in some if environment_key(one) in left] for build, some in waiting.items()}
    return {build: some for build, some in rest.items() if some}


def _cycle(start: str, needs: Mapping[str, str]) -> tuple[str, ...]:
    """Return the packages in a circle, each needed by the one before, that `start` leads to."""
    way = [start]
    while (name := needs[way[-1]]) not in way:
        way.append(name)
    return tuple(way[way.index(name) :])


def _judged(
    environments: EnvironmentProver, answer: EnvironmentAnswer, cycle: tuple[str, ...], channel: Channel
) -> EnvironmentAnswer:
    """Return the no, or that it is unknown where the channel may be a part of another, which may have a build."""
    index = channel.index(answer.question.on)
    gap = next(filter(None, map(index.gap, cycle)), None)
    absent = tuple(name for name in cycle if not index.group(name).records)
    if gap is not None or (environments.partial and absent):
        reason = MissingPackages(names=absent or cycle, gap=gap)
        return replace(answer, status="unknown", reason=reason)
    return environments.refused(answer.question, BuildCycle(names=cycle))
