"""Who belongs to a migration, and who does not: conda-forge's bot's rule, with the requirement that decides.

A feedstock is a member if one of the migrated packages is in its host (in build, if host is empty), it is not all
noarch, and it neither makes a migrated package nor is excluded. Requirements are joined over outputs, platforms and
variants; strong run_exports of what a feedstock needs anywhere count as host and run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Literal

from dirac_forge.feedstock.facts import FeedstockFacts, Need
from dirac_forge.feedstock.facts_model import as_written
from dirac_forge.feedstock.graph import STRONG_STUBS, Graph
from dirac_forge.migration.exclusions import NoRebuild
from dirac_forge.migration.schema import Migration
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A feedstock that must be rebuilt."""

    feedstock: str
    because: tuple[Need, ...]
    """The requirements that make it one."""
    platforms: tuple[str, ...]
    """Those of its platforms where one of these requirements holds."""
    exporters: tuple[str, ...] = ()
    """Feedstocks whose strong run_exports make it one, if no requirement of its own does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Excluded:
    """A feedstock that needs a migrated package and is not a member."""

    feedstock: str
    reason: NoRebuild


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """Members and those left out, by name; `packages` are the names that decide."""

    packages: frozenset[str]
    members: Mapping[str, Member]
    excluded: Mapping[str, Excluded]
    absent: tuple[str, ...] = ()
    """Release lines that rebuilds go to, and whose recipe is not in the workspace; their feedstock is a member."""
    allowed: frozenset[str] | None = None
    """With an allowlist: the only feedstocks that the migration sees."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """What a feedstock needs, by section, as the bot joins it."""

    linked: frozenset[str]
    """Host, or build if host is empty."""
    run: frozenset[str]
    test: frozenset[str]
    exporters: frozenset[str] = field(default_factory=frozenset)
    """Feedstocks (and compilers) with strong run_exports among everything that it needs; they are in host and run."""


def linked(graph: Graph, facts: FeedstockFacts, *, include_build: bool) -> Linked:
    """Return the sections of one feedstock; see `members_of`."""
    sections: dict[str, set[str]] = {"build": set(), "host": set(), "run": set(), "test": set()}
    for need in facts.needs:
        sections[need.section].add(need.name)
    exporting = graph.exporting
    exporters = {maker for need in facts.needs if need.name in exporting for maker in exporting[need.name]}
    host = sections["host"] | exporters
    chosen = host | sections["build"] if include_build else host or sections["build"]
    return Linked(
        linked=frozenset(chosen),
        run=frozenset(sections["run"] | exporters),
        test=frozenset(sections["test"]),
        exporters=frozenset(exporters),
    )


def packages_of(graph: Graph, migration: Migration) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the packages that a migration is about: its keys, also with dashes, that a feedstock makes.

    A key that nobody here makes counts if somebody needs it, since a workspace need not hold the maker; a note says
    so. `override_cbc_keys` replaces all of this.
    """
    if migration.settings.override_cbc_keys is not None:
        return frozenset(migration.settings.override_cbc_keys), ()
    made: set[str] = set()
    unmade: set[str] = set()
    for key in migration.keys:
        spellings = {key, key.replace("_", "-")}
        own = {name for name in spellings if name in graph.makers}
        made |= own
        unmade |= set() if own else spellings
    needing = graph.needing(frozenset(unmade)) if unmade else ()
    needed = {need.name for name in needing for need in graph.facts[name].needs if need.name in unmade}
    notes = tuple(f"no feedstock here makes {name}; it counts because others need it" for name in sorted(needed))
    return frozenset(made | needed), notes


def members_of(graph: Graph, migration: Migration, *, allowlist: Collection[str] | None = None) -> Membership:
    """Return the members and excluded feedstocks of a migration; `allowlist` are the names in its `allowlist_file`."""
    packages, notes = packages_of(graph, migration)
    makers = {maker for package in packages for maker in graph.makers.get(package, (package,))}
    allowed = None if allowlist is None else frozenset(_ancestors(graph, allowlist))
    members: dict[str, Member] = {}
    excluded: dict[str, Excluded] = {}
    absent: list[str] = []
    near = _near(graph, packages)
    for name, hits in _concerned(graph, migration, packages, near, makers, allowed):
        facts = graph.facts[name]
        reason = _reason_against(name, graph, migration, makers, only_python="python" in packages)
        if reason is None and not facts.assumed:
            members[name] = _member(name, facts, hits, migration)
        elif reason is None:
            absent.append(name)
        elif not facts.assumed:
            excluded[name] = Excluded(feedstock=name, reason=reason)
    excluded |= _only_in_build(graph, packages, near - {*members, *excluded}, allowed)
    return Membership(
        packages=packages, members=members, excluded=excluded, absent=tuple(absent), allowed=allowed, notes=notes
    )


def _near(graph: Graph, packages: frozenset[str]) -> frozenset[str]:
    """Return the few feedstocks that can have something to do with a migration; those are looked at closely."""
    exporting = {name for name, exporters in graph.exporting.items() if packages.intersection(exporters)}
    return graph.needing(packages | exporting)


