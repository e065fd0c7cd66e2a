"""The page of a migration: progress, when targets are installable, the graph, and a table of the members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from dirac_forge.report.site.links import web_url
from dirac_forge.report.site.pages.bars import Bar, bar_of
from dirac_forge.report.site.pages.drawing import migration_drawing
from dirac_forge.report.site.words import STATE_ORDER
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberRow:
    """A member in the table."""

    name: str
    state: str
    wave: int
    """From 1."""
    blocks: int | None
    days: int | None
    """In its state, as far as this site has seen, or None if it has not."""
    request: str
    """A URL, or ""."""
    evidence: str
    waits_for: tuple[str, ...]
    platforms: tuple[str, ...]
    missing: tuple[str, ...]
    """Platforms if it is not done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetStep:
    """When a target is installable with the new pin on a platform, or on several alike."""

    target: str
    platform: str
    """Their names."""
    readiness: str
    """As `TargetClosure` has it."""
    wave: int | None
    """The last one of the members."""
    members: tuple[str, ...]
    """That must be done before."""
    path: tuple[str, ...]
    """The longest chain among them."""
    outside: tuple[str, ...]
    builds: tuple[str, ...] = ()
    """What to build instead of `outside`."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationPage:
    """What the page says."""

    name: str
    title: str
    state: str
    source: str
    pins: tuple[str, ...]
    unavailable: str
    """Why neither plan nor status is known, or "" if they are."""
    overall: Bar
    platforms: tuple[Bar, ...]
    states: tuple[str, ...]
    """Those that occur, in order."""
    waves: int
    missing: tuple[str, ...]
    """New versions that no channel has."""
    steps: tuple[TargetStep, ...]
    rows: tuple[MemberRow, ...]
    cycles: tuple[Mapping[str, Any], ...]
    excluded: tuple[tuple[str, tuple[str, ...]], ...]
    """Reason to the feedstocks that are not members for it."""
    absent: tuple[str, ...]
    """Release lines that are not in the workspace."""
    unreadable: tuple[Mapping[str, Any], ...]
    unknown: tuple[str, ...]
    waits_for: tuple[str, ...]
    """Other migrations."""
    notes: tuple[str, ...]
    dated: bool
    """This site has seen members before, so that `days` says something."""
    drawing: Mapping[str, Any] = field(repr=False)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """All bars, that of all platforms first."""
        return (self.overall, *self.platforms)


def migration_page(document: Mapping[str, Any], days: Mapping[str, int] | None = None) -> MigrationPage:
    """Return the page of a migration's data file; `days` is how long each member is in its state."""
    plan, status = document["plan"], document["status"]
    rows = tuple(_rows(document, days or {}))
    counts = Counter(row.state for row in rows)
    return MigrationPage(
        name=document["migration"],
        title=document["title"],
        state=document["state"],
        source=document["from"],
        pins=tuple(document["pins"]),
        unavailable=plan.get("unavailable") or status.get("unavailable") or "",
        overall=bar_of("All platforms", counts),
        platforms=tuple(_bars(rows, status.get("platforms", {}))),
        states=tuple(state for state in (*STATE_ORDER, "planned") if counts[state]),
        waves=len(plan.get("waves", ())),
        missing=tuple(f"{each['package']} {each['version']}" for each in status.get("missing", ())),
        steps=tuple(step for effect in document["targets"] for step in _steps(effect)),
        rows=rows,
        cycles=tuple(plan.get("cycles", ())),
        excluded=_excluded(plan.get("excluded", ())),
        absent=tuple(status.get("absent", ())),
        unreadable=tuple(plan.get("unreadable", ())),
        unknown=tuple(status.get("unknown", ())),
        waits_for=tuple(status.get("waits_for_migrations", ())),
        notes=(*document["notes"], *plan.get("notes", ())),
        dated=bool(days),
        drawing=migration_drawing(document),
    )


def _rows(document: Mapping[str, Any], days: Mapping[str, int]) -> Iterator[MemberRow]:
    states = {each["feedstock"]: each for each in document["status"].get("feedstocks", ())}
    for member in sorted(document["plan"].get("members", ()), key=lambda each: (each["wave"], each["feedstock"])):
        name = member["feedstock"]
        state = states.get(name, {})
        done = state.get("platforms", {})
        yield MemberRow(
            name=name,
            state=state.get("state", "planned"),
            wave=member["wave"],
            blocks=state.get("blocks"),
            days=days.get(name),
            request=web_url(document["requests"].get(name)),
            evidence=state.get("evidence", ""),
            waits_for=tuple(state.get("waits_for", ())),
            platforms=tuple(member["platforms"]),
            missing=tuple(each for each in member["platforms"] if state and not _done(state, done, each)),
        )


def _done(state: Mapping[str, Any], done: Mapping[str, Any], platform: str) -> bool:
    return state["state"] == "done" or done.get(platform) is True


def _bars(rows: Sequence[MemberRow], platforms: Mapping[str, Mapping[str, Any]]) -> Iterator[Bar]:
    """Yield the progress on each platform; what is done there counts so, whatever the others say."""
    for platform in platforms:
        here = [row for row in rows if platform in row.platforms]
        yield bar_of(platform, Counter(row.state if platform in row.missing else "done" for row in here))


def _steps(effect: Mapping[str, Any]) -> Iterator[TargetStep]:
    """Yield what is known of a target; platforms of which the same is known share it."""
    alike: dict[TargetStep, list[str]] = {}
    for platform, closure in effect["closure"].items():
        alike.setdefault(_step(effect["target"], closure), []).append(platform)
    for step, platforms in alike.items():
        yield replace(step, platform=", ".join(platforms))
    if effect["missing"] and not effect["closure"]:
        names = ", ".join(f"{each['package']} {each['version']}" for each in effect["missing"])
        yield TargetStep(
            target=effect["target"],
            platform="",
            readiness="unknown",
            wave=None,
            members=(),
            path=(),
            outside=(),
            reason=f"no channel has {names} yet, so nothing can be tried",
        )


def _step(target: str, closure: Mapping[str, Any]) -> TargetStep:
    return TargetStep(
        target=target,
        platform="",
        readiness=closure["readiness"],
        wave=closure["last_wave"],
        members=tuple(closure["members"]),
        path=tuple(closure["critical_path"]),
        outside=tuple(closure["outside"]),
        builds=tuple(closure.get("builds_instead", ())),
        reason=closure["reason"] or "",
    )


def _excluded(excluded: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    names: dict[str, list[str]] = {}
    for each in excluded:
        names.setdefault(each["reason"], []).append(each["feedstock"])
    return tuple((reason, tuple(mine)) for reason, mine in names.items())
