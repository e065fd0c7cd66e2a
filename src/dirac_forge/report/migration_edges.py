"""Why a member of a migration waits for another, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dirac_forge.migration.edges import Hop
    from dirac_forge.migration.plan import Edge, Plan

__all__ = ["edge_sentences"]


def edge_sentences(plan: Plan, edge: Edge) -> Iterator[str]:
    """Yield a sentence for each step: `gtk3 needs libcups in run: gtk3/recipe/meta.yaml:61: libcups`."""
    return (_sentence(plan, hop) for hop in edge.hops)


def _sentence(plan: Plan, hop: Hop) -> str:
    if not hop.needs:
        return f"{hop.child} takes {hop.parent} through strong run_exports"
    sections = " and ".join(dict.fromkeys(need.section for need in hop.needs))
    return f"{hop.child} needs {hop.parent} in {sections}: {plan.where(hop.child, hop.needs[0])}"
