"""A recipe from what upstream published: facts in, model out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.recipe.making.build_order import build_order
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.imports import imports_of
from dirac_forge.recipe.making.licence_files import LicenceFile
from dirac_forge.recipe.making.output import Family, FamilyPart, output_of
from dirac_forge.recipe.making.output_tests import Sibling
from dirac_forge.recipe.making.satellites import satellites
from dirac_forge.recipe.making.served_pythons import requires_python
from dirac_forge.recipe.making.sources import on_pypi
from dirac_forge.recipe.making.specs import conda_version
from dirac_forge.recipe.model import About, Output, Recipe, Requirement, Test
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata

__all__ = ["FamilyPart", "LicenceFile", "generate"]


def generate(
    feedstock: str,
    parts: Sequence[FamilyPart],
    *,
    scope: Scope,
    providers: Providers,
    maintainers: Sequence[str] = (),
) -> Recipe:
    """Return the recipe of `feedstock`: one output for each part, siblings pinned to each other and in build order.

    Raises InputError if a release has nothing that a recipe could be made from.
    """
    main = _main_of(feedstock, parts)
    providers = replace(providers, metadata=_metadata_with(parts, providers))
    admitted = {part.package: _supported(part, scope) for part in parts}
    python_min = max((s.python_min for s in admitted.values()), key=Version)
    family = Family(
        version=conda_version(main.facts.release.version),
        packages={part.package: conda_version(part.facts.release.version) for part in parts},
        python_min=python_min,
        channel=scope,
        modules=_modules(parts) if len(parts) > 1 else {},
    )
    outputs, notes = _outputs(parts, admitted, family, providers)
    about = _common(main, outputs[main.package].about)
    notes += _lacking(about)
    # An output that only requires another one packages the licence too, and for that it needs the source.
    several = len(parts) == 1 and len(outputs) > 1
    shared = outputs[main.package].sources if several else ()
    outputs = {name: _finished(output, outputs, about, several=several) for name, output in outputs.items()}
    order = _build_order(list(outputs.values()))
    return Recipe(
        feedstock=feedstock,
        version=family.version,
        context=_context(python_min, scope, outputs.values()),
        outputs=tuple(_with_possible_pins(outputs[name], outputs, order[: order.index(name)]) for name in order),
        sources=shared,
        about=about,
        maintainers=tuple(maintainers),
        noarch_platforms=_noarch_platforms(outputs.values(), scope),
        notes=tuple(dict.fromkeys(notes)),
    )


def _main_of(feedstock: str, parts: Sequence[FamilyPart]) -> FamilyPart:
    """Return the part that the feedstock is named after, the last one where there is none."""
    return next((part for part in parts if feedstock in (part.package, *part.aliases)), parts[-1])


def _metadata_with(
    parts: Iterable[FamilyPart], providers: Providers
) -> Callable[[str, SpecifierSet], CoreMetadata | None]:
    """Return the provider of metadata that answers for the parts with their own: extras that name others of the same
    release add what that release says, and not what the newest one does.
    """
    own = {canonicalize_name(part.facts.metadata.name): part.facts.metadata for part in parts}

    def metadata(project: str, specifiers: SpecifierSet) -> CoreMetadata | None:
        return own.get(canonicalize_name(project)) or providers.metadata(project, specifiers)

    return metadata


def _modules(parts: Iterable[FamilyPart]) -> dict[str, Sibling]:
    """Return what each part installs, to the part: known for sure from its wheel alone."""
    return {
        module: Sibling(
            package=part.package,
            project=canonicalize_name(part.facts.metadata.name),
            requires=frozenset(canonicalize_name(r.name) for r in part.facts.metadata.requires_dist if not r.for_extra),
        )
        for part in parts
        if part.facts.wheel is not None
        for module in imports_of(part.facts, part.graph)
    }


def _outputs(
    parts: Sequence[FamilyPart], admitted: Mapping[str, Scope], family: Family, providers: Providers
) -> tuple[dict[str, Output], list[Note]]:
    """Return the outputs of all parts by name, each with those that only require it, and what a person should know."""
    outputs: dict[str, Output] = {}
    notes: list[Note] = []
    for part in parts:
        output, more = output_of(part, admitted[part.package], family, providers)
        outputs[part.package] = output
        notes += _labelled(more, part.package, several=len(parts) > 1)
        for beside, why in satellites(part, output, admitted[part.package], providers):
            outputs[beside.name] = beside
            notes += why
    return outputs, notes


def _common(main: FamilyPart, about: About) -> About:
    """Return the recipe's own, that of its main project; with PyPI's page where it is there and names no homepage."""
    if about.homepage or not on_pypi(main.facts.release):
        return about
    return replace(about, homepage=f"https://pypi.org/project/{canonicalize_name(main.facts.release.project)}/")


def _finished(output: Output, outputs: Mapping[str, Output], about: About, *, several: bool) -> Output:
    """Return an output with what it has from its siblings; `several` of one project share their sources."""
    return replace(
        output,
        about=_inheriting(output.about, about),
        test=_test(output, outputs),
        sources=() if several else output.sources,
    )


def _with_possible_pins(output: Output, outputs: Mapping[str, Output], built: Collection[str]) -> Output:
    """Return an output that pins versions of siblings where it can't pin builds: those built later, or not noarch."""

    def possible(line: Requirement) -> Requirement:
        if line.kind != "pin_subpackage" or (line.name in built and (outputs[line.name].noarch or not output.noarch)):
            return line
        return replace(line, kind="package", spec="==@{version}")

    return replace(output, host=tuple(map(possible, output.host)), run=tuple(map(possible, output.run)))


