"""Why a feedstock is a member of a migration, and why it waits for another, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dirac_forge.feedstock.facts import Need
    from dirac_forge.migration.edges import Hop
    from dirac_forge.migration.plan import Edge, Plan


def edge_sentences(plan: Plan, edge: Edge) -> Iterator[str]:
    """Yield a sentence for each step: `gtk3 needs libcups in run: gtk3/recipe/meta.yaml:61: libcups`."""
    return (_sentence(plan, hop) for hop in edge.hops)


def membership_reasons(plan: Plan, name: str) -> tuple[str, ...]:
    """Return the requirements that make a feedstock a member."""
    return tuple(requirement_place(plan, name, need) for need in plan.membership.members[name].because)


def requirement_place(plan: Plan, feedstock: str, need: Need) -> str:
    """Return a requirement with its place, its condition, and the platforms if they are not all."""
    facts = plan.graph.facts[feedstock]
    text = f"{plan.graph.place(feedstock, need.line)}: {need.written}"
    platforms = facts.platforms_of(need.platforms)
    if len(platforms) < len(facts.platforms):
        text += f" (on {', '.join(platforms)})"
    return f"{text} (perhaps: {need.condition})" if need.condition else text


def _sentence(plan: Plan, hop: Hop) -> str:
    if not hop.needs:
        return f"{hop.child} takes {hop.parent} through strong run_exports"
    sections = " and ".join(dict.fromkeys(need.section for need in hop.needs))
    return f"{hop.child} needs {hop.parent} in {sections}: {requirement_place(plan, hop.child, hop.needs[0])}"
