"""Plans and status of migrations, as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.facts_model import FeedstockFacts, as_written
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
_NOT_ASKED: Mapping[str, bool | None] = {}
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
        (name, "paused" if each.settings.paused else "", each.title, _some(each.keys))
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
                "because": _because(plan, member.feedstock),
                "platforms": list(member.platforms),
                "run_exports": effects.get(member.feedstock, []),
            }
            for member in plan.members
        ],
        "edges": [_edge(plan, edge) for edge in plan.edges],
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
        "release_lines": [{"feedstock": name, "waits_for": list(_line_parents(plan, name))} for name in _absent(plan)],
        "complete": plan.complete,
        "unreadable": [{"feedstock": name, "reason": reason} for name, reason in plan.graph.unreadable.items()],
        "notes": list(plan.notes),
    }


def _because(plan: Plan, name: str) -> list[str]:
    """Return the requirements that make a member, each line once: outputs may share it."""
    member = plan.membership.members[name]
    lines = [
        *(f"{need.section}: {requirement_place(plan, name, need)}" for need in member.because),
        *(f"strong run_exports of {as_written(exporter)}" for exporter in member.exporters),
    ]
    return list(dict.fromkeys(lines))


def _edge(plan: Plan, edge: Edge) -> dict[str, Any]:
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
        yield f"Release lines that are also rebuilt but are not in the workspace ({_SYNC}): {_some(_absent(plan))}."
    yield from (f"Whether {name} is a member is unknown: {why}" for name, why in plan.unread.items())
    yield from (document.ended(f"Note: {note}") for note in plan.notes)


def _cycles(plan: Plan) -> Iterator[str]:
    for cycle in plan.cycles:
        broken = _some([f"{parent} -> {child}" for parent, child in cycle.broken])
        yield f"A cycle of {len(cycle.members)}: {_some(cycle.members)}; the order leaves out {broken}."


def _absent(plan: Plan) -> tuple[str, ...]:
    return plan.membership.absent


def _line_parents(plan: Plan, line: str) -> tuple[str, ...]:
    """Return what a release line waits for, if it needs what the default branch needs."""
    return plan.waited_for(base_of(line)) if base_of(line) in plan.wave_of else ()


def _excluded(plan: Plan) -> list[str]:
    """Return a line for each reason why feedstocks that need a migrated package are not members."""
    names: dict[str, list[str]] = {}
    for each in plan.excluded:
        names.setdefault(no_rebuild_text(each.reason), []).append(each.feedstock)
    return [
        f"Not {'a member, because' if len(own) == 1 else 'members, each because'} {why}: {_some(own)}."
        for why, own in names.items()
    ]


def _some(names: Sequence[str]) -> str:
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


def why_json(
    plan: Plan, name: str, pinned: Iterable[Pinned] = (), done: Mapping[str, bool | None] = _NOT_ASKED
) -> dict[str, Any]:
    """Return why a feedstock is in a migration or not, as `migrate why --json` prints it.

    `done` says of the member, its parents and its children whether they are done, None if that is not known; it is
    empty if no channel was queried.
    """
    if name in plan.graph.unreadable:
        unread = plan.graph.unreadable[name]
        return {"migration": plan.migration.name, "feedstock": name, "member": None, "because": [unread]}
    if name not in plan.membership.members:
        excluded = plan.membership.excluded.get(name)
        reason = no_rebuild_text(excluded.reason) if excluded else _not_concerned(plan, name)
        absent = name in plan.membership.absent
        reason = "its recipe is not in the workspace" if absent else reason
        return {"migration": plan.migration.name, "feedstock": name, "member": absent, "because": [reason]}
    edges = plan.edges_of(name)
    return {
        "migration": plan.migration.name,
        "feedstock": name,
        "member": True,
        "wave": plan.wave_of[name] + 1,
        "because": _because(plan, name),
        "platforms": list(plan.membership.members[name].platforms),
        "run_exports": [one.text for one in pinned if one.feedstock == name],
        "waits_for": [_edge(plan, edge) for edge in edges if not (done.get(name) or done.get(edge.parent))],
        "waiting": [child for child in plan.children[name] if not (done.get(name) or done.get(child))],
        **({"done": dict(done)} if done else {}),
    }


def _not_concerned(plan: Plan, name: str) -> str:
    packages = sorted(plan.membership.packages) or list(plan.migration.keys)
    facts = plan.graph.facts.get(name)
    where = _linking(
        {need.section for need in facts.needs} if facts is not None else (), plan.migration.settings.include_build
    )
    if not where:
        return _without_needs(facts)
    what = f"{packages[0]} is not" if len(packages) == 1 else f"none of {_some(packages)} is"
    return f"{what} in its {where} requirements"


def _without_needs(facts: FeedstockFacts | None) -> str:
    """Return that a feedstock needs nothing to be built, and where: its recipe may skip all that it could be for."""
    if facts is not None and facts.skipped and not facts.platforms:
        skipped = (f"{each}{f' ({facts.recipe}:{line})' if line else ''}" for each, line in facts.skipped)
        return f"its recipe skips all platforms that conda-forge.yml asks for: {', '.join(skipped)}"
    built = ", ".join(facts.platforms) if facts is not None else ""
    return f"it has no host or build requirements{f' on {built}, for which it is built' if built else ''}"


def _linking(sections: Collection[str], include_build: bool) -> str:
    """Return the sections whose packages decide about membership: host, or build if there is not a host."""
    if "host" not in sections:
        return "build" if "build" in sections else ""
    return "build and host" if include_build else "host"


def why_text(
    plan: Plan, name: str, pinned: Iterable[Pinned] = (), done: Mapping[str, bool | None] = _NOT_ASKED
) -> RenderableType:
    """Return the same in words."""
    if name not in plan.membership.members:
        return sentences(_why_not(plan, name))
    wave = plan.wave_of[name]
    found = [f"{name} is in {plan.migration.name}, wave {wave + 1} of {len(plan.waves)}:"]
    found += [f"  {text}" for text in _because(plan, name)]
    member = plan.membership.members[name]
    if len(member.platforms) < len(plan.graph.facts[name].platforms):
        found.append(f"  only on {', '.join(member.platforms)}")
    found += [f"  {one.text}" for one in pinned if one.feedstock == name]
    found += _order(plan, name, done)
    return sentences(found)


def _order(plan: Plan, name: str, done: Mapping[str, bool | None]) -> Iterator[str]:
    """Yield whether a member is done, what it waits for, and what waits for it."""
    own = done.get(name, False)
    if own is not False:
        yield "It is done." if own else "Whether it is done is unknown."
    edges = plan.edges_of(name)
    left = [edge for edge in edges if not done.get(edge.parent)]
    ended = [edge for edge in edges if done.get(edge.parent)]
    if left:
        waits = own is False and any(done.get(edge.parent, False) is False for edge in left)
        yield "It waits for:" if waits else "It comes after:"
    elif not own:
        yield "It does not wait for another member."
    for edge in left:
        yield from _edge_lines(plan, edge, unknown=done.get(edge.parent, False) is None)
    if ended:
        yield "It comes after these, which are done:"
    for edge in ended:
        yield from _edge_lines(plan, edge)
    yield from _followers([] if own else plan.children[name], done)


def _followers(children: Sequence[str], done: Mapping[str, bool | None]) -> Iterator[str]:
    """Yield which of these members wait, and of which that is unknown."""
    waiting = [child for child in children if done.get(child, False) is False]
    unknown = [child for child in children if done.get(child, False) is None]
    if waiting or not unknown:
        yield f"Waiting for it: {', '.join(waiting)}." if waiting else "No member waits for it."
    if unknown:
        yield f"Waiting for it, unless done, which is unknown: {', '.join(unknown)}."


def _why_not(plan: Plan, name: str) -> list[str]:
    """Return why a feedstock is not a member, or what is known of a release line whose recipe is not here."""
    if name in plan.membership.absent:
        parents = ", ".join(_line_parents(plan, name)) or "no other member"
        return [
            f"{name} is a release line that is rebuilt too, and its recipe is not in the workspace.",
            f"If it needs what the default branch needs, it waits for {parents}.",
            f"`dirac-forge sync {name}` fetches it.",
        ]
    if name in plan.graph.unreadable:
        return [f"Whether {name} is in {plan.migration.name} is unknown: {plan.graph.unreadable[name]}"]
    excluded = plan.membership.excluded.get(name)
    why = no_rebuild_text(excluded.reason) if excluded else _not_concerned(plan, name)
    return [document.ended(f"{name} is not in {plan.migration.name}: {why}")]


def _edge_lines(plan: Plan, edge: Edge, *, unknown: bool = False) -> list[str]:
    extra = " (not waited for: the migration says so)" if edge.ignored else ""
    extra += " (left out: it closes a cycle)" if edge.broken else ""
    extra += " (whether it is done is unknown)" if unknown else ""
    return [f"  {' -> '.join(edge.path)}{extra}", *(f"    {sentence}" for sentence in edge_sentences(plan, edge))]


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
