"""Plans and status of migrations, as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.migration.exports import Pinned
from dirac_forge.migration.plan import Edge, Plan
from dirac_forge.migration.status import STATES, FeedstockStatus, Status
from dirac_forge.report.bodies import next_steps
from dirac_forge.report.bump_reasons import skip_text
from dirac_forge.report.rebuild_body import rebuild_sections
from dirac_forge.report.terminal import Shown, diff

__all__ = [
    "joined",
    "next_json",
    "next_text",
    "plan_json",
    "plan_text",
    "status_json",
    "status_text",
    "why_json",
    "why_text",
]

_COLOURS = {
    "done": "green",
    "in-pr": "blue",
    "awaiting-pr": "yellow",
    "awaiting-parents": "bright_black",
    "not-solvable": "magenta",
    "error": "red",
}


_MOST_NAMES = 20
"""In a sentence; --json has all."""


def joined(parts: Sequence[RenderableType]) -> RenderableType:
    """Several results below each other."""
    return Group(*parts)


def sentences(texts: Iterable[str]) -> Text:
    """Sentences below each other, none of them broken: they are for searching and copying."""
    return Text("\n".join(texts), no_wrap=True, overflow="ignore")


def plan_json(plan: Plan, pinned: Sequence[Pinned] = ()) -> dict[str, Any]:
    """The plan as `migrate plan --json` prints it."""
    effects: dict[str, list[dict[str, str]]] = {}
    for one in pinned:
        effects.setdefault(one.feedstock, []).append({"package": one.package, "effect": one.effect, "text": one.text})
    return {
        "migration": plan.migration.name,
        "packages": sorted(plan.membership.packages),
        "members": [
            {
                "feedstock": member.feedstock,
                "wave": plan.wave_of[member.feedstock],
                "because": _because(plan, member.feedstock),
                "platforms": list(member.platforms),
                "run_exports": effects.get(member.feedstock, []),
            }
            for member in plan.members
        ],
        "edges": [_edge(edge) for edge in plan.edges],
        "waves": [list(wave) for wave in plan.waves],
        "cycles": [
            {
                "members": list(cycle.members),
                "broken_edges": [{"parent": parent, "child": child} for parent, child in cycle.broken],
            }
            for cycle in plan.cycles
        ],
        "excluded": [{"feedstock": one.feedstock, "reason": one.reason} for one in plan.excluded],
        "unreadable": [{"feedstock": name, "reason": reason} for name, reason in plan.graph.unreadable.items()],
        "notes": list(plan.notes),
    }


def _because(plan: Plan, name: str) -> list[str]:
    member = plan.membership.members[name]
    return [
        *(f"{need.section}: {plan.where(name, need)}" for need in member.because),
        *(f"strong run_exports of {exporter}" for exporter in member.exporters),
    ]


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "parent": edge.parent,
        "child": edge.child,
        "because": list(edge.because),
        "path": list(edge.path),
        "sections": list(edge.sections),
        "platforms": list(edge.platforms),
        "ignored": edge.ignored,
        "broken": edge.broken,
    }


def plan_text(plan: Plan, pinned: Sequence[Pinned] = ()) -> RenderableType:
    """Waves in columns of a table, then what is special."""
    table = Table("wave", "members", "feedstocks", title=f"{plan.migration.name}: {plan.migration.title}")
    for number, wave in enumerate(plan.waves, start=1):
        table.add_row(str(number), str(len(wave)), ", ".join(_shown(plan, name) for name in wave))
    found: list[str] = []
    if plan.migration.settings.paused:
        found.append("The migration is paused.")
    for cycle in plan.cycles:
        broken = _some([f"{parent} -> {child}" for parent, child in cycle.broken])
        found.append(f"A cycle of {len(cycle.members)}: {_some(cycle.members)}; the order leaves out {broken}.")
    for effect, words in (
        ("ignored", "ignore its run_exports"),
        ("builds-only", "only build against it, since it exports nothing"),
        ("unknown", "may or may not get a new pin: nothing here tells what is exported"),
    ):
        names = [one.feedstock for one in pinned if one.effect == effect]
        if names:
            found.append(f"{_counted(names)} {words}: {', '.join(dict.fromkeys(names))}.")
    found += [f"Not a member: {one.feedstock}: {one.reason}." for one in plan.excluded]
    found += [f"Not read, and so not planned: {name}: {reason}" for name, reason in plan.graph.unreadable.items()]
    found += [f"Note: {note}." for note in plan.notes]
    if not plan.waves:
        found.insert(0, "Nothing has to be rebuilt.")
        return sentences(found)
    return Group(table, sentences(found))


def _some(names: Sequence[str]) -> str:
    """Names in a sentence; of very many the first ones."""
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"


def _counted(names: Sequence[str]) -> str:
    count = len(dict.fromkeys(names))
    return f"{count} member" if count == 1 else f"{count} members"


def _shown(plan: Plan, name: str) -> str:
    where = _where(plan, name)
    return f"{name} ({where})" if where else name


def _where(plan: Plan, name: str) -> str:
    """On which of its platforms a feedstock is a member, said in the shorter way; "" for all."""
    platforms = plan.membership.members[name].platforms
    others = [platform for platform in plan.graph.facts[name].platforms if platform not in platforms]
    if not others:
        return ""
    return f"not {', '.join(others)}" if len(others) < len(platforms) else f"only {', '.join(platforms)}"


def status_json(plan: Plan, status: Status) -> dict[str, Any]:
    """The status as `migrate status --json` prints it."""
    return {
        "migration": plan.migration.name,
        "feedstocks": [_status(one) for one in status.feedstocks],
        "platforms": {
            platform: {"done": done, "members": total, "percent": round(100 * done / total, 1) if total else 100.0}
            for platform, (done, total) in status.platforms.items()
        },
        "blockers": [{"feedstock": one.feedstock, "blocks": one.blocks} for one in status.blockers],
        "waits_for_migrations": list(_migrations(status)),
        "unknown": list(status.unknown),
    }


def _status(one: FeedstockStatus) -> dict[str, Any]:
    return {
        "feedstock": one.feedstock,
        "state": one.state,
        "evidence": one.evidence,
        "waits_for": list(one.waits_for),
        "waits_for_migrations": list(one.waits_for_migrations),
        "blocks": one.blocks,
    }


def status_text(plan: Plan, status: Status) -> RenderableType:
    """Counts, percentages by platform, each member that is not done, and who blocks most."""
    counts = ", ".join(f"{len(status.of(state))} {state}" for state in STATES if status.of(state))
    found = [f"{plan.migration.name}: {counts or 'no members'}"]
    found += [
        f"{platform}: {done} of {total} done ({100 * done / total:.0f} %)"
        for platform, (done, total) in status.platforms.items()
        if total
    ]
    table = Table("feedstock", "state", "waits for", "blocks", "evidence")
    for one in sorted(status.feedstocks, key=lambda one: (STATES.index(one.state), one.feedstock)):
        table.add_row(
            one.feedstock,
            Text(one.state, style=_COLOURS[one.state]),
            ", ".join((*one.waits_for, *one.waits_for_migrations)),
            str(one.blocks or ""),
            one.evidence,
        )
    closing = []
    if status.blockers:
        closing.append("Blocking most: " + ", ".join(f"{one.feedstock} ({one.blocks})" for one in status.blockers[:5]))
    closing += [f"All wait for the migration {name}." for name in _migrations(status)]
    if status.unknown:
        closing.append(f"Unknown, since the channel could not be read: {', '.join(status.unknown)}")
    parts: list[RenderableType] = [sentences(found)]
    parts += [table] if status.feedstocks else []
    parts += [sentences(closing)] if closing else []
    return Group(*parts)


def _migrations(status: Status) -> tuple[str, ...]:
    """Other migrations that are waited for."""
    return tuple(dict.fromkeys(name for one in status.feedstocks for name in one.waits_for_migrations))


def next_json(plan: Plan, status: Status) -> dict[str, Any]:
    """What can go now, as `migrate next --json` prints it."""
    return {"migration": plan.migration.name, "next": [_status(one) for one in status.next]}


def next_text(status: Status) -> RenderableType:
    """What can go now, most-blocking first; where nothing can, what stands in the way."""
    others = [(state, len(status.of(state))) for state in STATES if state != "awaiting-pr"]
    counts = ", ".join(f"{count} {state}" for state, count in others if count)
    if not status.next:
        return sentences([f"Nothing can go now{f': {counts}' if counts else ''}."])
    table = Table("feedstock", "blocks", "evidence")
    for one in status.next:
        table.add_row(one.feedstock, str(one.blocks or ""), one.evidence)
    return Group(table, sentences([f"The others: {counts}."])) if counts else table


def why_json(plan: Plan, name: str, pinned: Iterable[Pinned] = ()) -> dict[str, Any]:
    """Why a feedstock is in a migration or not, as `migrate why --json` prints it."""
    if name not in plan.membership.members:
        excluded = plan.membership.excluded.get(name)
        reason = excluded.reason if excluded else _not_concerned(plan)
        return {"migration": plan.migration.name, "feedstock": name, "member": False, "because": [reason]}
    edges = plan.edges_of(name)
    return {
        "migration": plan.migration.name,
        "feedstock": name,
        "member": True,
        "wave": plan.wave_of[name],
        "because": _because(plan, name),
        "platforms": list(plan.membership.members[name].platforms),
        "run_exports": [one.text for one in pinned if one.feedstock == name],
        "waits_for": [_edge(edge) for edge in edges],
        "waiting": list(plan.children[name]),
    }


def _not_concerned(plan: Plan) -> str:
    packages = ", ".join(sorted(plan.membership.packages)) or ", ".join(plan.migration.keys)
    return f"it needs none of {packages} in host (or in build, without host)"


def why_text(plan: Plan, name: str, pinned: Iterable[Pinned] = ()) -> RenderableType:
    """The same in words."""
    if name not in plan.membership.members:
        excluded = plan.membership.excluded.get(name)
        return sentences(
            [f"{name} is not in {plan.migration.name}: {excluded.reason if excluded else _not_concerned(plan)}."]
        )
    wave = plan.wave_of[name]
    found = [f"{name} is in {plan.migration.name}, wave {wave + 1} of {len(plan.waves)}:"]
    found += [f"  {text}" for text in _because(plan, name)]
    member = plan.membership.members[name]
    if len(member.platforms) < len(plan.graph.facts[name].platforms):
        found.append(f"  only on {', '.join(member.platforms)}")
    found += [f"  {one.text}" for one in pinned if one.feedstock == name]
    edges = plan.edges_of(name)
    found.append("It waits for nobody." if not edges else "It waits for:")
    for edge in edges:
        extra = " (not waited for: the migration says so)" if edge.ignored else ""
        extra += " (left out: it closes a cycle)" if edge.broken else ""
        found.append(f"  {' -> '.join(edge.path)}{extra}")
        found += [f"    {sentence}" for sentence in edge.because]
    children = plan.children[name]
    found.append(f"Waiting for it: {', '.join(children)}." if children else "Nobody waits for it.")
    return sentences(found)


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
                "reasons": list(result.reasons),
                "body": result.body,
            }


def changes_text(plan: Plan, results: Sequence[Change | Skip], *, verbose: bool = False) -> RenderableType:
    """Each change as a diff, each skip with its reason; with `verbose` also what its pull request would say."""
    parts: list[RenderableType] = []
    for result in results:
        match result:
            case Skip():
                parts.append(sentences([f"{result.feedstock}: skipped: {skip_text(result)}"]))
            case Change():
                if verbose:
                    sections = (*rebuild_sections(plan, result.feedstock), next_steps(result))
                    parts.append(Shown((sections[0], *(section.below() for section in sections[1:]))))
                else:
                    parts.append(sentences([f"{result.feedstock}: {result.title}"]))
                parts += [diff(edit.diff) for edit in result.edits]
    return Group(*parts) if parts else sentences(["Nothing can go now."])
