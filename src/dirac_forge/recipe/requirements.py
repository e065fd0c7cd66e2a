"""Requirements (PEP 508) of a release as lines of a recipe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from dirac_forge.errors import InputError
from dirac_forge.recipe.markers import Reach, platform_condition, python_condition, reach
from dirac_forge.recipe.model import Note, Requirement, When
from dirac_forge.recipe.scope import Scope
from dirac_forge.recipe.specs import conda_spec, merged, parse_specifiers
from dirac_forge.upstream.facts import CoreMetadata

__all__ = ["Converted", "Providers", "convert", "expand", "parse"]

MOST_REQUIREMENTS = 2000
"""A release has tens of requirements; extras that unfold into more are not honest."""


@dataclass(frozen=True, kw_only=True)
class Providers:
    """What the conversion has to ask for."""

    package: Callable[[str], str]
    """Project to the name of its package."""
    bundled: Callable[[str, str], str | None] = field(default=lambda project, extra: None)
    """Project and extra to the package that holds both (`cachecontrol-with-filecache`), where a channel has one."""
    metadata: Callable[[str, SpecifierSet], CoreMetadata | None] = field(default=lambda project, specifiers: None)
    """The metadata of the release of a project that a requirement selects, to see what an extra adds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """One requirement, its extras unfolded: where it holds, and the line of metadata that it comes from."""

    project: str
    """As upstream spells it."""
    package: str
    specifiers: SpecifierSet
    reach: Reach
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """Lines for a recipe, by name, with the notes that explain them."""

    lines: tuple[Requirement, ...]
    notes: tuple[Note, ...] = ()


