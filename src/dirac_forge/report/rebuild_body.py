"""The description of a rebuild for its reviewer: why it is rebuilt, and its place in the order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dirac_forge.report.document import Block, Bold, Code, Items, Line, Paragraph, Quote, Section, few, words
from dirac_forge.report.migration_edges import edge_sentences, requirement_place

if TYPE_CHECKING:
    from dirac_forge.migration.plan import Plan

_MOST = 10


def rebuild_sections(plan: Plan, name: str) -> tuple[Section, ...]:
    """Return the sections about a member's rebuild."""
    return (
        Section(title=plan.migration.title, blocks=tuple(_head(plan, name))),
        *Section.of("Why it is rebuilt", _because(plan, name)),
        *Section.of("Order", _order(plan, name)),
        *Section.of("Before merging", _checklist(plan), detail=True),
    )


def _head(plan: Plan, name: str) -> Iterator[Block]:
    wave = f"wave {plan.wave_of[name] + 1} of {len(plan.waves)}"
    platforms = plan.membership.members[name].platforms
    every = len(platforms) == len(plan.graph.facts[name].platforms)
    only = "" if every else f" on {words(platforms)}"
    yield Paragraph((f"{name} is rebuilt{only} for the migration ", Code(plan.migration.name), f", {wave}."))
    message = (plan.migration.settings.commit_message or "").strip().splitlines()
    if len(message) > 1:
        yield Quote(tuple(line for line in message[1:] if line.strip()))


def _because(plan: Plan, name: str) -> Iterator[Block]:
    member = plan.membership.members[name]
    lines: list[Line] = [(f"{need.section}: ", Code(requirement_place(plan, name, need))) for need in member.because]
    lines += [f"strong run_exports of {exporter}" for exporter in member.exporters]
    if lines:
        yield Items(few(lines, _MOST))


def _order(plan: Plan, name: str) -> Iterator[Block]:
    lines: list[Line] = []
    waited = set(plan.waited_for(name))
    for edge in plan.edges_of(name):
        way = " → ".join(edge.path)
        if edge.parent in waited:
            lines.append(("It waited for ", Bold(edge.parent), f" ({way}): {'; '.join(edge_sentences(plan, edge))}"))
        elif edge.broken:
            lines.append(f"It did not wait for {edge.parent} ({way}), since each needs the other.")
        else:
            lines.append(f"It did not wait for {edge.parent} ({way}): the migration says so.")
    if not waited:
        lines.insert(0, "It does not wait for another member.")
    children = plan.children[name]
    yield Items(few(lines, _MOST))
    if children:
        yield Paragraph((Bold(f"Waiting for it ({len(children)}):"), f" {words(children)}."))


def _checklist(plan: Plan) -> Iterator[Block]:
    lines: list[tuple[bool, Line]] = [
        (True, f"The build number is raised by {plan.migration.bump}; nothing else in the recipe has changed."),
        (True, ("The migration is in ", Code(f".ci_support/migrations/{plan.migration.name}.yaml"), ".")),
        (False, "The feedstock was rerendered."),
        (False, "The builds and tests of this request have passed."),
    ]
    yield Items(tuple(line for _, line in lines), done=tuple(done for done, _ in lines))
