"""The description of a rebuild for its reviewer: its place in the order, and what it does to targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dirac_forge.report.document import Block, Bold, Code, Items, Line, Paragraph, Quote, Section, Table, few, words
from dirac_forge.report.migration_edges import edge_sentences, requirement_place
from dirac_forge.report.proof_words import cell_words

if TYPE_CHECKING:
    from dirac_forge.migration.effects import TargetAnswer, TargetEffect, WaveEffect
    from dirac_forge.migration.plan import Plan

_MOST = 10
_WORDS = {"installable": "✓", "not-installable": "✗", "unknown": "?"}


def rebuild_sections(plan: Plan, name: str, effects: Sequence[TargetEffect] = ()) -> tuple[Section, ...]:
    """Return the sections about a member's rebuild, with the migration's `effects` on targets, if known."""
    return (
        Section(title=plan.migration.title, blocks=tuple(_head(plan, name))),
        *Section.of("Why it is rebuilt", _because(plan, name)),
        *Section.of("Order", _order(plan, name)),
        *Section.of("Targets", _targets(plan, name, effects)),
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


def _targets(plan: Plan, name: str, effects: Sequence[TargetEffect]) -> Iterator[Block]:
    number = plan.wave_of[name] + 1
    for effect in effects:
        last = _at(effect, number)
        if last:
            yield Table(
                head=(
                    "platform",
                    "today: new pin",
                    "old pin",
                    f"after wave {number}: new pin",
                    "old pin",
                    "needs this",
                ),
                rows=tuple(_row(effect, name, each) for each in last.values()),
                caption=f"Is {effect.target} installable?",
            )
        reasons = {cell_words(each.old.reason): None for each in last.values() if each.old.status == "not-installable"}
        if any(reasons):
            yield Items(tuple(f"with the old pin: {reason}" for reason in reasons if reason))


def _row(effect: TargetEffect, name: str, last: WaveEffect) -> tuple[str, ...]:
    answers = (*_answers(effect, last.platform, 0), last.new, last.old)
    closure = effect.closures.get(last.platform)
    needed = closure is not None and name in closure.members
    return (last.platform, *(_WORDS[answer.status] for answer in answers), "yes" if needed else "")


def _at(effect: TargetEffect, number: int) -> dict[str, WaveEffect]:
    return {one.platform: one for one in effect.waves if one.wave == number}


def _answers(effect: TargetEffect, platform: str, number: int) -> tuple[TargetAnswer, ...]:
    return tuple(
        answer
        for one in effect.waves
        if one.platform == platform and one.wave == number
        for answer in (one.new, one.old)
    )


def _checklist(plan: Plan) -> Iterator[Block]:
    lines: list[tuple[bool, Line]] = [
        (True, f"The build number is raised by {plan.migration.bump}; nothing else in the recipe has changed."),
        (True, ("The migration is in ", Code(f".ci_support/migrations/{plan.migration.name}.yaml"), ".")),
        (False, "The feedstock was rerendered."),
        (False, "The builds and tests of this request have passed."),
    ]
    yield Items(tuple(line for _, line in lines), done=tuple(done for done, _ in lines))