def parse(text: str) -> Pep508:
    """One requirement; tolerant of what old tools wrote (`>=3.6.*`, `foo (>=1)`).

    Raises InputError where the text is no requirement.
    """
    try:
        return Pep508(text)
    except InvalidRequirement:
        pass
    head, _, marker = text.partition(";")
    match = re.fullmatch(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*([^@]*)", head)
    if match is None:
        raise InputError(f"{text!r} is no requirement: expected a name, extras, a version specifier, a marker (PEP 508)")
    name, extras, specifiers = match.groups()
    try:
        return Pep508(f"{name}{extras or ''}{parse_specifiers(specifiers)}{';' + marker if marker else ''}")
    except InvalidRequirement as error:
        raise InputError(f"{text!r} is no requirement: {str(error).splitlines()[0]} (PEP 508)") from error


def expand(
    texts: Iterable[str], scope: Scope, providers: Providers, *, extras: Iterable[str] = ()
) -> tuple[list[Wanted], list[Note]]:
    """All requirements that hold anywhere in the scope, with what their extras add, and notes on what was left out."""
    found: list[Wanted] = []
    notes: list[Note] = []
    seen: set[tuple[str, str]] = set()

    def add(text: str, wanted_extras: Iterable[str], *, within: Reach | None, added_by: str) -> None:
        if len(found) > MOST_REQUIREMENTS:
            raise InputError(f"more than {MOST_REQUIREMENTS} requirements: the metadata can't be right (at {text!r})")
        requirement = parse(text)
        where = reach(requirement.marker, scope, wanted_extras)
        if added_by and not reach(requirement.marker, scope).never:
            return  # it holds without the extra too: the plain requirement of that package brings it
        where = _both(where, within, scope)
        if where.never:
            return
        origin = f"{text} (extra of {added_by})" if added_by else text
        if requirement.url:
            notes.append(Note(level="warning", text=f"{requirement.name}: upstream asks for a URL, which conda can't: {text}"))
        package, unfolded = _bundled(requirement, providers)
        found.append(
            Wanted(
                project=requirement.name,
                package=package,
                specifiers=requirement.specifier,
                reach=where,
                origin=origin,
            )
        )
        for extra in unfolded:
            _unfold(requirement, extra, where)

    def _unfold(requirement: Pep508, extra: str, where: Reach) -> None:
        key = (canonicalize_name(requirement.name), canonicalize_name(extra))
        if key in seen:
            return
        seen.add(key)
        asked = f"{requirement.name}[{extra}]"
        metadata = providers.metadata(requirement.name, requirement.specifier)
        if metadata is None:
            notes.append(
                Note(level="todo", text=f"{asked}: what the extra adds could not be found out; add its requirements to run")
            )
            return
        if canonicalize_name(extra) not in {canonicalize_name(e) for e in metadata.provides_extra}:
            notes.append(
                Note(level="info", text=f"{asked}: {metadata.name} {metadata.version} has no such extra; it adds nothing")
            )
            return
        for text in metadata.requires_dist:
            add(text, (extra, canonicalize_name(extra)), within=where, added_by=asked)

    for text in texts:
        try:
            add(text, tuple(extras), within=None, added_by="")
        except InputError as error:
            notes.append(Note(level="todo", text=f"requirement left out: {error.message}"))
    return found, notes


def _bundled(requirement: Pep508, providers: Providers) -> tuple[str, list[str]]:
    """The package for a requirement, and those of its extras that the package does not hold by itself."""
    extras = sorted(requirement.extras)
    for extra in extras:
        if package := providers.bundled(requirement.name, extra):
            return package, [other for other in extras if other != extra]
    return providers.package(requirement.name), extras


def _both(one: Reach, other: Reach | None, scope: Scope) -> Reach:
    if other is None:
        return one
    pythons = tuple(p for p in one.pythons if p in other.pythons)
    platforms = tuple(p for p in one.platforms if p in other.platforms)
    nowhere = not pythons or not platforms
    return Reach(
        pythons=() if nowhere else pythons,
        platforms=() if nowhere else platforms,
        every_python=pythons == scope.pythons,
        every_platform=platforms == scope.platforms,
        exact=one.exact and other.exact,
    )


def convert(
    texts: Iterable[str],
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
    wanted, notes = expand(texts, scope, providers, extras=extras)
    lines: list[Requirement] = []
    for package, group in _grouped(wanted):
        new, more = (_noarch_lines if noarch else _arch_lines)(package, group, scope)
        lines += new
        notes += more
    return Converted(lines=tuple(sorted(lines, key=_order)), notes=tuple(dict.fromkeys(notes)))


def _grouped(wanted: Sequence[Wanted]) -> Iterator[tuple[str, list[Wanted]]]:
    groups: dict[str, list[Wanted]] = {}
    for one in wanted:
        groups.setdefault(one.package, []).append(one)
    yield from groups.items()


def _order(line: Requirement) -> tuple[str, str]:
    return line.name.lower().replace("_", "-"), line.when.v1 if line.when else ""


def _arch_lines(package: str, group: Sequence[Wanted], scope: Scope) -> tuple[list[Requirement], list[Note]]:
    """One line where all hold everywhere, else one for each distinct condition."""
    by_condition: dict[When | None, list[Wanted]] = {}
    notes = []
    for one in group:
        if not one.reach.exact:
            notes.append(Note(level="warning", text=f"{package}: the marker joins Python and platform; condition widened: {one.origin}"))
        by_condition.setdefault(_condition(one.reach, scope), []).append(one)
    lines = [
        Requirement(name=package, spec=_spec(members), when=when)
        for when, members in by_condition.items()
        if when is None or not _subsumed(members, by_condition.get(None, []))
    ]
    return lines, notes


def _subsumed(members: Sequence[Wanted], unconditional: Sequence[Wanted]) -> bool:
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


def _noarch_lines(package: str, group: Sequence[Wanted], scope: Scope) -> tuple[list[Requirement], list[Note]]:
    notes = []
    by_platform: dict[When | None, list[Wanted]] = {}
    for one in group:
        if not one.reach.every_python:
            notes.append(Note(level="info", text=f"{package}: needed by some Pythons only, required for all (noarch): {one.origin}"))
        when = None if not one.reach.exact else platform_condition(one.reach.platforms, scope)
        if when is not None and "target_platform" in when.v1:
            notes.append(Note(level="info", text=f"{package}: needed on some machines only, required on all (noarch): {one.origin}"))
            when = None
        by_platform.setdefault(when, []).append(one)
    lines = [
        Requirement(name=package, spec=_loosest(members), when=when)
        for when, members in by_platform.items()
        if when is None or not _subsumed(members, by_platform.get(None, []))
    ]
    return lines, notes


def _spec(members: Sequence[Wanted]) -> str:
    return conda_spec(merged(one.specifiers for one in members))


def _loosest(members: Sequence[Wanted]) -> str:
    """The spec that lets every Python have what its own line asks for.

    Lines for different Pythons (`>=1.22; python_version<"3.11"` and `>=1.26; python_version>="3.12"`) are alternatives:
    the lowest lower bound and the highest upper bound hold for all of them. Lines for the same Python add up.
    """
    alternatives: dict[tuple[str, ...], list[Wanted]] = {}
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
