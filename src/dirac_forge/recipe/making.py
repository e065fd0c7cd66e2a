"""From names of projects to recipes and the table of what they need: asks through providers, decides by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from packaging.requirements import Requirement as Pep508
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.channel.listing import Listing, Status
from dirac_forge.channel.names import Mapped, candidates, package_for, package_for_extra
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.progress import Observer
from dirac_forge.recipe.dependencies import Dependency, Found, Tree, walk
from dirac_forge.recipe.expansion import Providers, parse
from dirac_forge.recipe.generate import generate
from dirac_forge.recipe.hosts import build_requirements
from dirac_forge.recipe.model import Note, Recipe
from dirac_forge.recipe.output import LicenceFile, Part
from dirac_forge.recipe.scope import Scope
from dirac_forge.recipe.specs import conda_spec
from dirac_forge.upstream.facts import CoreMetadata, Facts

__all__ = ["Deps", "Made", "Maker", "Needed", "Order", "Upstream"]

Deps = Literal["missing", "none", "all"]


class Upstream(Protocol):
    """What is asked of an index; every method may be called from any thread and raises ForgeError."""

    def metadata(self, project: str, specifiers: SpecifierSet) -> CoreMetadata:
        """Of the newest release that satisfies the specifiers."""
        ...

    def facts(self, project: str, specifiers: SpecifierSet) -> Facts:
        """Everything about that release."""
        ...

    def licence(self, facts: Facts) -> LicenceFile | Note | None:
        """A licence file from the repository where the sdist has none; a note where that could not be asked."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One recipe that is wanted: its feedstock ("" for the package's own name) and the projects, with versions."""

    feedstock: str
    projects: Mapping[str, SpecifierSet]


