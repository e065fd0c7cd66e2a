"""How an output is tested: modules to import and commands to run, those that must fail left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from itertools import starmap

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.recipe.making.imports import help_commands, imports_of
from dirac_forge.recipe.making.loading import ModuleGraph, UnmetImport, parents_of, unmet_imports
from dirac_forge.recipe.making.markers import reach
from dirac_forge.recipe.model import Test
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import EntryPoint, ReleaseFacts
from dirac_forge.values import dataclass

MOST_HELP_COMMANDS = 5
_SHARED_NAMES = frozenset({"benchmarks", "doc", "docs", "example", "examples", "scripts", "test", "tests"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sibling:
    """Another output of the same recipe."""

    package: str
    project: str
    """Its project, normalised."""
    requires: frozenset[str] = frozenset()
    """What that requires without extras, normalised."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputTest:
    """The test of an output, and what a person should know about it."""

    test: Test
    installs_modules: bool
    """Whether there are modules that could be imported, tested or not."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Shared libraries that the modules may load when they are imported, as written, with a file that does."""
    later: Mapping[str, str] = field(default_factory=dict)
    """Those of the packages' other modules."""
    siblings: tuple[str, ...] = ()
    """Packages of the same recipe whose modules are imported, and that no requirement brings."""
    notes: tuple[Note, ...] = ()


def test_of(
    graph: ModuleGraph,
    points: Sequence[EntryPoint],
    scope: Scope,
    brought: Collection[str] | None,
    siblings: Mapping[str, Sibling],
    folded: Sequence[str],
) -> OutputTest:
    """Return the test of a release's output, which has the requirements of the extras `folded` too.

    `brought` is every project that is installed with it, None if unknown; `siblings` are what the other outputs of
    the recipe install, by the name of the module: one that is imported and not required is asked for.
    """
    facts = graph.facts
    modules = imports_of(facts, graph)
    required, extras = _requirements(facts, scope, folded)
    commands = help_commands(points, facts.sdist)
    loaded = tuple(dict.fromkeys((*modules, *(point.module for point in commands))))
    asked = _undeclared_siblings(graph, loaded, siblings, {*_with_siblings(required, siblings), *(brought or ())})
    required = {**required, **{sibling.project: SpecifierSet() for *_, sibling in asked}}
    known = {*brought, *required} if brought is not None else None
    look = partial(unmet_imports, graph, required=required, extras=extras, brought=known, newest=scope.pythons[-1])
    missing = {name: look(name) for name in loaded}
    without, needing = _without_extras(points, facts, scope, known or required)
    told = list(_told(missing.values()))
    return OutputTest(
        siblings=tuple(sorted(sibling.package for *_, sibling in asked)),
        test=_test(modules, [point for point in commands if point.name not in without], missing),
        installs_modules=bool(modules),
        libraries=graph.libraries(modules),
        later=graph.later_libraries(modules),
        notes=(
            *starmap(_sibling_note, asked),
            *map(_note, told),
            *_lacking(_untested(points, missing, look), told),
            *needing,
            *_cut(graph.cut(loaded)),
            *_strangers(facts),
        ),
    )


def brought_by(
    facts: ReleaseFacts, scope: Scope, brought: Callable[[str], Collection[str] | None], extras: Sequence[str]
) -> Collection[str] | None:
    """Return every project that is installed with a release and these extras, None where that is not known.

    `brought` answers for a project with all extras that its recipe has outputs for.
    """
    whole = brought(facts.metadata.name)
    if whole is None or not facts.metadata.provides_extra:
        return whole
    required, _ = _requirements(facts, scope, extras)
    others = required.keys() - {canonicalize_name(facts.metadata.name)}
    return {name for project in others for name in (project, *(brought(project) or ()))}.intersection(whole)


