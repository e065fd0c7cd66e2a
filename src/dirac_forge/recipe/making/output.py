"""One output of a recipe from the facts of one project, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

from packaging.utils import canonicalize_name

from dirac_forge.recipe.making.about import links_of, stand_in, summary_of
from dirac_forge.recipe.making.backports import backport_notes
from dirac_forge.recipe.making.compiled import Nature, nature
from dirac_forge.recipe.making.crates import CrateLicences, crate_licences
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.externals import external_notes, main_program, programs_of, script_notes
from dirac_forge.recipe.making.hosts import (
    BROUGHT_BY_PIP,
    asks_for_distribute,
    build_requirements,
    build_tool_names,
    relaxed_pin,
    unknown_setup_imports,
)
from dirac_forge.recipe.making.imports import imports_of, of_one_python
from dirac_forge.recipe.making.licence_files import LicenceFile, has_files, licence_of, not_said_yet
from dirac_forge.recipe.making.loaded_libraries import loaded_later, loaded_libraries
from dirac_forge.recipe.making.loading import ModuleGraph
from dirac_forge.recipe.making.markers import refused_pythons
from dirac_forge.recipe.making.old_setups import old_setups
from dirac_forge.recipe.making.output_tests import OutputTest, Sibling, brought_by, test_of
from dirac_forge.recipe.making.own_package import own_package_notes, pinned
from dirac_forge.recipe.making.requirements import by_system, convert
from dirac_forge.recipe.making.served_pythons import (
    python_spec,
    requires_python,
    skipped_but_for_the_stable_abi,
    untried_pythons,
)
from dirac_forge.recipe.making.sources import chosen_source
from dirac_forge.recipe.making.specs import conda_version
from dirac_forge.recipe.making.tools import IS_ABI3, arch_tools, noarch_tools
from dirac_forge.recipe.making.trees import lacking_sources
from dirac_forge.recipe.model import About, Output, Requirement, Source, Test, When
from dirac_forge.recipe.notes import Level, Note, NoteKind, note
from dirac_forge.recipe.problem_words import problem_words
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import EntryPoint, ReleaseFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True)
class FamilyPart:
    """One project of a recipe: its facts, and the name of the package that it becomes."""

    package: str
    facts: ReleaseFacts
    licence: LicenceFile | None = None
    aliases: tuple[str, ...] = ()
    """Further names of the package: outputs that only require it."""
    extras: Mapping[str, str] = field(default_factory=dict)
    """Extra to the package that requires this one and what the extra adds."""
    folded: tuple[str, ...] = ()
    """Extras whose requirements the package has too."""
    whole: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)
    """The package that requires this one and more, to what that is; empty where there is none."""
    missing_tools: tuple[str, ...] = ()
    """Build requirements that neither the channels nor the index have."""
    notes: tuple[Note, ...] = ()

    @cached_property
    def graph(self) -> ModuleGraph:
        """What each of its modules imports."""
        return ModuleGraph(self.facts)

    def read_ahead(self) -> FamilyPart:
        """Return the same, with its imports followed: the tests of its outputs will ask for them."""
        for module in (*imports_of(self.facts, self.graph), *(point.module for point in entry_points_of(self.facts))):
            self.graph.foreign_imports(module)
        return self


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """What the outputs of one recipe share."""

    version: str
    """The recipe's, in conda's spelling."""
    packages: Mapping[str, str]
    """All outputs to their versions."""
    python_min: str
    channel: Scope
    modules: Mapping[str, Sibling] = field(default_factory=dict)
    """What the outputs install, by the name of the module or package."""


def output_of(part: FamilyPart, scope: Scope, family: Family, providers: Providers) -> tuple[Output, tuple[Note, ...]]:
    """Return the output for `part`, whose Pythons are those of `scope`, and what a person should know about it."""
    builder = _Builder(part, scope, family, providers)
    output = builder.build()
    folder = any(source.path is not None for source in builder.source.sources)
    return output, tuple(replace(one, folder=folder) for one in builder.notes)


def entry_points_of(facts: ReleaseFacts) -> tuple[EntryPoint, ...]:
    """Return the commands of a release, those for one Python alone left out."""
    if facts.wheel is not None:
        left_out = of_one_python(facts.wheel.entry_points)
        return tuple(point for point in facts.wheel.entry_points if point not in left_out)
    return facts.sdist.entry_points if facts.sdist is not None else ()


def test_with(
    part: FamilyPart,
    scope: Scope,
    providers: Providers,
    extras: Sequence[str],
    siblings: Mapping[str, Sibling],
) -> OutputTest:
    """Return the test of an output that has the requirements of these extras."""
    brought = brought_by(part.facts, scope, providers.brought, extras)
    return test_of(part.graph, entry_points_of(part.facts), scope, brought, siblings, extras)


class _Builder:
    """One output, section by section; collects its notes."""

    def __init__(self, part: FamilyPart, scope: Scope, family: Family, providers: Providers) -> None:
        self.part = part
        self.facts = part.facts
        self.scope = scope
        self.family = family
        self.providers = providers
        self.version = conda_version(part.facts.release.version)
        self.nature: Nature = nature(part.facts)
        self.crates = self._crates()
        self.source = chosen_source(part.facts, family.version, noarch=self.nature.noarch, missing=part.missing_tools)
        self.notes: list[Note] = []
        self.test: OutputTest = test_with(part, scope, providers, part.folded, self._siblings())

    def _siblings(self) -> dict[str, Sibling]:
        """Map the family's modules that this output does not install to outputs that could be required for them."""
        own = canonicalize_name(self.facts.metadata.name)
        return {
            module: sibling
            for module, sibling in self.family.modules.items()
            if sibling.project != own and own not in (self.providers.brought(sibling.project) or ())
        }

    def build(self) -> Output:
        """Return all sections."""
        if all(told.kind != NoteKind.DOUBTFUL_NOARCH for told in self.nature.notes):
            kind = NoteKind.NOARCH if self.nature.noarch else NoteKind.FOR_EACH_PLATFORM
            self._note("info", kind, reason=self.nature.reason.text)
        if self.nature.abi3:
            self._note("info", NoteKind.STABLE_ABI, python=self.nature.abi3)
        self.notes += [
            *self.part.notes,
            *_newer_releases(self.facts),
            *_problems(self.facts, self.source.notes),
            *self.nature.notes,
            *self.source.notes,
            *self.crates.notes,
            *external_notes(self.facts),
            *(script_notes(self.facts) if self.nature.noarch else untried_pythons(self.facts, self.scope)),
        ]
        build, host = map(self._without_itself, self._tools())
        return Output(
            name=self.part.package,
            version=self.version if self.version != self.family.version else None,
            sources=self._sources(),
            noarch="python" if self.nature.noarch else None,
            script="\n".join([self.source.script, *self.crates.commands]),
            skip=() if self.nature.noarch else self._skipped(),
            script_env={**self.source.environment, **self.nature.environment},
            version_independent=IS_ABI3 if self.nature.abi3 else None,
            entry_points=self._entry_points(),
            build=build,
            host=host,
            run=self._run(host),
            test=self._test(),
            about=self._about(),
            projects=(self.facts.metadata.name,),
        )

    def _crates(self) -> CrateLicences:
        if "rust" in self.nature.languages:
            return crate_licences(self.facts.sdist)
        return CrateLicences(commands=(), files=())

    def _sources(self) -> tuple[Source, ...]:
        licence = self.part.licence
        if licence is None:
            return self.source.sources
        return (*self.source.sources, Source(url=licence.url, sha256=licence.sha256, file_name=licence.name))

    def _skipped(self) -> tuple[When, ...]:
        """Return the conditions under which a compiled package is skipped, since upstream does not admit them."""
        conditions = [refused_pythons(requires_python(self.facts), self.family.channel)]
        if self.nature.only:
            conditions.append(When(f"not {self.nature.only}", f"not {self.nature.only}"))
        if self.nature.abi3:
            condition, told = skipped_but_for_the_stable_abi(self.nature.abi3, self.scope, self.family.channel)
            conditions.append(condition)
            self.notes += told
        return tuple(condition for condition in conditions if condition is not None)

    def _entry_points(self) -> tuple[str, ...]:
        for point in of_one_python(self.facts.wheel.entry_points if self.facts.wheel is not None else ()):
            self._note("info", NoteKind.COMMAND_OF_ONE_PYTHON, command=point.name)
        declared_in = self.facts.wheel or self.facts.sdist
        for text in declared_in.odd_scripts if declared_in is not None else ():
            self._note("warning", NoteKind.BAD_ENTRY_POINT, entry_point=text)
        return tuple(
            f"{point.name} = {point.value}" for point in sorted(entry_points_of(self.facts), key=lambda each: each.name)
        )

    def _test(self) -> Test:
        made = self.test
        self.notes += (self._with_output(one) for one in made.notes)
        if not made.installs_modules:
            self._tell_no_modules()
        program = "" if self.nature.noarch else main_program(self.facts)
        if not program or made.test.commands:
            return made.test
        self._note("info", NoteKind.PROGRAM_TESTED, program=program)
        return replace(made.test, commands=(f"{program} --help",))

    def _tell_no_modules(self) -> None:
        wheel, sdist = self.facts.wheel, self.facts.sdist
        stubs = _stubs(wheel.members if wheel is not None else sdist.members if sdist is not None else ())
        if stubs:
            self._note("info", NoteKind.STUBS_ONLY, packages=stubs)
        elif programs := programs_of(self.facts):
            self._note("info", NoteKind.PROGRAMS_ONLY, programs=programs)
        elif wheel is not None:
            self._note("info", NoteKind.NO_MODULES)
        else:
            self._note("todo", NoteKind.UNKNOWN_MODULES)

    def _with_output(self, told: Note) -> Note:
        """Return a note on what an extra brings, naming the output that has it where there is one."""
        facts = dict(told.facts)
        asked = facts.get("extras", ()) or (str(facts.get("extra", "")),)
        outputs = [output for extra in asked if (output := self.part.extras.get(canonicalize_name(extra)))]
        kind = _IN_OUTPUTS.get(told.kind)
        if kind is None or len(outputs) != 1 or len(asked) > 1:
            return told
        return replace(told, level="info", kind=kind, facts=(*told.facts, ("output", outputs[0])))

    def _without_itself(self, lines: Sequence[Requirement]) -> tuple[Requirement, ...]:
        """Return lines of build or host: with itself there, a build would leave out what is there already."""
        return tuple(line for line in lines if line.kind != "package" or line.name != self.part.package)

    def _tools(self) -> tuple[tuple[Requirement, ...], tuple[Requirement, ...]]:
        """Return the build and host sections."""
        if self.source.wheel:
            # Nothing is built, but conda-smithy's linter asks for a build backend next to pip.
            return noarch_tools([Requirement(name="setuptools")], Nature(noarch=True, reason=self.nature.reason))
        requirements = build_requirements(self.facts.sdist) if self.facts.sdist is not None else RequirementList()
        requirements = self._relaxed(requirements)
        self._tell_setup_py()
        self.notes += lacking_sources(self.facts.sdist) if self.facts.sdist is not None else ()
        if self.facts.sdist is None and self.nature.noarch:
            self._note("todo", NoteKind.NO_SDIST_HOST)
        scope = self.scope
        if self.nature.noarch:  # one build, with the oldest Python, on Linux
            scope = replace(scope, pythons=(self.family.python_min,), platforms=("linux-64",))
        converted = convert(requirements, scope, self.providers, noarch=self.nature.noarch)
        self.notes += converted.notes
        self.notes += self._brought_into_host()
        lines = self._pinned([line for line in converted.lines if line.name not in {"python", "pip"}])
        if self.nature.noarch:
            return noarch_tools(lines, self.nature)
        return arch_tools(self.part.package, lines, self.nature)

    def _brought_into_host(self) -> Iterator[Note]:
        """Yield a note on the tools in host that require the package itself."""
        own = canonicalize_name(self.facts.metadata.name)
        tools = build_tool_names(self.facts.sdist) if self.facts.sdist is not None else frozenset()
        bringing = [tool for tool in sorted(tools - {own}) if own in (self.providers.brought_to_builds(tool) or ())]
        if own in BROUGHT_BY_PIP:
            bringing.append("pip")
        if bringing:
            yield note("warning", NoteKind.BROUGHT_INTO_HOST, tools=bringing, package=self.part.package)

    def _tell_setup_py(self) -> None:
        """Note what setup.py needs that the newest setuptools refuse, or that nothing is known to bring."""
        sdist = self.facts.sdist
        if sdist is not None and (unknown := unknown_setup_imports(sdist)):
            self._note("warning", NoteKind.SETUP_IMPORTS, modules=unknown)
        for old in old_setups(sdist)[:1] if sdist is not None else ():
            self._note("warning", _OLD_SETUPS[old.what], removed=old.removed)
        if sdist is not None and asks_for_distribute(sdist):
            self._note("warning", NoteKind.DEAD_DISTRIBUTE)

    def _relaxed(self, requirements: RequirementList) -> RequirementList:
        """Return exact pins of build tools as lower bounds: the channel builds with the versions that it has."""
        lines = []
        for line in requirements.lines:
            relaxed = relaxed_pin(line)
            if relaxed != line:
                self._note("info", NoteKind.RELAXED_PIN, requirement=str(line), relaxed=str(relaxed))
            lines.append(relaxed)
        return RequirementList(tuple(lines))

    def _run(self, host: Iterable[Requirement]) -> tuple[Requirement, ...]:
        if self.facts.wheel is None and "requires-dist" in self.facts.metadata.dynamic:
            self._note("todo", NoteKind.COMPUTED_REQUIREMENTS)
        converted = convert(
            self.facts.metadata.requires_dist,
            self.scope,
            self.providers,
            noarch=self.nature.noarch,
            every_python=bool(self.nature.abi3),
            extras=self.part.folded,
        )
        self.notes += (*converted.notes, *backport_notes(self.facts.metadata.requires_dist, self.scope))
        self.notes += own_package_notes(
            self.facts.metadata, self.part.package, self.part.folded, self.scope, self.providers
        )
        siblings = [Requirement(name=name) for name in self.test.siblings]
        declared = [line for line in converted.lines if line.name not in {"python", self.part.package}]
        lines = self._pinned(sorted([*declared, *siblings], key=lambda line: line.name) if siblings else declared)
        there = {self.part.package, *(line.name for line in (*lines, *host))}
        libraries, more = loaded_libraries(self.test.libraries, there)
        self.notes += (*more, *loaded_later(self.test.later, {*there, *(line.name for line in libraries)}))
        lines += libraries
        if not self.nature.noarch:
            return (Requirement(name="python"), *self._with_cffi(lines, host))
        floor = Requirement(name="python", spec=python_spec(self.facts, self.family.python_min))
        told_apart = by_system(lines)
        self.notes += told_apart.notes
        return (floor, *told_apart.lines)

    def _with_cffi(self, lines: list[Requirement], host: Iterable[Requirement]) -> list[Requirement]:
        """Return what cffi compiled imports cffi's backend, whether or not upstream requires it."""
        compiling = [line for line in host if line.name == "cffi"]
        if not compiling or any(line.name == "cffi" for line in lines):
            return lines
        without = [replace(line, spec=_lower_bounds(line.spec)) for line in compiling]
        self._note("info", NoteKind.CFFI_WITHOUT_CEILING if without != compiling else NoteKind.CFFI)
        return sorted([*lines, *without], key=lambda line: line.name)

    def _pinned(self, lines: list[Requirement]) -> list[Requirement]:
        """Return requirements with those that are released together with this one pinned to its version."""
        if self.version != self.family.version:
            return lines
        siblings = {name for name, version in self.family.packages.items() if version == self.version}
        return pinned(lines, siblings - {self.part.package}, self.version, self._names())

    def _names(self) -> set[str]:
        return {self.part.package, canonicalize_name(self.facts.metadata.name)}

    def _about(self) -> About:
        licence = licence_of(self.facts, self.source, self.part.licence, crates=self.crates.files)
        self.notes += not_said_yet(licence.notes, self.part.notes)
        self.notes += stand_in(self.facts.metadata, self.part.package)
        homepage, repository, documentation = links_of(self.facts.metadata)
        return About(
            summary=summary_of(self.facts.metadata),
            license=licence.expression,
            license_files=licence.files,
            license_files_unseen=not has_files(self.facts, self.source),
            homepage=homepage,
            repository=repository,
            documentation=documentation,
        )

    def _note(self, level: Level, kind: NoteKind, **facts: str | Iterable[str]) -> None:
        self.notes.append(note(level, kind, **facts))


