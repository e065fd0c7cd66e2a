"""Plans and status of migrations, as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.facts_model import as_written
from dirac_forge.migration.exports import Pinned
from dirac_forge.migration.members import base_of
from dirac_forge.migration.older import older_recipes
from dirac_forge.migration.plan import Edge, Plan
from dirac_forge.migration.schema import Migration
from dirac_forge.report import document
from dirac_forge.report.bump_reasons import skip_text
from dirac_forge.report.document import Paragraph, Section
from dirac_forge.report.exclusions import no_rebuild_text
from dirac_forge.report.migration_edges import edge_sentences, requirement_place
from dirac_forge.report.rebuild_body import rebuild_sections
from dirac_forge.report.terminal import Shown, diff, flat, sentences
from dirac_forge.report.wording import worded

_EFFECTS = {
    "ignored": "Their packages get no new pin, because their recipes ignore the run_exports of the migrated package",
    "builds-only": "Their packages get no new pin, because the migrated package has no run_exports",
    "unknown": "Unknown whether their packages get a new pin, because neither a recipe here nor the channel shows the "
    "run_exports of the migrated package",
}
_NO_FAULTS: Mapping[str, str] = {}
_SYNC = "`dirac-forge sync` fetches them"
_MOST_NAMES = 20
"""In a sentence; --json has all."""


def list_json(
    migrations: Mapping[str, Migration], faults: Mapping[str, str] = _NO_FAULTS, unread: Mapping[str, str] = _NO_FAULTS
) -> dict[str, Any]:
    """Return the migrations as `migrate list --json` prints them.

    `faults` say why some can't be planned, `unread` why others can't be read.
    """
    return {
        "unreadable": [{"migration": name, "reason": reason} for name, reason in unread.items()],
        "migrations": [
            {
                "migration": name,
                "title": each.title,
                "paused": each.settings.paused,
                "longterm": each.settings.longterm,
                "pins": list(each.keys),
                "path": each.path,
                **({"fault": faults[name]} if name in faults else {}),
            }
            for name, each in migrations.items()
        ],
    }


def list_text(migrations: Mapping[str, Migration], faults: Mapping[str, str] = _NO_FAULTS) -> RenderableType:
    """Return a line for each migration, and why those in `faults` can't be planned."""
    if not migrations:
        return sentences(["There are no migrations."])
    rows = [
        (name, "paused" if each.settings.paused else "", each.title, some_names(each.keys))
        for name, each in migrations.items()
    ]
    narrow = tuple(f"{name}{f' ({paused})' if paused else ''}: {title}" for name, paused, title, _ in rows)
    table = document.Table(("migration", "", "title", "pins"), tuple(rows), narrow=narrow)
    said = tuple(f"{name} can't be planned: {fault}" for name, fault in faults.items())
    return Shown([Section(title="Migrations", blocks=(table, *map(Paragraph, said)))])


def plan_json(plan: Plan, pinned: Sequence[Pinned] = ()) -> dict[str, Any]:
    """Return the plan as `migrate plan --json` prints it."""
    effects: dict[str, list[dict[str, str]]] = {}
    for one in pinned:
        effects.setdefault(one.feedstock, []).append({"package": one.package, "effect": one.effect, "text": one.text})
    return {
        "migration": plan.migration.name,
        "packages": sorted(plan.membership.packages),
        "members": [
            {
                "feedstock": member.feedstock,
                "wave": plan.wave_of[member.feedstock] + 1,
                "because": because_lines(plan, member.feedstock),
                "platforms": list(member.platforms),
                "run_exports": effects.get(member.feedstock, []),
            }
            for member in plan.members
        ],
        "edges": [edge_json(plan, edge) for edge in plan.edges],
        "waves": [list(wave) for wave in plan.waves],
        "already_pinned": _already_words(plan) or None,
        "cycles": [
            {
                "members": list(cycle.members),
                "broken_edges": [{"parent": parent, "child": child} for parent, child in cycle.broken],
            }
            for cycle in plan.cycles
        ],
        "excluded": [{"feedstock": one.feedstock, "reason": no_rebuild_text(one.reason)} for one in plan.excluded],
        "release_lines": [{"feedstock": name, "waits_for": list(line_parents(plan, name))} for name in _absent(plan)],
        "complete": plan.complete,
        "unreadable": [{"feedstock": name, "reason": reason} for name, reason in plan.graph.unreadable.items()],
        "notes": list(plan.notes),
    }