def _untested(
    points: Iterable[EntryPoint],
    missing: Collection[str],
    look: Callable[[str], tuple[UnmetImport, ...]],
) -> dict[str, tuple[UnmetImport, ...]]:
    """Return the unmet imports of the commands whose modules are not tested."""
    modules = {point.name: point.module for point in points if point.module not in missing}
    lacks = {module: look(module) for module in dict.fromkeys(modules.values())}
    return {name: lacks[module] for name, module in modules.items()}


def _without_extras(
    points: Iterable[EntryPoint], facts: ReleaseFacts, scope: Scope, brought: Collection[str]
) -> tuple[Collection[str], list[Note]]:
    """Return the commands that need extras (`name = module:function [extra]`) which are not in run, and notes on
    them.
    """
    by_extras: dict[tuple[str, ...], list[str]] = {}
    for point in points:
        if point.extras:
            by_extras.setdefault(tuple(sorted(point.extras)), []).append(point.name)
    notes = []
    without: list[str] = []
    for extras, names in by_extras.items():
        if (kind := _lacking_extras(extras, facts, scope, brought)) is not None:
            without += names
            project = facts.metadata.name
            notes.append(note("warning", kind, needing=sorted(names), project=project, extras=extras))
    return without, notes


def _lacking_extras(
    extras: Sequence[str], facts: ReleaseFacts, scope: Scope, brought: Collection[str]
) -> NoteKind | None:
    """Return whether the requirements of extras are not in run, or not known."""
    spellings = {*extras, *map(canonicalize_name, extras)}
    added = (
        canonicalize_name(requirement.name)
        for requirement in facts.metadata.requires_dist
        if reach(requirement.marker, scope).never and not reach(requirement.marker, scope, spellings).never
    )
    if any(name not in brought for name in added):
        return NoteKind.COMMANDS_NEED_EXTRAS
    offered = set(map(canonicalize_name, facts.metadata.provides_extra))
    unknown = "requires-dist" in facts.metadata.dynamic and not offered.issuperset(map(canonicalize_name, extras))
    return NoteKind.COMMANDS_NEED_UNKNOWN_EXTRAS if unknown else None


def _test(modules: Iterable[str], commands: Sequence[EntryPoint], missing: Mapping[str, Sequence[UnmetImport]]) -> Test:
    sound = [point.name for point in commands if not missing[point.module]]
    return Test(
        imports=tuple(name for name in modules if not missing[name]),
        commands=tuple(f"{name} --help" for name in sound[:MOST_HELP_COMMANDS]),
    )


def _with_siblings(required: Iterable[str], siblings: Mapping[str, Sibling]) -> set[str]:
    """Return the required projects, and what the siblings among them require in turn."""
    needs = {sibling.project: sibling.requires for sibling in siblings.values()}
    found: set[str] = set()
    waiting = list(required)
    while waiting:
        if (project := waiting.pop()) not in found:
            found.add(project)
            waiting += needs.get(project, ())
    return found


def _undeclared_siblings(
    graph: ModuleGraph, modules: Iterable[str], siblings: Mapping[str, Sibling], brought: Collection[str]
) -> list[tuple[str, str, Sibling]]:
    """Return the siblings whose modules are imported and that nothing brings, each with one import and its file."""
    found: dict[str, tuple[str, str, Sibling]] = {}
    for target, path in (item for module in modules for item in graph.foreign_imports(module).items()):
        sibling = next((siblings[name] for name in reversed(parents_of(target)) if name in siblings), None)
        if sibling is not None and sibling.project not in brought:
            found.setdefault(sibling.package, (target, path, sibling))
    return list(found.values())


def _sibling_note(module: str, path: str, sibling: Sibling) -> Note:
    return note("warning", NoteKind.SIBLING_IMPORTED, path=path, module=module, package=sibling.package)


def _told(groups: Iterable[tuple[UnmetImport, ...]]) -> Iterable[UnmetImport]:
    """Return the unmet imports of all modules, each once, without what an extra's projects may bring."""
    told: dict[UnmetImport, None] = {}
    for group in groups:
        with_extra = any(each.extra for each in group)
        told |= dict.fromkeys(each for each in group if each.project or each.removed or not with_extra)
    return told


