"""A migration as a picture: what is drawn, whatever the format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dirac_forge.migration.plan import Plan
from dirac_forge.migration.status import State, Status
from dirac_forge.report.migration_edges import edge_sentences, requirement_place
from dirac_forge.report.migration_status import evidence_words, reason_words
from dirac_forge.values import dataclass

COLOURS: Mapping[State | Literal["planned"], str] = {
    "done": "#1b7837",
    "in-pr": "#2166ac",
    "awaiting-pr": "#d9a400",
    "awaiting-parents": "#b8b8b8",
    "not-solvable": "#e08214",
    "error": "#b2182b",
    "unknown": "#7b6b8d",
    "planned": "#5e81ac",
}
"""State to fill colour; chosen to stay apart for most kinds of colour blindness."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One member."""

    name: str
    wave: int
    state: State | Literal["planned"]
    """A state of the status, or `planned` if there is none."""
    why: str
    """What hovering shows, in lines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrow:
    """One edge."""

    parent: str
    child: str
    through: tuple[str, ...]
    """Feedstocks on the way that are not members."""
    broken: bool
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """Everything that is drawn; boxes in the order of waves and names."""

    title: str
    waves: tuple[tuple[Box, ...], ...]
    arrows: tuple[Arrow, ...]

    @property
    def states(self) -> tuple[State | Literal["planned"], ...]:
        """The states that occur, in the legend's order."""
        found = {box.state for wave in self.waves for box in wave}
        return tuple(state for state in COLOURS if state in found)


def picture_of(plan: Plan, status: Status | None = None) -> Picture:
    """Return the picture of a plan, coloured by state where a status is given."""
    states = {one.feedstock: one for one in status.feedstocks} if status is not None else {}

    def box(name: str, wave: int) -> Box:
        member = plan.membership.members[name]
        lines = [name, *(requirement_place(plan, name, need) for need in member.because)]
        lines += [f"strong run_exports of {exporter}" for exporter in member.exporters]
        if len(member.platforms) < len(plan.graph.facts[name].platforms):
            lines.append(f"only on {', '.join(member.platforms)}")
        one = states.get(name)
        if one is not None:
            words = "; ".join([*map(reason_words, one.reasons), *filter(None, [evidence_words(one.evidence)])])
            lines.append(f"{one.state}: {words}" if words else one.state)
            if one.waits_for:
                lines.append(f"waits for {', '.join(one.waits_for)}")
        return Box(name=name, wave=wave, state=one.state if one else "planned", why="\n".join(lines))

    return Picture(
        title=f"{plan.migration.name}: {plan.migration.title}",
        waves=tuple(tuple(box(name, number) for name in wave) for number, wave in enumerate(plan.waves)),
        arrows=tuple(
            Arrow(
                parent=edge.parent,
                child=edge.child,
                through=edge.path[1:-1],
                broken=edge.broken,
                why="\n".join(edge_sentences(plan, edge)),
            )
            for edge in plan.edges
        ),
    )