def because_lines(plan: Plan, name: str) -> list[str]:
    """Return the requirements that make a member, each line once: outputs may share it."""
    member = plan.membership.members[name]
    lines = [
        *(f"{need.section}: {requirement_place(plan, name, need)}" for need in member.because),
        *(f"strong run_exports of {as_written(exporter)}" for exporter in member.exporters),
    ]
    return list(dict.fromkeys(lines))


def edge_json(plan: Plan, edge: Edge) -> dict[str, Any]:
    """Return an edge as JSON, with its reasons."""
    return {
        "parent": edge.parent,
        "child": edge.child,
        "because": list(edge_sentences(plan, edge)),
        "path": list(edge.path),
        "sections": list(edge.sections),
        "platforms": list(edge.platforms),
        "ignored": edge.ignored,
        "broken": edge.broken,
    }


def plan_text(plan: Plan, pinned: Sequence[Pinned] = ()) -> RenderableType:
    """Return whether the pinning has it already, the waves as a table, then what is special."""
    remarks = list(_remarks(plan, pinned))
    lead = list(_already(plan)) if plan.already else []
    table = Table("wave", "members", "feedstocks", title=flat(f"{plan.migration.name}: {plan.migration.title}"))
    for number, wave in enumerate(plan.waves, start=1):
        table.add_row(str(number), str(len(wave)), flat(", ".join(_shown(plan, name) for name in wave)))
    if not plan.waves:
        return sentences([*lead, f"{plan.migration.name}: {no_members(plan)}", *remarks])
    return Group(sentences(lead), table, sentences(remarks))


def _already_words(plan: Plan) -> str:
    """Return `lib 2`, with the values that go with it: `root_base 6.38.0 with root_cxx_standard 23`."""
    return document.words([" with ".join(f"{key} {value}" for key, value in pins) for pins in plan.already])


def _already(plan: Plan) -> Iterator[str]:
    """Yield that the pinning has a migration, and how its members come to be built with it."""
    name, count = plan.migration.name, len(plan.members)
    has = f"the pinning has {_already_words(plan)} already, or newer"
    yield f"{name}: {has}: builds with today's pinning have the migration."
    members = "1 feedstock is a member" if count == 1 else f"{count} feedstocks are members"
    yield f"{members}; `dirac-forge migrate status {name}` shows what is built with it."


def no_members(plan: Plan) -> str:
    """Return that a plan has no members, which says nothing about feedstocks that are not here or can't be read."""
    unread = {base_of(name) for name in plan.graph.unreadable}
    count = len({base_of(name) for name in plan.graph.facts} - unread)
    if not count:
        what = "no feedstock of this workspace could be read" if unread else "this workspace has no feedstocks"
        return f"{what}, so nothing is known."
    could = " that could be read" if unread else ""
    which = f"the only feedstock of this workspace{could} does not have"
    which = which if count == 1 else f"none of the {count} feedstocks of this workspace{could} has"
    others = f"{len(unread)} could not be read, and others are unknown" if unread else "others are unknown"
    return f"{which} to be rebuilt; {others}."


