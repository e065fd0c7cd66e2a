"""Outputs beside a project's own: further names of its package, and packages that bring more with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.output import FamilyPart
from dirac_forge.recipe.making.requirements import by_system, convert
from dirac_forge.recipe.model import Note, Output, Requirement, Test
from dirac_forge.recipe.scope import Scope

__all__ = ["satellites"]


def satellites(
    part: FamilyPart, main: Output, scope: Scope, providers: Providers
) -> Iterator[tuple[Output, tuple[Note, ...]]]:
    """Yield the further outputs of `part`, each requiring exactly `main`'s version, with notes on why."""
    for name in part.aliases:
        if name in part.extras.values():
            continue
        note = Note(
            level="info", text=f"{name} only requires {main.name}: conda-forge has both names, and users of either"
        )
        yield _satellite(name, main, ()), (note,)
    for name, more in part.whole.items():
        yield _satellite(name, main, more), ()
    plain = convert(part.facts.metadata.requires_dist, scope, providers, noarch=True).lines
    for extra, name in sorted(part.extras.items()):
        converted = convert(part.facts.metadata.requires_dist, scope, providers, noarch=True, extras=(extra,))
        added = [line for line in converted.lines if line not in plain and line.name not in {name, main.name}]
        told_apart = by_system(added)
        note = Note(
            level="info", text=f"{name} is {main.name} with its extra {extra}, which conda-forge has as a package"
        )
        yield _satellite(name, main, told_apart.lines), (note, *converted.notes, *told_apart.notes)


def _satellite(name: str, main: Output, added: tuple[Requirement, ...]) -> Output:
    """Return an output without files of its own: one for all platforms and Pythons.

    Of a noarch `main` there is one build, which is pinned. Of any other there is one for each Python: its version is
    pinned, and the lowest and the highest Python are tested with.
    """
    pin = Requirement(name=main.name, kind="pin_subpackage")
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
        run=(pin, *added),
        test=Test(imports=main.test.imports, pip_check=main.test.pip_check),
        projects=(),
    )
    if main.noarch:
        return common
    python = Requirement(name="python", spec=">=@{python_min}")
    same = Requirement(name=main.name, spec="==@{version}")
    lowest = replace(python, spec="@{python_min}.*")
    return replace(common, noarch="python", host=(lowest,), run=(python, same, *added))
