"""Requirements (PEP 508) of a release as lines of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from packaging.specifiers import SpecifierSet

from dirac_forge.recipe.making.expansion import Providers, WantedRequirement, expand
from dirac_forge.recipe.making.markers import Reach, platform_condition, python_condition
from dirac_forge.recipe.making.ranges import joined, satisfiable
from dirac_forge.recipe.making.specs import conda_spec, merged
from dirac_forge.recipe.model import Requirement, When
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.values import dataclass


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
    every_python: bool = False,
    extras: Iterable[str] = (),
) -> Converted:
    """Return the requirements as lines of a recipe, merged by package and sorted by name.

    Where one build serves all Pythons (noarch, or `every_python`: the stable ABI), a marker on Python can't be kept:
    what any Python of the scope needs is required, with a note. A marker on the platform stays as a condition.
    """
    wanted, notes = expand(requirements, scope, providers, extras=extras)
    lines: list[Requirement] = []
    lines_of = _noarch_lines if noarch else _stable_lines if every_python else _arch_lines
    for package, group in _grouped(wanted):
        new, more = lines_of(package, group, scope)
        lines += new
        notes += [*more, *_contradictions(package, group)]
    return Converted(lines=tuple(sorted(lines, key=_order)), notes=tuple(dict.fromkeys(notes)))


def _contradictions(package: str, group: Sequence[WantedRequirement]) -> Iterator[Note]:
    """Yield a note where what holds everywhere admits no version."""
    always = [one for one in group if one.reach.every_python and one.reach.every_platform]
    if not satisfiable(merged(one.specifiers for one in always)):
        yield note("warning", NoteKind.CONTRADICTION, package=package, origins=[one.origin for one in always])


def by_system(lines: Sequence[Requirement]) -> Converted:
    """Return lines of a noarch package, under conditions with the virtual packages that tell its builds apart."""
    conditions = {line.when.v1 for line in lines if line.when}
    if not conditions:
        return Converted(lines=tuple(lines))
    by_unix = conditions <= {"win", "unix", "not win", "not unix"}
    systems = ("unix", "win") if by_unix else ("linux", "osx", "win")
    why = note(
        "info",
        NoteKind.SOME_SYSTEMS,
        packages=sorted({line.name for line in lines if line.when}),
        markers=[f"__{system}" for system in systems],
        platforms=["linux_64", *([] if by_unix else ["osx_64"]), "win_64"],
    )
    markers = [Requirement(name=f"__{system}", when=When(system, system)) for system in systems]
    return Converted(lines=(*markers, *lines), notes=(why,))


def _grouped(wanted: Sequence[WantedRequirement]) -> Iterator[tuple[str, list[WantedRequirement]]]:
    groups: dict[str, list[WantedRequirement]] = {}
    for one in wanted:
        groups.setdefault(one.package, []).append(one)
    yield from groups.items()


def _order(line: Requirement) -> tuple[str, str]:
    return line.name.lower().replace("_", "-"), line.when.v1 if line.when else ""


def _arch_lines(package: str, group: Sequence[WantedRequirement], scope: Scope) -> tuple[list[Requirement], list[Note]]:
    """Return one line where all hold everywhere, else one for each distinct condition."""
    by_condition: dict[When | None, list[WantedRequirement]] = {}
    for one in group:
        by_condition.setdefault(_condition(one.reach, scope), []).append(one)
    lines = [
        Requirement(name=package, spec=_spec(members), when=when)
        for when, members in by_condition.items()
        if when is None or not _subsumed(members, by_condition.get(None, []))
    ]
    return lines, _wider_conditions(package, group)


def _wider_conditions(package: str, group: Iterable[WantedRequirement]) -> list[Note]:
    return [
        note("warning", NoteKind.WIDENED_CONDITION, package=package, origin=one.origin)
        for one in group
        if not one.reach.exact
    ]


def _subsumed(members: Sequence[WantedRequirement], unconditional: Sequence[WantedRequirement]) -> bool:
    """Whether the lines that hold everywhere ask for all that these do."""
    everywhere = {clause for one in unconditional for clause in one.specifiers}
    return bool(unconditional) and all(clause in everywhere for one in members for clause in one.specifiers)


def _condition(where: Reach, scope: Scope) -> When | None:
    by_python = python_condition(where.pythons, scope, earlier=where.earlier, later=where.later)
    parts = [platform_condition(where.platforms, scope), by_python]
    known = [part for part in parts if part is not None]
    if not known:
        return None
    if len(known) == 1:
        return known[0]
    return When(" and ".join(_wrapped(p.v1) for p in known), " and ".join(_wrapped(p.v0) for p in known))


def _wrapped(expression: str) -> str:
    return f"({expression})" if " or " in expression else expression


def _stable_lines(
    package: str, group: Sequence[WantedRequirement], scope: Scope
) -> tuple[list[Requirement], list[Note]]:
    """Return one line for each platform condition, which serves all Pythons: there is one build for each platform."""
    conditions = [platform_condition(one.reach.platforms, scope) for one in group]
    if _clash(group, conditions):
        lines = list(_by_platforms(package, group, scope, [[platform] for platform in scope.platforms]))
    else:
        lines = list(_by_condition(package, group, conditions))
    return [line for line, _ in lines], [
        *_some_pythons(package, group, lines, scope),
        *_wider_conditions(package, group),
        *_without_common(package, group, lines),
    ]


def _noarch_lines(
    package: str, group: Sequence[WantedRequirement], scope: Scope
) -> tuple[list[Requirement], list[Note]]:
    notes: list[Note] = []
    conditions = [platform_condition(one.reach.platforms, scope) for one in group]
    if _can_say(group, conditions) and not _clash(group, conditions):
        lines = list(_by_condition(package, group, conditions))
    else:
        lines = list(_by_platforms(package, group, scope, _systems_of(scope)))
        notes += _widened(package, group)
    told = _some_pythons(package, group, lines, scope)
    return [line for line, _ in lines], [*told, *notes, *_without_common(package, group, lines)]


def _some_pythons(
    package: str, group: Sequence[WantedRequirement], lines: Sequence[tuple[Requirement, bool]], scope: Scope
) -> list[Note]:
    """Return one note on what is required on some Pythons only, and on bounds that differ between them."""
    origins = [one.origin for one in group if not one.reach.every_python]
    if not origins:
        return []
    if not all(common for _, common in lines):
        return []  # which is told by itself
    if any(one.reach.every_python for one in group) or _cover(group, scope):
        written = dict.fromkeys(f"{package} {line.spec}".strip() for line, _ in lines)
        everything = [one.origin for one in group]
        return [note("info", NoteKind.BOUNDS_BY_PYTHON, package=package, origins=everything, written=written)]
    return [note("info", NoteKind.SOME_PYTHONS, package=package, origins=origins)]


def _cover(group: Iterable[WantedRequirement], scope: Scope) -> bool:
    """Whether requirements on some Pythons each are together on all of them."""
    return set(scope.pythons) <= {python for one in group for python in one.reach.pythons}


def _without_common(
    package: str, group: Iterable[WantedRequirement], lines: Iterable[tuple[Requirement, bool]]
) -> Iterator[Note]:
    """Yield a note where no version suits all that a line serves."""
    if not all(common for _, common in lines):
        yield note("warning", NoteKind.NO_COMMON_VERSION, package=package, origins=[one.origin for one in group])


def _can_say(group: Iterable[WantedRequirement], conditions: Iterable[When | None]) -> bool:
    """Whether conditions on the system say exactly where the requirements hold."""
    return all(one.reach.exact for one in group) and not any(map(_by_machine, conditions))


def _clash(group: Sequence[WantedRequirement], conditions: Sequence[When | None]) -> bool:
    """Whether no version suits both what some Python needs everywhere and what some needs under a condition."""
    by_condition = _members(group, conditions)
    everywhere = by_condition.pop(None, [])
    return any(
        not satisfiable(merged([_admitted(everywhere), _admitted(members)])) for members in by_condition.values()
    )


def _admitted(members: Sequence[WantedRequirement]) -> SpecifierSet:
    return joined([merged(one.specifiers for one in held) for held in _by_python(members)])[0]


def _by_python(members: Sequence[WantedRequirement]) -> list[list[WantedRequirement]]:
    pythons = dict.fromkeys(python for one in members for python in one.reach.pythons)
    return [[one for one in members if python in one.reach.pythons] for python in pythons]


def _members(
    group: Sequence[WantedRequirement], conditions: Sequence[When | None]
) -> dict[When | None, list[WantedRequirement]]:
    by_condition: dict[When | None, list[WantedRequirement]] = {}
    for one, condition in zip(group, conditions, strict=True):
        by_condition.setdefault(condition, []).append(one)
    return by_condition


def _by_machine(condition: When | None) -> bool:
    """Whether a condition distinguishes machines of one system, which builds of a noarch package can't."""
    return condition is not None and "target_platform" in condition.v1


