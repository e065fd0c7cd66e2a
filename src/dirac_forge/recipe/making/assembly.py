"""One recipe of an order: names and extras decided, written by `generate`, completed from the channels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.channel.listing import availability
from dirac_forge.channel.names import Mapped, packages_of, whole_of
from dirac_forge.errors import ForgeError
from dirac_forge.recipe.making.carried import carried_over, whole_package
from dirac_forge.recipe.making.dependencies import DependencyTree
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.making.extras import ExtraPackages, extra_packages
from dirac_forge.recipe.making.families import Order
from dirac_forge.recipe.making.generate import generate
from dirac_forge.recipe.making.guesses import guessed_names
from dirac_forge.recipe.making.hosts import build_requirements
from dirac_forge.recipe.making.in_channel import already_there, already_there_notes
from dirac_forge.recipe.making.lookups import ChannelNames, Upstream
from dirac_forge.recipe.making.nowhere import without
from dirac_forge.recipe.making.output import FamilyPart
from dirac_forge.recipe.making.refusals import refuse_unknown_extras, refuse_unreadable
from dirac_forge.recipe.model import Output, Recipe, Requirement
from dirac_forge.recipe.notes import Note
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.index.client import UnknownProjectError
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembly:
    """Makes single recipes; holds what that asks."""

    upstream: Upstream
    names: ChannelNames
    scope: Scope
    maintainers: Sequence[str] = ()

    def extras(self, mapped: Mapped, metadata: CoreMetadata, asked: Collection[str]) -> ExtraPackages:
        """Return what becomes of the extras of a release, of which some are asked for."""
        provided = metadata.provides_extra
        return extra_packages(_own_packages(mapped)[0], mapped.project, asked, provided, self.names.catalogue.info)

    def recipe(
        self, order: Order, parts: Mapping[str, FamilyPart], tree: DependencyTree, builds: DependencyTree
    ) -> Recipe:
        """Return the recipe of an order from the parts of its projects; raises InputError if one can't be used.

        The trees are those of what they need to run, and to be built.
        """
        mapped = {project: self.names.mapped(project) for project in order.projects}
        used: dict[str, Mapped] = {}

        def package(project: str) -> str:
            found = self.names.mapped(project)
            used[found.project] = found
            return found.package

        members = [parts[project] for project in order.projects]
        recipe = generate(
            order.feedstock or _feedstock_of(members[0]),
            members,
            scope=self.scope,
            providers=Providers(
                package=package,
                bundled=self.names.bundled,
                brought=tree.brought,
                brought_to_builds=builds.brought,
                metadata=self.metadata,
            ),
            maintainers=self.maintainers,
        )
        recipe = self._with_channels_knowledge(without(recipe, self._nowhere(recipe, used.values())))
        unread = bool(self.names.listing([]).unread)
        there = self.names.catalogue.info([output.name for output in recipe.outputs])
        notes = tuple(dict.fromkeys((*already_there_notes(recipe, there), *recipe.notes)))
        recipe = replace(recipe, in_channel=already_there(recipe, there), notes=notes)
        return _with_notes(recipe, guessed_names(used.values(), own=mapped.values(), unread=unread))

    def _nowhere(self, recipe: Recipe, used: Iterable[Mapped]) -> set[str]:
        """Return the packages in host that neither the channels nor the index have, where both could say so."""
        host = {line.name for output in recipe.outputs for line in output.host}
        return {one.package for one in used if one.package in host and self._is_nowhere(one)}

    def _is_nowhere(self, mapped: Mapped) -> bool:
        if availability(self.names.listing([mapped.project]), mapped.package, "").status != "missing":
            return False
        try:
            self.upstream.metadata(mapped.project, SpecifierSet())
        except UnknownProjectError:
            return True
        except ForgeError:
            return False
        return False

    def _with_channels_knowledge(self, recipe: Recipe) -> Recipe:
        """Return the recipe with what the newest builds of its pure outputs require and upstream never declared."""
        siblings = [output.name for output in recipe.outputs]
        completed = [
            self._carrying(output, siblings) if output.noarch and output.projects else (output, ())
            for output in recipe.outputs
        ]
        made = replace(recipe, outputs=tuple(output for output, _ in completed))
        return _with_notes(made, [each for _, notes in completed for each in notes])

    def _carrying(self, output: Output, siblings: Sequence[str]) -> tuple[Output, tuple[Note, ...]]:
        info = self.names.catalogue.info([output.name]).get(output.name)
        then = self.metadata(output.projects[0], SpecifierSet(f"==={info.newest}")) if info is not None else None
        if info is None or then is None:
            return output, ()
        projects = dict.fromkeys(requirement.name for requirement in then.requires_dist)
        self.names.listing(projects)
        return carried_over(output, info, [*siblings, *(self.names.mapped(project).package for project in projects)])

    def part(self, project: str, facts: ReleaseFacts, asked: Collection[str]) -> FamilyPart:
        """Return what the recipe of a project is made from; `asked` are the extras that its package brings too.

        Raises InputError where the release can't be read, or lacks an extra that is asked for.
        """
        refuse_unreadable(facts)
        refuse_unknown_extras(facts.metadata, asked)
        mapped = self.names.mapped(project)
        licence = self.upstream.licence(facts)
        notes = []
        if isinstance(licence, Note):
            notes.append(licence)
            licence = None
        package, *aliases = _own_packages(mapped)
        extras = self.extras(mapped, facts.metadata, asked)
        whole, more = self._whole(package, mapped.project)
        tools = build_requirements(facts.sdist) if facts.sdist is not None else RequirementList()
        return FamilyPart(
            package=package,
            facts=facts,
            licence=licence,
            aliases=tuple(aliases),
            extras=extras.outputs,
            folded=extras.folded,
            whole=whole,
            missing_tools=tuple(tool.name for tool in tools if self._is_nowhere(self.names.mapped(tool.name))),
            notes=(*notes, *extras.notes, *more),
        )

    def _whole(self, package: str, project: str) -> tuple[dict[str, tuple[Requirement, ...]], tuple[Note, ...]]:
        """Return the package that is this one and more, where conda-forge's feedstock makes one, with what that is."""
        name, adds = whole_of(project)
        if not name or name == package:
            return {}, ()
        lines, notes = whole_package(name, package, self.names.catalogue.info([name]).get(name), adds)
        return {name: lines}, notes

    def metadata(self, project: str, specifiers: SpecifierSet) -> CoreMetadata | None:
        """Return the metadata of the newest release that satisfies the specifiers, None where it can't be had."""
        try:
            return self.upstream.metadata(project, specifiers)
        except ForgeError:
            return None  # the conversion writes what a person has to find out


def _feedstock_of(part: FamilyPart) -> str:
    """Return the project's name where that is an output (qtconsole beside qtconsole-base), else that of the package."""
    project = canonicalize_name(part.facts.metadata.name)
    return project if project in {*part.whole, *part.extras.values()} else part.package


def _own_packages(mapped: Mapped) -> tuple[str, ...]:
    """Return the package that holds the project, and the further names of it."""
    names = packages_of(mapped.project)
    return names if mapped.package in names else (mapped.package,)


def _with_notes(recipe: Recipe, notes: Iterable[Note]) -> Recipe:
    return replace(recipe, notes=tuple(dict.fromkeys((*recipe.notes, *notes))))
