"""Requirements (PEP 508) of a release as lines of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from dirac_forge.recipe.making.expansion import Providers, WantedRequirement, expand
from dirac_forge.recipe.making.markers import Reach, platform_condition, python_condition
from dirac_forge.recipe.making.specs import conda_spec, merged
from dirac_forge.recipe.model import Note, Requirement, When
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.requirements import RequirementList

__all__ = ["Converted", "convert"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """Lines for a recipe, by name, with the notes that explain them."""

    lines: tuple[Requirement, ...]
    notes: tuple[Note, ...] = ()


def convert(
    requirements: RequirementList,
    scope: Scope,
    providers: Providers,
    *,
    noarch: bool,
    extras: Iterable[str] = (),
) -> Converted:
    """The requirements as lines of a recipe, merged by package and sorted by name.

    In a noarch package a marker on Python can't be kept (one build serves all): what any Python of the scope needs is
    required, and a note says so. A marker on the platform stays as a condition.
    """
    wanted, notes = expand(requirements, scope, providers, extras=extras)
    lines: list[Requirement] = []
    for package, group in _grouped(wanted):
        new, more = (_noarch_lines if noarch else _arch_lines)(package, group, scope)
        lines += new
        notes += more
    return Converted(lines=tuple(sorted(lines, key=_order)), notes=tuple(dict.fromkeys(notes)))


def _grouped(wanted: Sequence[WantedRequirement]) -> Iterator[tuple[str, list[WantedRequirement]]]:
    groups: dict[str, list[WantedRequirement]] = {}
    for one in wanted:
        groups.setdefault(one.package, []).append(one)
    yield from groups.items()


def _order(line: Requirement) -> tuple[str, str]:
    return line.name.lower().replace("_", "-"), line.when.v1 if line.when else ""


def _arch_lines(package: str, group: Sequence[WantedRequirement], scope: Scope) -> tuple[list[Requirement], list[Note]]:
    """One line where all hold everywhere, else one for each distinct condition."""
    by_condition: dict[When | None, list[WantedRequirement]] = {}
    notes = []
    for one in group:
        if not one.reach.exact:
            notes.append(
                Note(
                    level="warning",
                    text=f"{package}: the marker joins Python and platform; condition widened: {one.origin}",
                )
            )
        by_condition.setdefault(_condition(one.reach, scope), []).append(one)
    lines = [
        Requirement(name=package, spec=_spec(members), when=when)
        for when, members in by_condition.items()
        if when is None or not _subsumed(members, by_condition.get(None, []))
    ]
    return lines, notes


def _subsumed(members: Sequence[WantedRequirement], unconditional: Sequence[WantedRequirement]) -> bool:
    """Whether the lines that hold everywhere ask for all that these do."""
    everywhere = {clause for one in unconditional for clause in one.specifiers}
    return bool(unconditional) and all(clause in everywhere for one in members for clause in one.specifiers)


def _condition(where: Reach, scope: Scope) -> When | None:
    parts = [platform_condition(where.platforms, scope), python_condition(where.pythons, scope)]
    known = [part for part in parts if part is not None]
    if not known:
        return None
    if len(known) == 1:
        return known[0]
    return When(" and ".join(_wrapped(p.v1) for p in known), " and ".join(_wrapped(p.v0) for p in known))


def _wrapped(expression: str) -> str:
    return f"({expression})" if " or " in expression else expression


def _noarch_lines(
    package: str, group: Sequence[WantedRequirement], scope: Scope
) -> tuple[list[Requirement], list[Note]]:
    notes = []
    by_platform: dict[When | None, list[WantedRequirement]] = {}
    for one in group:
        if not one.reach.every_python:
            notes.append(
                Note(
                    level="info",
                    text=f"{package}: needed by some Pythons only, required for all (noarch): {one.origin}",
                )
            )
        when = None if not one.reach.exact else platform_condition(one.reach.platforms, scope)
        if when is not None and "target_platform" in when.v1:
            notes.append(
                Note(
                    level="info",
                    text=f"{package}: needed on some machines only, required on all (noarch): {one.origin}",
                )
            )
            when = None
        by_platform.setdefault(when, []).append(one)
    lines = [
        Requirement(name=package, spec=_loosest(members), when=when)
        for when, members in by_platform.items()
        if when is None or not _subsumed(members, by_platform.get(None, []))
    ]
    return lines, notes


def _spec(members: Sequence[WantedRequirement]) -> str:
    return conda_spec(merged(one.specifiers for one in members))


def _loosest(members: Sequence[WantedRequirement]) -> str:
    """The spec that lets every Python have what its own line asks for.

    Lines for different Pythons (`>=1.22; python_version<"3.11"` and `>=1.26; python_version>="3.12"`) are alternatives:
    the lowest lower bound and the highest upper bound hold for all of them. Lines for the same Python add up.
    """
    alternatives: dict[tuple[str, ...], list[WantedRequirement]] = {}
    for one in members:
        alternatives.setdefault(one.reach.pythons, []).append(one)
    if len(alternatives) == 1:
        return _spec(members)
    pythons = {python for one in members for python in one.reach.pythons}
    per_python = [[one for one in members if python in one.reach.pythons] for python in sorted(pythons)]
    sets = [merged(one.specifiers for one in group) for group in per_python]
    return conda_spec(_union(sets))


def _union(sets: Sequence[SpecifierSet]) -> list[Specifier]:
    """Clauses that admit whatever any of the sets admits."""
    kept = []
    for low, directions in ((True, (">=", ">", "~=", "==")), (False, ("<=", "<"))):
        bounds = [[c for c in specifiers if c.operator in directions] for specifiers in sets]
        if all(bounds):
            strictest = [(max if low else min)(clauses, key=_version) for clauses in bounds]
            kept.append((min if low else max)(strictest, key=_version))
    excluded = [{c for c in specifiers if c.operator == "!="} for specifiers in sets]
    return [*kept, *set.intersection(*excluded)]


def _version(clause: Specifier) -> Version:
    try:
        return Version(clause.version.removesuffix(".*"))
    except InvalidVersion:
        return Version("0")