def _lacking(commands: Mapping[str, Sequence[UnmetImport]], told: Collection[UnmetImport]) -> Iterator[Note]:
    """Yield a note on each import that commands lack which are not tested, and that is not told yet."""
    lacked: dict[UnmetImport, list[str]] = {}
    for name, lacks in commands.items():
        for each in _told([tuple(lacks)]):
            if each not in told:
                lacked.setdefault(each, []).append(name)
    for unmet, names in lacked.items():
        yield _note(unmet, commands=names)


def _cut(paths: Sequence[str]) -> Iterator[Note]:
    if paths:
        yield note("info", NoteKind.MODULES_CUT, paths=paths)


def _strangers(facts: ReleaseFacts) -> list[Note]:
    """Return a note on folders at the top of a wheel that every other project might install too."""
    tops = {member.partition("/")[0] for member in facts.wheel.members if "/" in member} if facts.wheel else set()
    names = sorted(tops & _SHARED_NAMES) if tops - _SHARED_NAMES else []
    return [note("warning", NoteKind.SHARED_FOLDERS, folders=names)] if names else []


def _requirements(
    facts: ReleaseFacts, scope: Scope, folded: Sequence[str]
) -> tuple[Mapping[str, SpecifierSet], Mapping[str, str]]:
    """Return the projects that are required everywhere, and those that only an extra requires, with the extra."""
    required: dict[str, SpecifierSet] = {}
    extras: dict[str, str] = {}
    folded = _with_inner(folded, facts, scope)
    for requirement in facts.metadata.requires_dist:
        name = canonicalize_name(requirement.name)
        if not reach(requirement.marker, scope, folded).never:
            required[name] = required.get(name, SpecifierSet()) & requirement.specifier
        elif name not in extras and (extra := _bringing(requirement.marker, facts.metadata.provides_extra, scope)):
            extras[name] = extra
    return required, {name: extra for name, extra in extras.items() if name not in required}


def _with_inner(extras: Sequence[str], facts: ReleaseFacts, scope: Scope) -> tuple[str, ...]:
    """Return extras with those that they take in: `all` may be `demo[cli,gui]`."""
    own = canonicalize_name(facts.metadata.name)
    inner = [line for line in facts.metadata.requires_dist if canonicalize_name(line.name) == own]
    found = dict.fromkeys(extras)
    while more := {
        extra
        for line in inner
        if not reach(line.marker, scope, tuple(found)).never
        for extra in line.extras
        if extra not in found
    }:
        found |= dict.fromkeys(sorted(more))
    return tuple(found)


def _bringing(marker: Marker | None, offered: Iterable[str], scope: Scope) -> str:
    """Return the first extra with which a marker holds, "" for none; only those that its text names are tried."""
    text = str(marker)
    spellings = ((extra, canonicalize_name(extra)) for extra in offered)
    named = ((extra, plain) for extra, plain in spellings if extra in text or plain in text)
    return next((extra for extra, plain in named if not reach(marker, scope, (extra, plain)).never), "")


def _note(unmet: UnmetImport, **commands: Sequence[str]) -> Note:
    """Return a note on an import that nothing brings; `commands` are those that fail and are not tested."""
    facts = {"path": unmet.path, "module": unmet.module, **commands}
    if unmet.removed:
        return note("warning", NoteKind.IMPORT_REMOVED, python=unmet.removed, **facts)
    if unmet.extra:
        return note("warning", NoteKind.IMPORT_OF_EXTRA, extra=unmet.extra, project=unmet.project, **facts)
    if unmet.module.partition(".")[0] == "pkg_resources":
        return note("warning", NoteKind.IMPORT_OF_SETUPTOOLS, **facts)
    if unmet.project:
        return note("warning", NoteKind.IMPORT_NOT_REQUIRED, project=unmet.project, **facts)
    return note("warning", NoteKind.IMPORT_UNKNOWN, **facts)
