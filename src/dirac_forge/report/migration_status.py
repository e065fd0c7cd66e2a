"""The status of a migration, and what is ready, as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from dirac_forge.migration.evidence import (
    Applied,
    CarryingBuild,
    Evidence,
    Finding,
    MissingBuild,
    NoChannelPlatform,
    NotRead,
)
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.solvability import HostEnvironment, NotSolvable, Unsure
from dirac_forge.migration.status import (
    STATES,
    FeedstockStatus,
    MergedRebuild,
    MissingPin,
    OpenRebuild,
    PageLabel,
    PreparedRebuild,
    Progress,
    State,
    StateReason,
    Status,
)
from dirac_forge.report.document import words
from dirac_forge.report.migration import no_members
from dirac_forge.report.numbers import percent
from dirac_forge.report.proof_words import environment_words
from dirac_forge.report.terminal import NamedSentences, sentences

_COLOURS = {
    "done": "green",
    "in-pr": "blue",
    "awaiting-pr": "yellow",
    "awaiting-parents": "bright_black",
    "not-solvable": "magenta",
    "error": "red",
    "unknown": "yellow",
}
_MOST_BLOCKERS = 5
_MOST_PLATFORMS = 2
"""Before a brief finding."""
_ORDER: dict[type[Finding], int] = {CarryingBuild: 1, NoChannelPlatform: 2}
"""What is missing first."""


def finding_words(finding: Finding) -> str:
    """Return what the channel or the recipe shows, in words."""
    match finding:
        case CarryingBuild():
            return f"{finding.output} {finding.version} is built"
        case MissingBuild():
            pins = ", ".join(f"{package} {pin}" for package, pin in finding.pins)
            python = f" for Python {finding.python}" if finding.python else ""
            return f"{finding.output} has no build with {pins}{python}"
        case Applied():
            return _applied_words(finding)
        case NotRead():
            return f"unknown: {finding.reason}"
        case NoChannelPlatform():
            return "unknown: the channel does not have the platform"


def _applied_words(finding: Applied) -> str:
    if not finding.there:
        return f"the recipe has no {finding.path}"
    return f"the recipe has {finding.path}" + (f", build number {finding.number}" if finding.number is not None else "")


def evidence_words(evidence: Evidence | None) -> str:
    """Return the evidence about a member in one sentence: what is missing first, platforms in brackets."""
    if evidence is None:
        return ""
    return "; ".join(_lines(evidence)) or "it is not built on any platform"


def reason_words(reason: StateReason) -> str:
    """Return a reason for a state in words."""
    match reason:
        case OpenRebuild():
            return reason.url
        case MergedRebuild():
            return "the recipe has the migration already; its builds are not in the channel yet"
        case PreparedRebuild():
            return f"a change is prepared in {reason.place}"
        case PageLabel(state=state, detail=""):
            return f"the status page says {state}"
        case PageLabel(state=state, detail=detail):
            return f"the status page says {state}: {detail}"
        case Progress():
            return _progress_words(reason)
        case MissingPin():
            return f"needs {reason.package} {reason.pin}"
        case NotSolvable(environment=environment):
            return f"{_host_words(environment)} has no solution: {environment_words(reason.reason)}"
        case Unsure():
            return f"whether it can be built is unknown: {_unsure_words(reason)}"


def _progress_words(progress: Progress) -> str:
    unknown = f", {progress.unknown} unknown" if progress.unknown else ""
    return f"waits for the migration {progress.migration}: {progress.done} of {progress.total} done{unknown}"


def _host_words(environment: HostEnvironment) -> str:
    """Return `host of xrootd on linux-64`."""
    return f"{environment.section} of {environment.output} on {environment.platform}"


def _unsure_words(unsure: Unsure) -> str:
    return f"{environment_words(unsure.reason)} ({_host_words(unsure.environment)})"


def missing_words(missing: Sequence[MissingPin], *, all_: bool) -> str:
    """Return the headline for new versions that no channel has."""
    names = words([f"{each.package} {each.pin}" for each in missing])
    if all_:
        return f"No rebuild can start: the channel has no {names} yet."
    return f"The channel has no {names} yet: everything that needs {'it' if len(missing) == 1 else 'one'} waits."


def status_words(each: FeedstockStatus) -> str:
    """Return what decides a state in one line, with the evidence where that decides."""
    reasons = [reason_words(reason) for reason in each.reasons]
    evidence = [evidence_words(each.evidence)]
    match each.state:
        case "in-pr" | "error" | "not-solvable":
            parts = reasons
        case "awaiting-parents":
            parts = [*reasons, *evidence]
        case _:
            parts = [*evidence, *reasons]
    return "; ".join(filter(None, parts))


def _headlines(status: Status) -> Iterator[str]:
    if status.missing:
        yield missing_words(status.missing, all_=not status.next)
    if status.paused:
        yield "The migration is paused."


def _share(done: int, total: int) -> float:
    """Return how many percent are done; only all of them are 100."""
    return min(round(100 * done / total, 1), 99.9) if done < total else 100.0


def status_json(plan: Plan, status: Status) -> dict[str, Any]:
    """Return the status as `migrate status --json` prints it."""
    return {
        "migration": plan.migration.name,
        "paused": status.paused,
        "missing": [{"package": each.package, "version": each.pin} for each in status.missing],
        "feedstocks": [_status(each) for each in status.feedstocks],
        "platforms": {
            platform: {
                "done": done,
                "members": total,
                "percent": _share(done, total),
                "unknown": _unknown_on(status, platform),
            }
            for platform, (done, total) in status.platforms.items()
        },
        "blockers": [{"feedstock": each.feedstock, "blocks": each.blocks} for each in status.blockers],
        "waits_for_migrations": list(_migrations(status)),
        "complete": plan.complete,
        "unknown": list(status.unknown),
        "not_in_channel": {platform: list(members) for platform, members in status.not_in_channel.items()},
        "absent": list(status.absent),
    }


def _status(each: FeedstockStatus) -> dict[str, Any]:
    return {
        "feedstock": each.feedstock,
        "state": each.state,
        "evidence": status_words(each),
        "platforms": dict(each.evidence.done) if each.evidence is not None else {},
        "waits_for": list(each.waits_for),
        "waits_for_migrations": list(each.waits_for_migrations),
        "blocks": each.blocks,
    }


def status_text(plan: Plan, status: Status, *, verbose: bool = False, platforms: Sequence[str] = ()) -> RenderableType:
    """Return the headline, counts, percentages by platform, the members by state, and who blocks most.

    `platforms` are those of the settings, () for all: where others decide, the text names them.
    """
    parts: list[RenderableType] = [sentences(_head(plan, status))]
    for state in STATES:
        members = status.of(state)
        if members:
            parts.append(Text(f"\n{state} ({len(members)})", style=_COLOURS[state]))
            parts.append(sentences(_all_details(members)) if verbose else NamedSentences(_rows(members)))
    more = [] if verbose or not any(map(_has_more, status.feedstocks)) else ["-v shows all that is known of each."]
    closing = [*_closing(status), *_elsewhere(status, platforms), *more]
    return Group(*parts, *([Text(""), sentences(closing)] if closing else []))


def _head(plan: Plan, status: Status) -> Iterator[str]:
    """Yield the headline, counts and percentages."""
    yield from _headlines(status)
    yield f"{plan.migration.name}: {_counts(status, STATES) or no_members(plan)}"
    for platform, (done, total) in status.platforms.items():
        unknown = f", {count} unknown" if (count := _unknown_on(status, platform)) else ""
        if total:
            yield f"  {platform}: {done} of {total} done ({percent(done, total)}){unknown}"


def _unknown_on(status: Status, platform: str) -> int:
    """Return of how many members it is unknown whether they are done on a platform that the channel has."""
    found = (each.evidence for each in status.of("unknown") if each.evidence is not None)
    return sum(one.done.get(platform, True) is None and platform not in one.not_in_channel for one in found)


def _all_details(members: Sequence[FeedstockStatus]) -> Iterator[str]:
    for each in members:
        yield f"  {each.feedstock}"
        yield from (f"    {line}" for line in _details(each))


def _rows(members: Sequence[FeedstockStatus]) -> list[tuple[str, str]]:
    """Return the name of each member, and the most important of its findings."""
    return [(each.feedstock, next(_brief(each), "")) for each in members]


def _has_more(each: FeedstockStatus) -> bool:
    """Whether more is known of a member than its row says."""
    return len(list(_details(each))) > 1


def _brief(each: FeedstockStatus) -> Iterator[str]:
    """Yield the details for a row: the platform first, then the package."""
    match each.reasons[:1]:
        case (NotSolvable(environment=environment, reason=reason),):
            yield f"{_brief_place(environment)}: {environment_words(reason)}"
        case (Unsure(environment=environment, reason=reason),):
            yield f"{_brief_place(environment)}: unknown: {environment_words(reason)}"
        case (MergedRebuild() as merged,):
            yield reason_words(merged)
        case _:
            yield from _details(each, brief=True)


def _brief_place(environment: HostEnvironment) -> str:
    """Return the platform of an environment; the environment, if it is not the host of the feedstock's namesake."""
    plain = environment.section == "host" and environment.output == environment.feedstock
    return environment.platform if plain else f"{environment.platform}, {environment.section} of {environment.output}"


