"""Outputs beside a project's own: further names of its package, and packages that bring one of its extras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.output import FamilyPart
from dirac_forge.recipe.making.requirements import Converted, by_system, convert
from dirac_forge.recipe.model import Note, Output, Requirement, Test
from dirac_forge.recipe.scope import Scope

__all__ = ["satellites"]


def satellites(
    part: FamilyPart, main: Output, scope: Scope, providers: Providers
) -> Iterator[tuple[Output, tuple[Note, ...]]]:
    """Yield the further outputs of `part`, each requiring exactly the build of `main`, with notes on why."""
    for name in part.aliases:
        note = Note(
            level="info", text=f"{name} only requires {main.name}: conda-forge has both names, and users of either"
        )
        yield _satellite(name, main, ()), (note,)
    noarch = main.noarch is not None
    plain = convert(part.facts.metadata.requires_dist, scope, providers, noarch=noarch).lines
    for extra, name in sorted(part.extras.items()):
        converted = convert(part.facts.metadata.requires_dist, scope, providers, noarch=noarch, extras=(extra,))
        added = [line for line in converted.lines if line not in plain]
        told_apart = by_system(added) if noarch else Converted(lines=tuple(added))
        note = Note(
            level="info", text=f"{name} is {main.name} with its extra {extra}, which conda-forge has as a package"
        )
        yield _satellite(name, main, told_apart.lines), (note, *converted.notes, *told_apart.notes)


def _satellite(name: str, main: Output, added: tuple[Requirement, ...]) -> Output:
    exact = Requirement(name=main.name, kind="pin_subpackage")
    # An arch-specific build is one of several for each Python: what pins it exactly is one of several too.
    python = () if main.noarch else (Requirement(name="python"),)
    return replace(
        main,
        name=name,
        noarch="generic" if main.noarch else None,
        script="",
        entry_points=(),
        build=(),
        host=python,
        run=(*python, exact, *added),
        test=Test(imports=main.test.imports, pip_check=main.test.pip_check),
        projects=(),
    )
