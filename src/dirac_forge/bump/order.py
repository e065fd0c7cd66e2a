"""The order in which bumps can be merged: what each newly needs, and whether the channel or another bump has it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rattler import Version, VersionSpec
from rattler.exceptions import InvalidVersionError, InvalidVersionSpecError

from dirac_forge.channel.listing import Availability

__all__ = ["Lack", "Move", "Need", "Place", "admits", "arranged"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
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
    """A package that the output needed before too and that the channel lacks: so the channel is only a part of the one
    that the feedstock was built with, and what it lacks may well be there. "" where there is none."""

    def __str__(self) -> str:
        return f"{self.package} {self.spec}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A bump as the order sees it."""

    key: str
    """The feedstock; of another branch `feedstock@branch`."""
    needs: tuple[Need, ...] = ()
    provides: Mapping[str, str] = field(default_factory=dict)
    """Package to the version that there will be."""
    merged: bool = False
    """No bump: the recipe is at that version already, and the channel does not have it yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lack:
    """A requirement that nothing satisfies: no channel, and no bump."""

    need: Need
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
                has += f": the channel lacks {self.need.partial} too, which the recipe needed before"
        offers = "".join(f", and the bump of {by} brings {version}" for by, version in self.offered)
        return f"{where}: {has}{offers}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
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


def arranged(moves: Iterable[Move], stands: Callable[[str, str], Availability]) -> tuple[Place, ...]:
    """The bumps in an order in which each can be installed when its turn comes; names decide where there is a choice.

    `stands` tells how a requirement (package, spec) stands in the channel. What a bump waits for goes first; bumps that
    wait for each other stand side by side, as one step.
    """
    import networkx as nx  # noqa: PLC0415  # 0.15 s that a run without a bump does without

    bumps = {move.key: move for move in moves}
    makers: dict[str, list[tuple[str, str]]] = {}
    for move in bumps.values():
        for package, version in move.provides.items():
            makers.setdefault(package, []).append((move.key, version))
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(bumps))
    merged = {key for key, move in bumps.items() if move.merged}
    found = {key: _looked_at(move, makers, merged, stands) for key, move in bumps.items()}
    for key, (awaited, _) in found.items():
        graph.add_edges_from((other, key) for other in awaited)
    condensed = nx.condensation(graph)
    members = {node: sorted(condensed.nodes[node]["members"]) for node in condensed}
    stuck = {key for key, (_, lacks) in found.items() if any(lack.certain for lack in lacks)}
    order = list(
        nx.lexicographical_topological_sort(
            condensed, key=lambda node: (any(key in stuck for key in members[node]), members[node][0])
        )
    )
    line = [key for node in order for key in members[node]]
    places = []
    for node in order:
        for key in members[node]:
            awaited, lacks = found[key]
            before = {other for above in nx.ancestors(condensed, node) for other in members[above]}
            mates = tuple(other for other in members[node] if other != key)
            waits = tuple(sorted(set(awaited) - set(mates)))
            places.append(
                Place(
                    key=key,
                    waits_for=waits,
                    because=tuple(awaited[other] for other in waits),
                    together=mates,
                    lacks=tuple(lacks),
                    behind=tuple(other for other in line if other in before),
                )
            )
    return tuple(places)


def _looked_at(
    move: Move,
    makers: Mapping[str, Sequence[tuple[str, str]]],
    merged: Collection[str],
    stands: Callable[[str, str], Availability],
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
        others = [(key, version) for key, version in makers.get(need.package, ()) if key != move.key]
        fitting = [(key, version) for key, version in others if admits(need.spec, version)]
        if fitting:
            by, version = max(fitting, key=lambda one: Version(one[1]))
            has = (
                f"the channel has {need.package} {answer.newest}"
                if answer.newest
                else f"the channel has no {need.package}"
            )
            brings = f"the recipe of {by} makes {version}" if by in merged else f"the bump of {by} brings {version}"
            awaited.setdefault(by, f"{need} ({need.section} of {need.output}): {has}, {brings}")
            continue
        if need.partial and answer.status == "missing":
            answer = Availability(status="unknown")
        lacks.append(Lack(need=need, stands=answer, offered=tuple(others)))
    lacks.sort(key=lambda lack: not lack.certain)
    return awaited, list({str(lack.need): lack for lack in reversed(lacks)}.values())[::-1]


def admits(spec: str, version: str) -> bool:
    """Whether a version satisfies conda's version spec; False for what can't be compared."""
    if not spec.strip():
        return True
    try:
        return VersionSpec("".join(spec.split())).matches(Version(version))
    except (InvalidVersionSpecError, InvalidVersionError):
        return False