def platforms_elsewhere(status: Status, platforms: Sequence[str]) -> tuple[str, ...]:
    """Return the platforms that decide that members are not solvable, and that are not among `platforms`."""
    found = {
        reason.environment.platform
        for each in status.of("not-solvable")
        for reason in each.reasons
        if isinstance(reason, NotSolvable)
    }
    return tuple(sorted(found.difference(platforms))) if platforms else ()


def _elsewhere(status: Status, platforms: Sequence[str]) -> Iterator[str]:
    others = platforms_elsewhere(status, platforms)
    if others:
        yield (
            f"Some states depend on {words(others)}, which the settings do not list: a rebuild is for every "
            "platform of "
            "a feedstock. --platform restricts the solver to some platforms."
        )


def _details(each: FeedstockStatus, *, brief: bool = False) -> Iterator[str]:
    """Yield the findings about a member, the most important first."""
    if each.state == "awaiting-parents" and each.waits_for:
        yield f"waits for {', '.join(each.waits_for)}"
    if each.state == "awaiting-pr" and each.blocks:
        yield f"blocks {each.blocks}"
    for reason in each.reasons:
        yield reason_words(reason)
    if each.evidence is not None:
        yield from _lines(each.evidence, brief=brief)


def _lines(evidence: Evidence, *, brief: bool = False) -> Iterator[str]:
    """Yield each finding with its platforms; `brief`: what holds on everything that the channel has is marked as such.

    A brief one begins with the platforms, but for what is built.
    """
    platforms: dict[str, list[str]] = {}
    built: dict[str, bool] = {}
    for platform, finding in sorted(evidence.findings.items(), key=lambda item: _ORDER.get(type(item[1]), 0)):
        told = finding_words(finding)
        platforms.setdefault(told, []).append(platform)
        built[told] = isinstance(finding, CarryingBuild)
    in_channel = sum(not isinstance(finding, NoChannelPlatform) for finding in evidence.findings.values())
    every = "all platforms" if in_channel == len(evidence.findings) else "all platforms of the channel"
    for told, names in platforms.items():
        everywhere = brief and len(names) == in_channel > 2
        if brief and not built[told]:
            yield f"{every if everywhere else words(names, _MOST_PLATFORMS)}: {told}"
        else:
            yield f"{told} ({every if everywhere else ', '.join(names)})"