def _widened(package: str, group: Iterable[WantedRequirement]) -> Iterator[Note]:
    """Yield a note on each requirement that holds on some machines of a system only."""
    for one in group:
        if not (one.reach.every_platform and one.reach.exact):
            systems = [_SYSTEM_NAMES[system] for system in _systems(one.reach.platforms)]
            yield note("info", NoteKind.SOME_MACHINES, package=package, systems=systems, origin=one.origin)


def _by_condition(
    package: str, group: Sequence[WantedRequirement], conditions: Sequence[When | None]
) -> Iterator[tuple[Requirement, bool]]:
    """Yield one line for what holds on all systems, and one for each condition that asks for more."""
    by_condition = _members(group, conditions)
    for when, members in by_condition.items():
        if when is None or not _subsumed(members, by_condition.get(None, [])):
            spec, common = _for_all(_by_python(members))
            yield Requirement(name=package, spec=spec, when=when), common


_SYSTEM_NAMES = {"linux": "Linux", "osx": "macOS", "win": "Windows"}


def _systems(platforms: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(platform.partition("-")[0] for platform in platforms))


def _systems_of(scope: Scope) -> list[list[str]]:
    """Return the platforms of each system, which is all that a noarch package can tell apart."""
    return [
        [platform for platform in scope.platforms if platform.partition("-")[0] == system]
        for system in _systems(scope.platforms)
    ]


