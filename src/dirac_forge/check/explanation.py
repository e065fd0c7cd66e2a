"""The shortest true explanation of a no: the causes, each with the chain from what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from dirac_forge.channel.records import name_of
from dirac_forge.check.analysis import Analysis
from dirac_forge.check.causes import Cause, Demand, Jointly, PinConflict
from dirac_forge.check.obstacles import Elsewhere
from dirac_forge.check.walk import Walk

_MOST_VERSIONS = 6
_MOST_CASES = 40
_MOST_SOLVES = 60
_DEFINITE = ("version", "unknown-name", "broken", "no-build", "channel")
Solves = Callable[[Sequence[str]], bool]


def explain(analysis: Analysis, *, elsewhere: Elsewhere, solves: Solves | None = None) -> tuple[Cause, ...]:
    """Return the causes, the shortest chain first, or () if none is found.

    Args:
        analysis: of the question that has no solution.
        elsewhere: the other platforms for which there are builds of a name.
        solves: whether some specs can be installed together; asked if the analysis finds no contradiction.
    """
    if analysis.contradiction is None:
        return _by_cases(analysis, elsewhere) or (_jointly(analysis, solves) if solves is not None else ())
    return _contradictions(analysis, analysis.contradiction, elsewhere)


def _contradictions(analysis: Analysis, first: str, elsewhere: Elsewhere) -> tuple[Cause, ...]:
    """Return the causes of the contradiction that says most; of what is missing outright, all."""
    dead = [name for name, by in analysis.required.items() if not by and not analysis.left.get(name)]
    found = [Walk(analysis, elsewhere).causes_of(name) for name in dead or [first]]
    # What is requested and is not there is missing whatever else fails, so all of it is reported.
    missing = [cause for causes in found for cause in causes if is_missing(cause)]
    return tuple(missing) or tuple(min(found, key=_weight))


def is_missing(cause: Cause) -> bool:
    """Whether what is requested is not there: that is a no by itself."""
    return len(cause.chain) == 1 and cause.kind in _DEFINITE


def _by_cases(analysis: Analysis, elsewhere: Elsewhere) -> tuple[Cause, ...]:
    """Return causes case by case: a package of which every remaining version leads to another contradiction."""
    tries = 0
    for name, versions in _few_versions(analysis):
        causes: list[Cause] = []
        for version in versions:
            tries += 1
            pin = f"{name} =={version}"
            case = Analysis(analysis.index, (*analysis.specs, pin))
            if case.contradiction is None or tries > _MOST_CASES:
                break
            found = explain(case, elsewhere=elsewhere)
            if not found:
                break
            first = next((cause for cause in found if not _rests_on(cause, pin)), found[0])
            # In the case its package is asked for; the user asked for something that needs it.
            chain = (*analysis.way(name), *first.chain[1:]) if first.chain[0] == name else first.chain
            causes.append(replace(first, chain=chain, case=(name, version), instead=False))
        if len(causes) == len(versions):
            return tuple(causes)
        if tries > _MOST_CASES:
            break
    return ()


def _few_versions(analysis: Analysis) -> list[tuple[str, list[str]]]:
    """Return the required names of which a few versions are left, those that most others need first."""
    found = []
    for name in analysis.required:
        left = analysis.left[name]
        records = analysis.index.group(name).records
        versions = list(dict.fromkeys(record.version for at, record in enumerate(records) if left >> at & 1))
        if 1 < len(versions) <= _MOST_VERSIONS and not name.startswith("__"):
            found.append((name, versions))
    return sorted(found, key=lambda one: (-len(analysis.users(one[0])), len(one[1]), one[0]))


def _rests_on(cause: Cause, pin: str) -> bool:
    """Whether a cause is a conflict with the version that was only assumed."""
    assumed = Demand(specs=(pin,))
    return isinstance(cause.obstacle, PinConflict) and assumed in (cause.obstacle.first, cause.obstacle.second)


def _jointly(analysis: Analysis, solves: Solves) -> tuple[Cause, ...]:
    """Return the fewest specs that can't be installed together; of one package that alone can't, what it needs.

    () if no two are found, or if the specs have a solution: then more was asked than they say.
    """
    specs: Sequence[str] = analysis.specs
    chain: tuple[str, ...] = ()
    while not solves(specs):
        core = _fewest(specs, solves)
        names = [spec for spec in core if name_of(spec) != "python"]
        newest = analysis.index.newest(names[0]) if len(names) == 1 else None
        below = (*newest.depends, *(spec for spec in core if spec not in names)) if newest is not None else ()
        if newest is None or newest.name in chain or not below or solves(below):
            who = (*chain, name_of(core[0]))[: max(len(chain), 1)]
            return (Cause(obstacle=Jointly(specs=core, by=chain), package=who[-1], chain=who),) if len(core) > 1 else ()
        chain, specs = (*chain, newest.name), below
    return ()


def _fewest(specs: Sequence[str], solves: Solves) -> tuple[str, ...]:
    """Leave out what a contradiction does not need, in pieces that get smaller, with at most so many solves."""
    left = list(dict.fromkeys(specs))
    size, tries = max(len(left) // 2, 1), 0
    while tries < _MOST_SOLVES:
        at = 0
        while at < len(left) and tries < _MOST_SOLVES:
            fewer = left[:at] + left[at + size :]
            tries += 1
            if fewer and not solves(fewer):
                left = fewer
            else:
                at += size
        if size == 1:
            break
        size = max(size // 2, 1)
    return tuple(left)


def _weight(causes: Iterable[Cause]) -> tuple[int, bool]:
    """Rank what was asked for and fails: the shortest way to its causes says most."""
    causes = list(causes)
    longest = max((len(cause.chain) for cause in causes if not cause.instead), default=99)
    return longest, all(cause.kind not in ("version", "unknown-name", "broken") for cause in causes)