def _closing(status: Status) -> Iterator[str]:
    if status.blockers:
        first = status.blockers[:_MOST_BLOCKERS]
        yield "Blocking most: " + ", ".join(f"{each.feedstock} ({each.blocks})" for each in first)
    for name in _migrations(status):
        yield f"All wait for the migration {name}."
    alike: dict[tuple[str, ...], list[str]] = {}
    for platform, members in status.not_in_channel.items():
        alike.setdefault(members, []).append(platform)
    for members, platforms in alike.items():
        yield f"The channel has no packages for {words(platforms)}: {words(members, 5)} are unknown there."
    if status.absent:
        absent = ", ".join(status.absent)
        yield f"Release lines that are not in the workspace (`dirac-forge sync` fetches them): {absent}"


def _migrations(status: Status) -> tuple[str, ...]:
    """Return the other migrations that are waited for."""
    return tuple(dict.fromkeys(name for each in status.feedstocks for name in each.waits_for_migrations))


def next_json(plan: Plan, status: Status, *, paused: bool = False) -> dict[str, Any]:
    """Return what is ready, as `migrate next --json` prints it; nothing if the migration is held as `paused`."""
    return {
        "migration": plan.migration.name,
        "paused": status.paused,
        "missing": [{"package": each.package, "version": each.pin} for each in status.missing],
        "next": [] if paused else [_status(each) for each in status.next],
    }


def next_text(plan: Plan, status: Status, *, paused: bool = False) -> RenderableType:
    """Return what is ready, most-blocking first; if nothing can, what is in the way."""
    head = list(_headlines(status))
    if paused:
        return sentences([*head, "Nothing is rebuilt; --paused shows what could be."])
    if not status.feedstocks:
        return sentences([*head, f"{plan.migration.name}: {no_members(plan)}"])
    counts = _others(status)
    if not status.next:
        return sentences([*head, *_nothing(status, counts)])
    others = [f"The others: {counts}."] if counts else []
    return Group(sentences(head), NamedSentences(_rows(status.next)), sentences(others))


def _counts(status: Status, states: Sequence[State]) -> str:
    return ", ".join(f"{len(members)} {state}" for state in states if (members := status.of(state)))


def _others(status: Status) -> str:
    """Return the counts of the members that are not ready."""
    counts = _counts(status, [state for state in STATES if state != "awaiting-pr"])
    merged = f"{len(status.merged)} merged and not built yet" if status.merged else ""
    return ", ".join(filter(None, (counts, merged)))


def _nothing(status: Status, counts: str) -> Iterator[str]:
    """Yield that nothing is ready, except for what the headline says already."""
    if not status.missing:
        yield f"No member is ready{f': {counts}' if counts else ''}."
    elif counts:
        yield f"{counts}."
