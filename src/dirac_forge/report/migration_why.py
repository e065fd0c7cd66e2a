"""Why a feedstock is in a migration or not, what it waits for and what waits for it, as JSON and as text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from dirac_forge.feedstock.facts_model import FeedstockFacts
from dirac_forge.migration.exports import Pinned
from dirac_forge.migration.plan import Edge, Plan
from dirac_forge.migration.status import FeedstockStatus
from dirac_forge.report import document
from dirac_forge.report.exclusions import no_rebuild_text
from dirac_forge.report.migration import because_lines, edge_json, line_parents, some_names
from dirac_forge.report.migration_edges import edge_sentences
from dirac_forge.report.migration_status import status_words
from dirac_forge.report.terminal import sentences

_NOT_ASKED: Mapping[str, bool | None] = {}


def why_json(
    plan: Plan,
    name: str,
    pinned: Iterable[Pinned] = (),
    done: Mapping[str, bool | None] = _NOT_ASKED,
    status: FeedstockStatus | None = None,
) -> dict[str, Any]:
    """Return why a feedstock is in a migration or not, as `migrate why --json` prints it.

    `done` says of the member, its parents and its children whether they are done, None if that is not known;
    `status` is the state of the member, None without a channel.
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
        "state": status.state if status is not None else None,
        "evidence": status_words(status) if status is not None else "",
        "because": because_lines(plan, name),
        "platforms": list(plan.membership.members[name].platforms),
        "run_exports": [one.text for one in pinned if one.feedstock == name],
        "waits_for": [edge_json(plan, edge) for edge in edges if not (done.get(name) or done.get(edge.parent))],
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
    what = f"{packages[0]} is not" if len(packages) == 1 else f"none of {some_names(packages)} is"
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
    plan: Plan,
    name: str,
    pinned: Iterable[Pinned] = (),
    done: Mapping[str, bool | None] = _NOT_ASKED,
    status: FeedstockStatus | None = None,
) -> RenderableType:
    """Return the same in words."""
    if name not in plan.membership.members:
        return sentences(_why_not(plan, name))
    wave = plan.wave_of[name]
    found = [f"{name} is in {plan.migration.name}, wave {wave + 1} of {len(plan.waves)}:"]
    found += [f"  {text}" for text in because_lines(plan, name)]
    member = plan.membership.members[name]
    if len(member.platforms) < len(plan.graph.facts[name].platforms):
        found.append(f"  only on {', '.join(member.platforms)}")
    found += [f"  {one.text}" for one in pinned if one.feedstock == name]
    found += _state(status)
    found += _order(plan, name, done)
    return sentences(found)


def _state(status: FeedstockStatus | None) -> Iterator[str]:
    """Yield the state of a member that is known not to be done, with what decides it."""
    if status is not None and status.state not in {"done", "unknown"}:
        yield document.ended(": ".join(filter(None, (f"Its state is {status.state}", status_words(status)))))


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
        parents = ", ".join(line_parents(plan, name)) or "no other member"
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
