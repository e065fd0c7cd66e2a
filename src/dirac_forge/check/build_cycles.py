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
from dirac_forge.check.unbuildable import BuildKey, EnvironmentKey, build_key, environment_key, environments_of

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
    waiting = _waiting(environments, answers, subjects, channel)
    while waiting:
        view = channel.overlaid([one.record for one in own if build_key(one) not in waiting])
        rest = _unsolved(environments, waiting, view)
        if rest.keys() == waiting.keys():
            break
        waiting = rest
    if not waiting:
        return list(answers)
    needs = {key[1]: _first_needed(environments, questions[0], waiting, own) for key, questions in waiting.items()}
    cycles = {environment_key(one): _cycle(key[1], needs) for key, some in waiting.items() for one in some}
    return [
        _judged(environments, one, cycles[key], channel) if (key := environment_key(one.question)) in cycles else one
        for one in answers
    ]


def _waiting(
    environments: EnvironmentProver, answers: Iterable[EnvironmentAnswer], subjects: Iterable[Subject], channel: Channel
) -> _Waiting:
    """Return the builds with an environment that the channel alone can't fill, and the proposal can."""
    asked: dict[EnvironmentKey, Question] = {
        environment_key(one.question): one.question
        for one in answers
        if one.question.part != "run"
        and (one.status == "installable" or (one.status == "unknown" and environments.solved_as_known(one.question)))
        and not environments.solved_as_known(one.question, channel)
    }
    found: dict[BuildKey, list[Question]] = {}
    for build, question in environments_of(subjects) if asked else ():
        known = asked.get(environment_key(question))
        if known is not None:
            found.setdefault(build, []).append(known)
    return found


def _unsolved(environments: EnvironmentProver, waiting: _Waiting, view: Channel) -> _Waiting:
    """Return what still waits with the packages in `view`; each environment is solved once."""
    asked = {environment_key(one): one for some in waiting.values() for one in some}
    left = {key for key, one in asked.items() if not environments.solved_as_known(one, view)}
    rest = {build: [one for one in some if environment_key(one) in left] for build, some in waiting.items()}
    return {build: some for build, some in rest.items() if some}


def _first_needed(environments: EnvironmentProver, question: Question, waiting: _Waiting, own: Sequence[Built]) -> str:
    """Return a package that an environment has and that can't be built before it.

    There is one: with none of these, the environment would have been solved.
    """
    stuck = {one.record for one in own if build_key(one) in waiting}
    packages = environments.packages(question)
    return next(one.name for one in packages if one in stuck)


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
