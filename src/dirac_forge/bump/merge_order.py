"""The order in which bumps can be merged: what each newly needs, and whether the channel or another bump has it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from graphlib import TopologicalSorter
from heapq import heapify, heappop, heappush

from rattler import Version, VersionSpec
from rattler.exceptions import InvalidVersionError, InvalidVersionSpecError

from dirac_forge.bump.new_needs import Awaited, Lack, NewNeed
from dirac_forge.channel.listing import Availability
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A bump as the order sees it."""

    key: str
    """The feedstock; of another branch `feedstock@branch`."""
    needs: tuple[NewNeed, ...] = ()
    provides: Mapping[str, str] = field(default_factory=dict)
    """Package to the version that there will be."""
    had: Mapping[str, str] = field(default_factory=dict)
    """Package to the version that the recipe makes without the bump."""
    merged: bool = False
    """No bump: the recipe is at that version already, and the channel does not have it yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderPlace:
    """One bump in the order."""

    key: str
    waits_for: tuple[str, ...] = ()
    """Bumps that have to be built first."""
    because: tuple[Awaited, ...] = ()
    """Why, for each of these."""
    together: tuple[str, ...] = ()
    """Bumps that wait for this one as it waits for them: one step."""
    lacks: tuple[Lack, ...] = ()
    behind: tuple[str, ...] = ()
    """All bumps that have to be built first, those too that the awaited ones wait for; in order."""


def arranged(moves: Iterable[Move], availability: Callable[[str, str], Availability]) -> tuple[OrderPlace, ...]:
    """Return the bumps in an order in which each can be installed when its turn comes, else by name.

    `availability` returns how the channel satisfies a requirement (package, spec). What a bump waits for goes first;
    bumps that wait for each other are next to each other, as one step.
    """
    bumps = {move.key: move for move in moves}
    questions = {key: _Questions(move, bumps, availability) for key, move in bumps.items()}
    answers = {key: asked.answered() for key, asked in questions.items()}
    graph = _Steps({key: list(awaited) for key, (awaited, _) in answers.items()})
    line = graph.line({key for key, (_, lacks) in answers.items() if any(lack.certain for lack in lacks)})
    return tuple(_place(key, *answers[key], graph, line) for key in line)


def _place(
    key: str, awaited: Mapping[str, Awaited], lacks: Sequence[Lack], graph: _Steps, line: Sequence[str]
) -> OrderPlace:
    mates, before = graph.mates(key), graph.before(key)
    waits = tuple(sorted(set(awaited) - set(mates)))
    return OrderPlace(
        key=key,
        waits_for=waits,
        because=tuple(awaited[other] for other in waits),
        together=mates,
        lacks=tuple(lacks),
        behind=tuple(other for other in line if other in before),
    )


def in_order(waits: Mapping[str, Iterable[str]], *, last: Collection[str] = ()) -> list[str]:
    """Return the bumps, each after what it waits for; those in `last` as late as possible, others by name."""
    return _Steps(waits).line(last)


class _Steps:
    """Bumps and what they wait for; those that wait for each other are one step.

    There are tens of bumps in a run: what each waits for in the end is kept as a set.
    """

    def __init__(self, waits: Mapping[str, Iterable[str]]) -> None:
        self._waits = {key: tuple(waits[key]) for key in sorted(waits)}
        self._behind = {key: self._awaited_by(key) for key in self._waits}
        self._step = {key: tuple(sorted({key, *self._mutual(key)})) for key in self._waits}

    def _awaited_by(self, key: str) -> frozenset[str]:
        """Return the bumps that one waits for, those too that these wait for."""
        found: set[str] = set()
        todo = list(self._waits[key])
        while todo:
            other = todo.pop()
            if other not in found:
                found.add(other)
                todo += self._waits[other]
        return frozenset(found)

    def line(self, last: Collection[str]) -> list[str]:
        """Return all bumps in order; `last` come as late as they can."""
        stuck = {key for key, behind in self._behind.items() if not set(last).isdisjoint({key, *behind})}
        late = {key for key in self._waits if not stuck.isdisjoint(self._step[key])}
        sorter = TopologicalSorter({self._step[key]: self._steps_before(key) for key in self._waits})
        sorter.prepare()
        ready = [(step[0] in late, step) for step in sorter.get_ready()]
        heapify(ready)
        found: list[str] = []
        while ready:
            _, step = heappop(ready)
            found += step
            sorter.done(step)
            for following in sorter.get_ready():
                heappush(ready, (following[0] in late, following))
        return found

    def _steps_before(self, key: str) -> set[tuple[str, ...]]:
        return {self._step[other] for other in self._behind[key]} - {self._step[key]}

    def _mutual(self, key: str) -> set[str]:
        return {other for other in self._behind[key] if key in self._behind[other]}

    def mates(self, key: str) -> tuple[str, ...]:
        """Return the others of its step."""
        return tuple(other for other in self._step[key] if other != key)

    def before(self, key: str) -> set[str]:
        """Return all that come before its step for a reason."""
        return set(self._behind[key]) - set(self._step[key])


class _Questions:
    """What one bump needs, against the channel and the other bumps."""

    def __init__(self, move: Move, bumps: Mapping[str, Move], availability: Callable[[str, str], Availability]) -> None:
        self._move = move
        self._others = [other for key, other in bumps.items() if key != move.key]
        self._availability = availability
        self._awaited: dict[str, Awaited] = {}
        self._lacks: list[Lack] = []

    def answered(self) -> tuple[Mapping[str, Awaited], list[Lack]]:
        """Return the bumps that it waits for, and what nothing satisfies, the certain ones first."""
        for need in self._move.needs:
            if need.package not in self._move.provides:
                self._ask(need)
        self._lacks.sort(key=lambda lack: not lack.certain)
        unique = {str(lack.need): lack for lack in reversed(self._lacks)}
        return self._awaited, list(unique.values())[::-1]

    def _ask(self, need: NewNeed) -> None:
        answer = self._availability(need.package, need.spec)
        makers = [other for other in self._others if need.package in other.provides]
        if need.partial and answer.status == "missing":
            if any(_made_before(need, other) for other in makers):
                return  # the channel that it was uploaded to has it
            answer = Availability(status="unknown")
        if answer.status != "available":
            self._await_maker(need, answer, makers)

    def _await_maker(self, need: NewNeed, answer: Availability, makers: Sequence[Move]) -> None:
        offers = {other.key: other.provides[need.package] for other in makers}
        fitting = [other for other in makers if admits(need.spec, offers[other.key])]
        if not fitting:
            self._lacks.append(Lack(need=need, availability=answer, offered=tuple(offers.items())))
            return
        by = max(fitting, key=lambda other: Version(offers[other.key]))
        awaited = Awaited(need=need, newest=answer.newest, key=by.key, version=offers[by.key], merged=by.merged)
        self._awaited.setdefault(by.key, awaited)


def _made_before(need: NewNeed, move: Move) -> bool:
    versions = move.provides if move.merged else move.had
    return admits(need.spec, versions.get(need.package, ""))


def is_newer(version: str, other: str) -> bool:
    """Whether conda orders `version` after `other`; False for what can't be compared."""
    try:
        return Version(version) > Version(other)
    except InvalidVersionError:
        return False


def admits(spec: str, version: str) -> bool:
    """Whether a version satisfies conda's version spec; False for what can't be compared."""
    if not version or not spec.strip():
        return bool(version)
    try:
        return VersionSpec("".join(spec.split())).matches(Version(version))
    except (InvalidVersionSpecError, InvalidVersionError):
        return False