def _by_platforms(
    package: str, group: Sequence[WantedRequirement], scope: Scope, parts: Iterable[Sequence[str]]
) -> Iterator[tuple[Requirement, bool]]:
    """Yield a line for each set of platforms that a build can tell apart; sets that need the same share one."""
    by_spec: dict[tuple[str, bool], list[str]] = {}
    for platforms in parts:
        if held := _held_in(product(scope.pythons, platforms), group):
            by_spec.setdefault(_for_all(held), []).extend(platforms)
    for (spec, common), platforms in by_spec.items():
        yield Requirement(name=package, spec=spec, when=platform_condition(platforms, scope)), common


def _held_in(cells: Iterable[tuple[str, str]], group: Sequence[WantedRequirement]) -> list[list[WantedRequirement]]:
    """Return what holds in each of the pairs of Python and platform, where anything does."""
    holding = ([one for one in group if cell in one.reach.cells] for cell in cells)
    return [members for members in holding if members]


def _spec(members: Sequence[WantedRequirement]) -> str:
    return conda_spec(merged(one.specifiers for one in members))


def _for_all(alternatives: Sequence[Sequence[WantedRequirement]]) -> tuple[str, bool]:
    """Return the spec of the one line that serves several Pythons or machines, and whether a version suits them all.

    Each alternative is what one of them asks for. A noarch package is one line for all, so it asks for all at once
    (`>=0.2; python_version<"3.11"` and `>=0.3.7; python_version>="3.12"` are `>=0.3.7`). Where no version can be that
    (`~=1.26; python_version<"3.12"` and `~=2.0; python_version>="3.12"`), it is the range that holds what each admits.
    """
    different = {tuple(map(id, members)): members for members in alternatives}  # of most requirements there is one
    specifiers, common = joined([merged(one.specifiers for one in members) for members in different.values()])
    return conda_spec(specifiers), common
