"""The order in which bumps can be merged: what each newly needs, and whether the channel or another bump has it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import networkx as nx
from rattler import Version, VersionSpec
from rattler.exceptions import InvalidVersionError, InvalidVersionSpecError

from dirac_forge.channel.listing import Availability

__all__ = ["Lack", "Move", "NewNeed", "OrderPlace", "admits", "arranged", "in_order"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewNeed:
    """A requirement that a bump brings: it is new, or asks for another version than before."""

    package: str
    spec: str = ""
    """Conda's version spec, "" for any."""
    output: str
    section: Literal["build", "host", "run"]
    project: str = ""
    """The project behind it, where upstream's metadata named it."""
    optional: bool = False
    """Upstream can do without."""
    partial: str = ""
    """Why the channel is only a part of the one that the feedstock is built with, so that what it lacks may well be
    there; "" where nothing says so."""

    def __str__(self) -> str:
        return f"{self.package} {self.spec}".strip()


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
class Lack:
    """A requirement that nothing satisfies: no channel, and no bump."""

    need: NewNeed
    stands: Availability
    offered: tuple[tuple[str, str], ...] = ()
    """Bumps that make the package in a version that will not do."""

    @property
    def certain(self) -> bool:
        """Whether the bump has to wait: nobody knows better, and upstream can't do without."""
        return self.stands.status in ("missing", "outdated") and not self.need.optional

    @property
    def text(self) -> str:
        """One sentence without a full stop."""
        where = f"{self.need} ({self.need.section} of {self.need.output})"
        if self.stands.status == "outdated":
            has = f"the channel has {self.need.package} up to {self.stands.newest}"
        elif self.stands.status == "missing":
            has = f"the channel has no {self.need.package}"
        else:
            has = f"whether there is a {self.need.package} is unknown"
            if self.need.partial:
                has += f": {self.need.partial}"
        offers = "".join(f", and the bump of {by} brings {version}" for by, version in self.offered)
        return f"{where}: {has}{offers}"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderPlace:
    """One bump in the order."""

    key: str
    waits_for: tuple[str, ...] = ()
    """Bumps that have to be built first."""
    because: tuple[str, ...] = ()
    """A sentence for each of these."""
    together: tuple[str, ...] = ()
    """Bumps that wait for this one as it waits for them: one step."""
    lacks: tuple[Lack, ...] = ()
    behind: tuple[str, ...] = ()
    """All bumps that have to be built first, those too that the awaited ones wait for; in order."""


def arranged(moves: Iterable[Move], stands: Callable[[str, str], Availability]) -> tuple[OrderPlace, ...]:
    """The bumps in an order in which each can be installed when its turn comes; names decide where there is a choice.

    `stands` tells how a requirement (package, spec) stands in the channel. What a bump waits for goes first; bumps that
    wait for each other stand side by side, as one step.
    """
    bumps = {move.key: move for move in moves}
    found = {key: _looked_at(move, _others(move, bumps), stands) for key, move in bumps.items()}
    graph = _Steps({key: list(awaited) for key, (awaited, _) in found.items()})
    stuck = {key for key, (_, lacks) in found.items() if any(lack.certain for lack in lacks)}
    line = graph.line(stuck)
    places = []
    for key in line:
        awaited, lacks = found[key]
        mates = graph.mates(key)
        waits = tuple(sorted(set(awaited) - set(mates)))
        before = graph.before(key)
        places.append(
            OrderPlace(
                key=key,
                waits_for=waits,
                because=tuple(awaited[other] for other in waits),
                together=mates,
                lacks=tuple(lacks),
                behind=tuple(other for other in line if other in before),
            )
        )
    return tuple(places)


def in_order(waits: Mapping[str, Iterable[str]], *, last: Collection[str] = ()) -> list[str]:
    """Bumps by what each waits for, that first; those in `last` as late as that allows, else by name."""
    return _Steps(waits).line(last)


class _Steps:
    """Bumps and what they wait for; those that wait for each other are one step."""

    def __init__(self, waits: Mapping[str, Iterable[str]]) -> None:
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(sorted(waits))
        graph.add_edges_from((other, key) for key, others in waits.items() for other in others)
        self._steps = nx.condensation(graph)
        self._members = {node: sorted(self._steps.nodes[node]["members"]) for node in self._steps}
        self._step_of: dict[str, int] = self._steps.graph["mapping"]

    def line(self, last: Collection[str]) -> list[str]:
        """All of them."""
        late: set[int] = set()
        for node in nx.topological_sort(self._steps):
            if any(key in last for key in self._members[node]) or late & set(self._steps.predecessors(node)):
                late.add(node)
        order = nx.lexicographical_topological_sort(
            self._steps, key=lambda node: (node in late, self._members[node][0])
        )
        return [key for node in order for key in self._members[node]]

    def mates(self, key: str) -> tuple[str, ...]:
        """The others of its step."""
        return tuple(other for other in self._members[self._step_of[key]] if other != key)

    def before(self, key: str) -> set[str]:
        """All that come before its step for a reason."""
        return {other for node in nx.ancestors(self._steps, self._step_of[key]) for other in self._members[node]}


def _others(move: Move, bumps: Mapping[str, Move]) -> dict[str, list[Move]]:
    """Package to the other bumps that make it."""
    makers: dict[str, list[Move]] = {}
    for need in move.needs:
        makers[need.package] = [
            other for key, other in bumps.items() if key != move.key and need.package in other.provides
        ]
    return makers


def _looked_at(
    move: Move, makers: Mapping[str, Sequence[Move]], stands: Callable[[str, str], Availability]
) -> tuple[dict[str, str], list[Lack]]:
    """The bumps that one waits for, with a sentence for each, and what nothing satisfies."""
    awaited: dict[str, str] = {}
    lacks: list[Lack] = []
    for need in move.needs:
        if need.package in move.provides:
            continue
        answer = stands(need.package, need.spec)
        if answer.status == "available":
            continue
        name, others = need.package, makers[need.package]
        if need.partial and answer.status == "missing":
            if any(
                admits(need.spec, (other.provides if other.merged else other.had).get(name, "")) for other in others
            ):
                continue  # a feedstock made it before, so the channel that it was uploaded to has it
            answer = Availability(status="unknown")
        fitting = [other for other in others if admits(need.spec, other.provides[name])]
        if fitting:
            by = max(fitting, key=lambda other: Version(other.provides[name]))
            awaited.setdefault(by.key, _waiting(need, answer, by))
            continue
        offered = tuple((other.key, other.provides[name]) for other in others)
        lacks.append(Lack(need=need, stands=answer, offered=offered))
    lacks.sort(key=lambda lack: not lack.certain)
    return awaited, list({str(lack.need): lack for lack in reversed(lacks)}.values())[::-1]


def _waiting(need: NewNeed, answer: Availability, by: Move) -> str:
    has = f"the channel has {need.package} {answer.newest}" if answer.newest else f"the channel has no {need.package}"
    version = by.provides[need.package]
    brings = f"the recipe of {by.key} makes {version}" if by.merged else f"the bump of {by.key} brings {version}"
    return f"{need} ({need.section} of {need.output}): {has}, {brings}"


def admits(spec: str, version: str) -> bool:
    """Whether a version satisfies conda's version spec; False for what can't be compared."""
    if not version or not spec.strip():
        return bool(version)
    try:
        return VersionSpec("".join(spec.split())).matches(Version(version))
    except (InvalidVersionSpecError, InvalidVersionError):
        return False
