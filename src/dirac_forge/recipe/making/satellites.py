"""Outputs beside a project's own: further names of its package, and packages that bring more with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name

from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.extras import EVERYTHING
from dirac_forge.recipe.making.markers import reach
from dirac_forge.recipe.making.output import FamilyPart, test_with
from dirac_forge.recipe.making.requirements import by_system, convert
from dirac_forge.recipe.model import Output, Requirement, Test
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.scope import Scope

_OF_EVERYTHING = frozenset({EVERYTHING, "complete", "everything", "full"})
"""Extras that join others."""


def satellites(
    part: FamilyPart, main: Output, scope: Scope, providers: Providers
) -> Iterator[tuple[Output, tuple[Note, ...]]]:
    """Yield the further outputs of `part`, each requiring exactly `main`'s version, with notes on why."""
    for name in part.aliases:
        if name not in part.extras.values():
            yield _satellite(name, main, ()), (note("info", NoteKind.ALIAS, package=name, main=main.name),)
    for name, more in part.whole.items():
        yield _satellite(name, main, more), ()
    yield from _of_extras(part, main, scope, providers)


def _of_extras(
    part: FamilyPart, main: Output, scope: Scope, providers: Providers
) -> Iterator[tuple[Output, tuple[Note, ...]]]:
    """Yield an output for each extra that is a package: `main`, outputs of other extras in it, and the rest of it."""
    requires = part.facts.metadata.requires_dist
    offered = set(map(canonicalize_name, part.facts.metadata.provides_extra))
    plain = convert(requires, scope, providers, noarch=True).lines
    converted = {
        name: convert(requires, scope, providers, noarch=True, extras=(extra,))
        for extra, name in sorted(part.extras.items())
    }
    added = {
        name: tuple(line for line in each.lines if line not in plain and line.name not in {name, main.name})
        for name, each in converted.items()
    }
    for extra, name in sorted(part.extras.items()):
        if extra == EVERYTHING and extra not in offered:
            yield _of_everything(name, part, main)
            continue
        inner, rest = _through_others(name, added, _inner_outputs(part, extra, scope))
        told_apart = by_system(rest)
        why = note("info", NoteKind.EXTRA_OUTPUT, package=name, main=main.name, extra=extra)
        pins = tuple(_pin(other, main) for other in inner)
        output = _satellite(name, main, (*pins, *told_apart.lines))
        test = _test_of_extra(extra, part, main, scope, providers)
        yield replace(output, test=test), (why, *converted[name].notes, *told_apart.notes)


def _test_of_extra(extra: str, part: FamilyPart, main: Output, scope: Scope, providers: Providers) -> Test:
    """Return the test of the output for an extra: what `main` tests, and what that can't load without the extra."""
    test = test_with(part, scope, providers, (*part.folded, extra), {}).test
    modules = dict.fromkeys((*main.test.imports, *test.imports))
    commands = tuple(command for command in test.commands if command not in main.test.commands)
    return replace(main.test, imports=tuple(modules), commands=commands)


def _of_everything(name: str, part: FamilyPart, main: Output) -> tuple[Output, tuple[Note, ...]]:
    """Return the output that joins those of all extras, where upstream has no such extra."""
    others = sorted({*part.extras.values()} - {name})
    alone = note("info", NoteKind.ALIAS, package=name, main=main.name)
    everything = note("info", NoteKind.ALL_OUTPUTS, package=name, outputs=others) if others else alone
    return _satellite(name, main, tuple(_pin(other, main) for other in others)), (everything,)


def _inner_outputs(part: FamilyPart, extra: str, scope: Scope) -> Collection[str]:
    """Return the outputs of the extras that an extra may take in: those that it names, and all for one of everything.

    Any others may have each other's requirements by chance.
    """
    if extra in _OF_EVERYTHING:
        return part.extras.values()
    own = canonicalize_name(part.facts.metadata.name)
    return {
        part.extras[inner]
        for line in part.facts.metadata.requires_dist
        if canonicalize_name(line.name) == own and not reach(line.marker, scope, (extra,)).never
        for inner in map(canonicalize_name, line.extras)
        if inner in part.extras
    }


def _through_others(
    name: str, added: Mapping[str, tuple[Requirement, ...]], candidates: Collection[str]
) -> tuple[list[str], Sequence[Requirement]]:
    """Return the candidates that bring a part of what an output adds, and the lines that none of them brings."""
    rest = dict.fromkeys(added[name])
    smaller = [other for other in candidates if set(added[other]) < set(added[name])]
    inner = []
    for other in sorted(smaller, key=lambda each: (-len(added[each]), each)):
        if covered := rest.keys() & set(added[other]):
            inner.append(other)
            rest = {line: None for line in rest if line not in covered}
    return sorted(inner), list(rest)


def _pin(name: str, main: Output) -> Requirement:
    """Return the line for another output: its build where `main` has one build for all, else its version."""
    if main.noarch:
        return Requirement(name=name, kind="pin_subpackage")
    return Requirement(name=name, kind="pin_version")


def _satellite(name: str, main: Output, added: tuple[Requirement, ...]) -> Output:
    """Return an output without files of its own: one for all platforms and Pythons.

    Of a noarch `main` there is one build, which is pinned. Of any other there is one for each Python: its version is
    pinned, and the lowest and the highest Python are tested with.
    """
    common = replace(
        main,
        name=name,
        noarch="generic",
        script="",
        script_env={},
        skip=(),
        version_independent=None,
        entry_points=(),
        build=(),
        host=(),
        run=(_pin(main.name, main), *added),
        test=Test(imports=main.test.imports, pip_check=main.test.pip_check),
        projects=(),
    )
    if main.noarch:
        return common
    python = Requirement(name="python", spec=">=@{python_min}")
    lowest = replace(python, spec="@{python_min}.*")
    return replace(common, noarch="python", host=(lowest,), run=(python, *common.run))