def _lacking(about: About) -> Iterator[Note]:
    if not about.summary:
        yield note("todo", NoteKind.NO_SUMMARY)
    if not about.homepage:
        yield note("todo", NoteKind.NO_HOMEPAGE)


def _test(output: Output, outputs: Mapping[str, Output]) -> Test:
    """Return the test of an output that installs nothing itself: the modules of the siblings that it brings."""
    if output.test.imports:
        return output.test
    brought = [outputs[line.name] for line in output.run if line.name in outputs]
    modules = dict.fromkeys(module for sibling in brought for module in sibling.test.imports)
    return replace(output.test, imports=tuple(modules))


def _inheriting(own: About, common: About) -> About:
    """Return an output's own, with the recipe's where upstream says nothing of it."""
    return replace(
        own,
        summary=own.summary or common.summary,
        homepage=common.homepage if own.homepage is None else own.homepage,
        repository=common.repository if own.homepage is None else own.repository,
        documentation=common.documentation if own.homepage is None else own.documentation,
    )


def _context(python_min: str, scope: Scope, outputs: Iterable[Output]) -> dict[str, str]:
    """Return the context, with python_min only if upstream needs more than the channel's own (CFEP-25)."""
    needed = Version(python_min) > Version(scope.python_min) and any(output.noarch == "python" for output in outputs)
    return {"python_min": python_min} if needed else {}


def _labelled(notes: Iterable[Note], package: str, *, several: bool) -> list[Note]:
    return [replace(one, output=package) if several else one for one in notes]


def _supported(part: FamilyPart, scope: Scope) -> Scope:
    """Return the scope's Pythons that the release admits; all of them where it says nothing."""
    admitted = scope.supported(requires_python(part.facts))
    if not admitted.pythons:
        release = f"{part.facts.metadata.name} {part.facts.release.version}"
        raise InputError(
            f"{release} needs Python {part.facts.metadata.requires_python}, and the channel builds for "
            f"{scope.pythons[0]} to {scope.pythons[-1]}",
            hint="Choose another version of it, or set `pythons` in [tool.dirac-forge].",
        )
    return admitted


def _build_order(outputs: Sequence[Output]) -> list[str]:
    """Return what is needed comes first; names decide where that leaves a choice, and in a cycle."""
    names = {output.name for output in outputs}
    if len(names) == 1:
        return list(names)
    return build_order(
        {output.name: {line.name for line in (*output.host, *output.run)} & names - {output.name} for output in outputs}
    )


def _noarch_platforms(outputs: Iterable[Output], scope: Scope) -> tuple[str, ...]:
    """Return noarch_platforms of conda-forge.yml if a noarch package differs by platform (conda-forge's docs)."""
    systems = {line.name for output in outputs if output.noarch for line in output.run if line.name.startswith("__")}
    if not systems:
        return ()
    wanted = ("linux-64", "osx-64", "win-64") if systems & {"__linux", "__osx"} else ("linux-64", "win-64")
    return tuple(platform.replace("-", "_") for platform in wanted if platform in scope.platforms)