def _remarks(plan: Plan, pinned: Sequence[Pinned]) -> Iterator[str]:
    """Yield what is special about a plan: cycles, run_exports, and who is left out."""
    if plan.migration.settings.paused:
        yield "The migration is paused."
    for each in older_recipes(plan):
        new = f"{each.package} {each.pin}"
        here = f"the recipe of {each.feedstock} here is at {each.version}"
        yield f"If the channel does not have {new} yet, that must be built first: {here}."
    yield from _cycles(plan)
    for effect, words in _EFFECTS.items():
        names = list(dict.fromkeys(each.feedstock for each in pinned if each.effect == effect))
        if names:
            yield f"{words}: {', '.join(names)}."
    yield from _excluded(plan)
    if plan.membership.absent:
        lines = some_names(_absent(plan))
        yield f"Release lines that are also rebuilt but are not in the workspace ({_SYNC}): {lines}."
    yield from (f"Whether {name} is a member is unknown: {why}" for name, why in plan.unread.items())
    yield from (document.ended(f"Note: {note}") for note in plan.notes)


def _cycles(plan: Plan) -> Iterator[str]:
    for cycle in plan.cycles:
        broken = some_names([f"{parent} -> {child}" for parent, child in cycle.broken])
        yield f"A cycle of {len(cycle.members)}: {some_names(cycle.members)}; the order leaves out {broken}."


def _absent(plan: Plan) -> tuple[str, ...]:
    return plan.membership.absent


def line_parents(plan: Plan, line: str) -> tuple[str, ...]:
    """Return what a release line waits for, if it needs what the default branch needs."""
    return plan.waited_for(base_of(line)) if base_of(line) in plan.wave_of else ()


def _excluded(plan: Plan) -> list[str]:
    """Return a line for each reason why feedstocks that need a migrated package are not members."""
    names: dict[str, list[str]] = {}
    for each in plan.excluded:
        names.setdefault(no_rebuild_text(each.reason), []).append(each.feedstock)
    return [
        f"Not {'a member, because' if len(own) == 1 else 'members, each because'} {why}: {some_names(own)}."
        for why, own in names.items()
    ]


def some_names(names: Sequence[str]) -> str:
    """Return names in a sentence; of very many the first ones."""
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"


def _shown(plan: Plan, name: str) -> str:
    where = _where(plan, name)
    return f"{name} ({where})" if where else name


def _where(plan: Plan, name: str) -> str:
    """Return on which of its platforms a feedstock is a member, in the shorter way; "" for all."""
    platforms = plan.membership.members[name].platforms
    others = [platform for platform in plan.graph.facts[name].platforms if platform not in platforms]
    if not others:
        return ""
    return f"not {', '.join(others)}" if len(others) < len(platforms) else f"only {', '.join(platforms)}"


def changes_json(plan: Plan, results: Sequence[Change | Skip]) -> dict[str, Any]:
    """Rebuild changes as `migrate run --json` prints them."""
    return {"migration": plan.migration.name, "changes": [_change(result) for result in results]}


def _change(result: Change | Skip) -> dict[str, Any]:
    match result:
        case Skip():
            return {"feedstock": result.feedstock, "status": "skipped", "reason": skip_text(result), "edits": []}
        case Change():
            edits = [{"path": edit.path, "diff": edit.diff} for edit in result.edits]
            return {
                "feedstock": result.feedstock,
                "status": "proposed",
                "title": result.title,
                "edits": edits,
                "branch": result.branch,
                "reasons": [worded(reason) for reason in result.reasons],
                "body": result.body,
            }


def changes_text(plan: Plan, results: Sequence[Change | Skip], *, verbose: bool = False) -> RenderableType:
    """Return each change as a diff, each skip with its reason; with `verbose` also why it is made."""
    parts: list[RenderableType] = []
    for result in results:
        match result:
            case Skip():
                parts.append(sentences([f"{result.feedstock}: skipped: {skip_text(result)}"]))
            case Change():
                if verbose:
                    sections = rebuild_sections(plan, plan.label_of(result.feedstock, result.branch))
                    parts.append(Shown((sections[0], *(section.below() for section in sections[1:]))))
                else:
                    parts.append(sentences([f"{result.feedstock}: {result.title}"]))
                parts += [diff(edit.diff) for edit in result.edits]
    return Group(*parts) if parts else sentences(["No member is ready."])