@dataclass(frozen=True, kw_only=True, slots=True)
class Needed:
    """One project of the tree and where it stands in the channel."""

    project: str
    version: str | None
    """The release that was looked at."""
    requirement: str
    """Conda's spec, all requirers together."""
    mapped: Mapped
    status: Status
    newest: str | None
    """The channel's newest version."""
    required_by: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """Recipes in the order in which they can be built, the ordered ones last, and all that they need."""

    recipes: tuple[Recipe, ...]
    needed: tuple[Needed, ...]
    problems: tuple[str, ...] = ()
    """What was left out, in words."""


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Makes recipes; holds what the work needs and nothing of its own."""

    upstream: Upstream
    listing: Callable[[Iterable[str]], Listing | None]
    """What the channels have under these names; None where no channel is asked."""
    availability: Callable[[Listing | None, str, str], tuple[Status, str | None]]
    """A package and conda's spec to its status and newest version."""
    scope: Scope
    executor: Executor
    observer: Observer
    overrides: Mapping[str, str]
    """The workspace's names."""
    families: Mapping[str, Sequence[str]]
    """Feedstock to the projects that it holds."""
    maintainers: Sequence[str] = ()
    public_index: bool = True

    def make(self, orders: Sequence[Order], deps: Deps) -> Made:
        """The recipes of the orders, and as `deps` says those of what they need.

        Raises ForgeError where an ordered project can't be had; trouble with a dependency is a problem in the result.
        """
        wanted = {project: spec for order in orders for project, spec in order.projects.items()}
        asked = {project: self.executor.submit(self.upstream.facts, project, spec) for project, spec in wanted.items()}
        roots = {project: self.upstream.metadata(project, spec) for project, spec in wanted.items()}
        tree = walk(
            {project: _found(metadata) for project, metadata in roots.items()},
            self._look,
            self.scope,
            self.executor,
            observer=self.observer,
        )
        facts = {project: future.result() for project, future in asked.items()}
        listing = self.listing(_names_to_ask(tree, facts.values()))
        needed = tuple(self._needed(dependency, listing) for dependency in tree.dependencies)
        extra, problems = self._missing(tree, needed, deps, roots)
        ordered = [self._recipe(order, facts, listing) for order in orders]
        return Made(recipes=(*extra, *ordered), needed=needed, problems=tuple(problems))

    # -- what the tree needs

    def _look(self, project: str, specifiers: SpecifierSet) -> Found:
        try:
            return _found(self.upstream.metadata(project, specifiers))
        except ForgeError as error:
            return Found(project=project, problem=error.message)

    def _needed(self, dependency: Dependency, listing: Listing | None) -> Needed:
        mapped = package_for(dependency.project, overrides=self.overrides, catalogue=listing)
        spec = conda_spec(dependency.specifiers)
        status, newest = self.availability(listing, mapped.package, spec)
        return Needed(
            project=dependency.project,
            version=dependency.found.version,
            requirement=spec,
            mapped=mapped,
            status=status,
            newest=newest,
            required_by=dependency.required_by,
            problem=dependency.found.problem,
        )

    def _missing(
        self, tree: Tree, needed: Sequence[Needed], deps: Deps, roots: Iterable[str]
    ) -> tuple[list[Recipe], list[str]]:
        """Recipes for dependencies, in build order; members of a family together."""
        chosen = {
            canonicalize_name(row.project): row
            for row in needed
            if deps == "all" or (deps == "missing" and row.status == "missing")
        }
        specifiers = {canonicalize_name(d.project): d.specifiers for d in tree.dependencies}
        orders: dict[str, Order] = {}
        for name in tree.build_order(chosen):
            row = chosen[canonicalize_name(name)]
            feedstock, members = self.family(name, row.mapped.package)
            if {canonicalize_name(root) for root in roots} & set(members):
                continue  # its family is being made as ordered
            projects = {member: specifiers.get(canonicalize_name(member), SpecifierSet()) for member in members}
            orders.setdefault(feedstock, Order(feedstock=feedstock, projects=projects))
        return self._recipes(list(orders.values()))

    def family(self, project: str, package: str) -> tuple[str, tuple[str, ...]]:
        """The feedstock that holds `project`, and all projects that it holds, normalised."""
        name = canonicalize_name(project)
        for feedstock, projects in self.families.items():
            members = tuple(canonicalize_name(member) for member in projects)
            if name in members:
                return feedstock, members
        return package, (name,)

    def _recipes(self, orders: Sequence[Order]) -> tuple[list[Recipe], list[str]]:
        """As many of the orders as can be made; a problem for each other."""
        asked = {
            project: self.executor.submit(self.upstream.facts, project, spec)
            for order in orders
            for project, spec in order.projects.items()
        }
        facts: dict[str, Facts] = {}
        problems = []
        for project, future in asked.items():
            try:
                facts[project] = future.result()
            except ForgeError as error:
                problems.append(f"no recipe for {project}: {error.message}")
        listing = self.listing(_names_to_ask(None, facts.values()))
        recipes = []
        for order in orders:
            if not order.projects.keys() <= facts.keys():
                continue
            try:
                recipes.append(self._recipe(order, facts, listing))
            except InputError as error:
                problems.append(f"no recipe for {', '.join(order.projects)}: {error.message}")
        return recipes, problems

    # -- one recipe

    def _recipe(self, order: Order, facts: Mapping[str, Facts], listing: Listing | None) -> Recipe:
        mapped = {
            project: package_for(project, overrides=self.overrides, catalogue=listing) for project in order.projects
        }
        used: dict[str, Mapped] = {}

        def package(project: str) -> str:
            found = package_for(project, overrides=self.overrides, catalogue=listing)
            used[found.project] = found
            return found.package

        parts = [self._part(mapped[project], facts[project]) for project in order.projects]
        recipe = generate(
            order.feedstock or parts[0].package,
            parts,
            scope=self.scope,
            providers=Providers(package=package, bundled=package_for_extra, metadata=self._metadata),
            maintainers=self.maintainers,
            public_index=self.public_index,
        )
        warnings = [Note(level="warning", text=text) for name in sorted(used) if (text := used[name].warning)]
        return _with_notes(recipe, warnings)

    def _part(self, mapped: Mapped, facts: Facts) -> Part:
        licence = self.upstream.licence(facts)
        notes = [Note(level="warning", text=mapped.warning)] if mapped.warning else []
        if isinstance(licence, Note):
            notes.append(licence)
            licence = None
        return Part(package=mapped.package, facts=facts, licence=licence, notes=tuple(notes))

    def _metadata(self, project: str, specifiers: SpecifierSet) -> CoreMetadata | None:
        try:
            return self.upstream.metadata(project, specifiers)
        except ForgeError:
            return None  # the conversion writes what a person has to find out


def _found(metadata: CoreMetadata) -> Found:
    return Found(project=metadata.name, version=metadata.version, requires_dist=metadata.requires_dist)


def _with_notes(recipe: Recipe, notes: Iterable[Note]) -> Recipe:
    return replace(recipe, notes=tuple(dict.fromkeys((*recipe.notes, *notes))))


def _names_to_ask(tree: Tree | None, facts: Iterable[Facts]) -> set[str]:
    """Every name under which the channel may have something that is about to be mapped."""
    projects = {d.project for d in tree.dependencies} if tree else set()
    for one in facts:
        projects.add(one.metadata.name)
        texts = [*one.metadata.requires_dist, *(build_requirements(one.sdist) if one.sdist else ())]
        projects.update(requirement.name for requirement in _parsed(texts))
    return {name for project in projects for name in candidates(project)}


def _parsed(texts: Iterable[str]) -> Iterable[Pep508]:
    for text in texts:
        try:
            yield parse(text)
        except InputError:  # told by the conversion
            continue