def _problems(facts: ReleaseFacts, notes: Iterable[Note]) -> Iterator[Note]:
    """Yield upstream's problems, but for one that the notes on the sources tell with what is done about it."""
    no_sdist = {NoteKind.NO_SDIST_WHEEL, NoteKind.NO_SDIST_TAG, NoteKind.NO_SDIST_NOWHERE}
    told = {"no-sdist"} if any(one.kind in no_sdist for one in notes) else set()
    for problem in facts.problems:
        if problem.kind not in told:
            yield note("warning", NoteKind.UPSTREAM_PROBLEM, problem=problem_words(problem))


def _newer_releases(facts: ReleaseFacts) -> Iterator[Note]:
    """Yield a note on newer releases that can't be taken; pre-releases alone are no reason to look closer."""
    if facts.newer:
        level: Level = "info" if all(each.version.is_prerelease for each in facts.newer) else "warning"
        yield note(level, NoteKind.NEWER_RELEASES, newer=[f"{each.version} ({each.reason})" for each in facts.newer])


_IN_OUTPUTS = {
    NoteKind.IMPORT_OF_EXTRA: NoteKind.IMPORT_OF_OUTPUT,
    NoteKind.COMMANDS_NEED_EXTRAS: NoteKind.COMMANDS_OF_OUTPUT,
}
"""Notes on what only an extra brings, to those on what only an output has."""
_OLD_SETUPS = {"use_2to3": NoteKind.OLD_2TO3, "pkg_resources": NoteKind.OLD_PKG_RESOURCES}


def _stubs(members: Iterable[str]) -> list[str]:
    """Return the packages of stubs at the top, which are for type checkers only (PEP 561)."""
    tops = (member.removeprefix("src/").partition("/")[0] for member in members)
    return sorted({top for top in tops if top.endswith("-stubs")})


def _lower_bounds(spec: str) -> str:
    """Return a conda spec without its upper bounds."""
    return ",".join(clause for clause in spec.split(",") if not clause.startswith("<"))
