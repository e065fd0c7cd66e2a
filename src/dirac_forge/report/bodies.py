"""The bodies of changes, written when everything that belongs in them is known.

Decisions are values without words; callers that show or send a change get its body here first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from dirac_forge.bump.new_recipes import NewRecipe
from dirac_forge.bump.proposal import Bump
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.report.bump_body import bump_sections
from dirac_forge.report.bump_checklist import written
from dirac_forge.report.bump_reasons import chosen, described, recipe_reason
from dirac_forge.report.document import Code, Items, Line, Link, Paragraph, Section
from dirac_forge.report.markdown import markdown
from dirac_forge.report.migration_edges import membership_reasons
from dirac_forge.report.recipe_body import recipe_sections

if TYPE_CHECKING:
    from dirac_forge.migration.plan import Plan
    from dirac_forge.recipe.making.judging import Needed
    from dirac_forge.recipe.model import Recipe


def with_body(bump: Bump, *, waiting: Sequence[str] = ()) -> Bump:
    """Return the bump with reasons and Markdown for its change and for the recipes that it needs.

    `waiting` are feedstocks whose proposals wait for it.
    """
    sections = (*bump_sections(bump, waiting=waiting), next_steps(bump.change))
    changes = bump.drift.changes if bump.drift is not None and written(bump) else ()
    reasons = (chosen(bump), *map(described, changes))
    return replace(
        bump,
        change=replace(bump.change, reasons=reasons, body=markdown(sections)),
        recipes=tuple(replace(new, change=_with_reasons(new)) for new in bump.recipes),
    )


def _with_reasons(new: NewRecipe) -> Change:
    change = replace(new.change, reasons=(recipe_reason(new),))
    return with_recipe_body(change, new.recipe, new.needed, needed_for=[new.wanted_by])


def with_bodies(results: Iterable[Bump | Skip]) -> tuple[Bump | Skip, ...]:
    """Return the results of a run, each bump with its body: it says who of the others waits for it."""
    found = tuple(results)
    return tuple(with_body(one, waiting=dependents_of(one, found)) if isinstance(one, Bump) else one for one in found)


def with_rebuild_body(change: Change, plan: Plan) -> Change:
    """Return a rebuild of a member with reasons and Markdown."""
    from dirac_forge.report.rebuild_body import rebuild_sections  # noqa: PLC0415  # plans need networkx: 0.3 s for a bump

    name = plan.label_of(change.feedstock, change.branch)
    sections = (*rebuild_sections(plan, name), next_steps(change))
    return replace(change, reasons=membership_reasons(plan, name), body=markdown(sections))


def with_recipe_body(
    change: Change, recipe: Recipe, needed: Sequence[Needed] = (), *, needed_for: Sequence[str] = ()
) -> Change:
    """Return a new recipe with its Markdown; `needed_for` are the feedstocks that wait for it."""
    sections = (*recipe_sections(recipe, needed, needed_for=needed_for), next_steps(change))
    return replace(change, body=markdown(sections))


def dependents_of(bump: Bump, results: Iterable[Bump | Skip]) -> tuple[str, ...]:
    """Return the feedstocks among `results` that wait for a bump, by its feedstock's name or a package of it."""
    names = {bump.change.feedstock}
    names |= {line.output for line in bump.drift.changes} if bump.drift is not None else set()
    names |= {one.output for one in bump.proof.environments} if bump.proof is not None else set()
    return tuple(
        dict.fromkeys(
            other.change.feedstock
            for other in results
            if isinstance(other, Bump) and other is not bump and names & set(other.waits_for)
        )
    )


_HOME = "https://github.com/DIRACGrid/dirac-forge"
_CLOSED: dict[Literal["bump", "migration", "recipe", "fix"], str] = {
    "bump": "this version is not proposed again, but the next one is.",
    "migration": "the rebuild is not proposed again, and feedstocks that depend on it keep waiting.",
    "recipe": "the recipe is not proposed again.",
    "fix": "the fix is not proposed again.",
}
_SETTINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "bump": (
        ("bot: {version_updates: {exclude: [VERSION]}}", "skips a version"),
        ("bot: {version_updates: {skip: true}}", "stops all version updates"),
        ("bot: {inspection: disabled}", "leaves requirements alone"),
        ("bot: {remake_prs_with_conflicts: false}", "leaves conflicts to you"),
        ("bot: {automerge: version}", "merges version updates that pass all checks"),
    ),
    "migration": (
        ("bot: {abi_migration_branches: [BRANCH]}", "rebuilds other branches, too"),
        ("bot: {remake_prs_with_conflicts: false}", "leaves conflicts to you"),
        ("bot: {automerge: migration}", "merges rebuilds that pass all checks"),
    ),
}
_AUTOMERGE: Line = (
    "Merge it, or label it ",
    Code("automerge"),
    " to have it merged once all checks pass. Later commits remove the label.",
)
_COMMANDS: Line = (
    "Comment commands: ",
    Code("please rerender"),
    ", ",
    Code("please restart ci"),
    " (",
    Link("all", "https://conda-forge.org/docs/maintainer/infrastructure/"),
    ").",
)


def next_steps(change: Change) -> Section:
    """Return the section on how maintainers can change, remake, merge or stop a request."""
    name = change.feedstock
    again = {"bump": f"bump {name} --pr", "migration": f"migrate run {change.key} {name} --pr"}.get(change.kind)
    lines: list[Line] = ["To change this request, push to its branch; the bot then stops updating it."]
    if again is not None:
        lines.append(("To recreate it from the current recipe: ", Code(f"dirac-forge {again}"), "."))
    if change.in_feedstock:
        lines += [_COMMANDS, _AUTOMERGE]
    lines.append(f"If you don't want it, close it: {_CLOSED[change.kind]}")
    lines += [
        (Code(key), " in ", Code("conda-forge.yml"), f" {effect}.") for key, effect in _SETTINGS.get(change.kind, ())
    ]
    pause, why = Code(f'paused = ["{name}"]'), Code(f"dirac-forge bot why {name}")
    lines.append(("For the bot's operator: ", pause, " pauses it, ", why, " shows its history."))
    by = Paragraph(("Proposed by ", Link("dirac-forge", _HOME), "."))
    return Section(title="Next steps", blocks=(Items(tuple(lines)), by), detail=True)