def _concerned(
    graph: Graph,
    migration: Migration,
    packages: frozenset[str],
    near: frozenset[str],
    makers: Collection[str],
    allowed: Collection[str] | None,
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the feedstocks that are built with migrated packages, with these, and those that make one."""
    own = makers if migration.settings.exclude_pinned_pkgs else ()
    for name, facts in graph.facts.items():
        hits = _hits(graph, facts, migration, packages) if name in near else frozenset()
        if (hits or base_of(name) in own) and (allowed is None or base_of(name) in allowed):
            yield name, hits


def _only_in_build(
    graph: Graph, packages: frozenset[str], near: frozenset[str], allowed: Collection[str] | None
) -> Iterator[tuple[str, Excluded]]:
    """Yield the feedstocks without a host of their own that need a migrated package in build, if it does not count.

    conda-build takes build as host too where there is neither a host section nor a compiler, and so does the bot,
    which reads strong run_exports as host.
    """
    for name in sorted(near):
        facts = graph.facts[name]
        if not facts.assumed and (allowed is None or base_of(name) in allowed):
            reason = _build_only(graph, facts, packages)
            if reason is not None:
                yield name, Excluded(feedstock=name, reason=reason)


def _build_only(graph: Graph, facts: FeedstockFacts, packages: frozenset[str]) -> NoRebuild | None:
    need = next((need for need in facts.needs if need.section == "build" and need.name in packages), None)
    if need is None or any(each.section == "host" for each in facts.needs):
        return None
    strong = next((each.name for each in facts.needs if each.name in graph.exporting), None)
    place = f"{facts.recipe}:{need.line}"
    return NoRebuild(kind="build-only", need=need.name, place=place, beside=as_written(strong)) if strong else None


def base_of(label: str) -> str:
    """Return the feedstock of a release line: `dirac-grid` of `dirac-grid@v8.0.x`."""
    return label.partition("@")[0]


def _hits(graph: Graph, facts: FeedstockFacts, migration: Migration, packages: frozenset[str]) -> frozenset[str]:
    """Return the migrated packages that a feedstock is built with."""
    return linked(graph, facts, include_build=migration.settings.include_build).linked & packages


def _reason_against(
    name: str, graph: Graph, migration: Migration, makers: Collection[str], *, only_python: bool
) -> NoRebuild | None:
    facts, base, settings = graph.facts[name], base_of(name), migration.settings
    noarch = facts.noarch_python if only_python else facts.noarch
    noarch_kind: Literal["noarch", "noarch-python"] = "noarch" if facts.noarch else "noarch-python"
    wanted = settings.platform_allowlist
    reasons = (
        (base in graph.archived, NoRebuild(kind="archived")),
        (facts.error is not None, NoRebuild(kind="unreadable", problem=str(facts.error))),
        (name == "conda-forge-pinning", NoRebuild(kind="pinning")),
        (base in settings.exclude, NoRebuild(kind="excluded")),
        (settings.exclude_pinned_pkgs and base in makers, NoRebuild(kind="maker")),
        (not settings.include_noarch and noarch, NoRebuild(kind=noarch_kind)),
        (bool(wanted) and not set(wanted) & set(facts.platforms), NoRebuild(kind="platforms", platforms=tuple(wanted))),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _member(name: str, facts: FeedstockFacts, hits: Collection[str], migration: Migration) -> Member:
    because = tuple(
        need for need in deciding_needs(facts, include_build=migration.settings.include_build) if need.name in hits
    )
    mask = 0
    for need in because:
        mask |= need.platforms
    if not because:
        mask = (1 << len(facts.platforms)) - 1
    platforms = facts.platforms_of(mask)
    if migration.settings.platform_allowlist:
        platforms = tuple(platform for platform in platforms if platform in migration.settings.platform_allowlist)
    exporters = () if because else tuple(sorted(hits))
    return Member(feedstock=name, because=because, platforms=platforms, exporters=exporters)


def deciding_needs(facts: FeedstockFacts, *, include_build: bool) -> Iterable[Need]:
    """Return the requirements that can make a feedstock a member: host, or build if host is empty."""
    sections = {section: [need for need in facts.needs if need.section == section] for section in ("host", "build")}
    host, build = sections["host"], sections["build"]
    compilers = [need for need in build if need.name in STRONG_STUBS]
    if include_build:
        return [*host, *build]
    if host or any(need.name in STRONG_STUBS for need in facts.needs):
        # A compiler's run_exports fill host: then build no longer decides, but the compilers themselves do.
        return [*host, *compilers]
    return build


def _ancestors(graph: Graph, names: Collection[str]) -> set[str]:
    """Return `names` and everything that they need, directly or not, in any section."""
    found = set(names)
    waiting = [name for name in names if name in graph.facts]
    while waiting:
        for need in graph.facts[waiting.pop()].needs:
            for maker in graph.makers_of(need.name):
                if maker not in found:
                    found.add(maker)
                    waiting.append(maker)
    return found
