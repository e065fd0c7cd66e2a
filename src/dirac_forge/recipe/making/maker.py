"""From names of projects to recipes and the table of what they need: asks through providers, decides by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Literal, TypeVar

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from dirac_forge.channel.listing import Catalogue, availability
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.progress import Observer
from dirac_forge.recipe.making.assembly import Assembly
from dirac_forge.recipe.making.dependencies import Dependency, DependencyTree, FoundProject, walk
from dirac_forge.recipe.making.families import Families, Order
from dirac_forge.recipe.making.hosts import build_requirements
from dirac_forge.recipe.making.judging import Needed, judged
from dirac_forge.recipe.making.lookups import ChannelNames, Upstream
from dirac_forge.recipe.making.markers import reach
from dirac_forge.recipe.making.mentions import named, required
from dirac_forge.recipe.making.output import FamilyPart
from dirac_forge.recipe.making.problems import MakingProblem, NoProjectOf, NotMade
from dirac_forge.recipe.making.specs import conda_spec
from dirac_forge.recipe.model import Recipe
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.values import dataclass

T = TypeVar("T")

_AT_ONCE = 8
"""Ordered projects that are read at the same time."""
Deps = Literal["missing", "none", "all"]
MayExist = Callable[[str, Literal["host", "run"]], bool]
"""A package that the channel lacks, and what needs it, to whether it may exist nevertheless."""


def never(_package: str, _section: Literal["host", "run"]) -> bool:
    """Return False: what the channel lacks does not exist."""
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeRecipes:
    """Recipes in the order in which they can be built, the ordered ones last, and all that they need."""

    recipes: tuple[Recipe, ...]
    needed: tuple[Needed, ...]
    problems: tuple[MakingProblem, ...] = ()
    """What was left out, and what is not certain."""
    as_of: date | None = None
    """The day of the embedded snapshot, where that answered for conda-forge."""
    part: bool = False
    """Whether a channel is a snapshot of what some targets need."""


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Makes recipes; holds what the work needs and nothing of its own."""

    upstream: Upstream
    catalogue: Catalogue
    scope: Scope
    executor: Executor
    observer: Observer
    overrides: Mapping[str, str]
    """The workspace's names."""
    families: Families
    maintainers: Sequence[str] = ()
    target_platforms: tuple[str, ...] = ()
    """Where dependencies are needed; () for all of the scope's platforms."""
    may_exist: MayExist = never
    """What it says of a package makes it unknown, not missing."""

    def make(self, orders: Sequence[Order], deps: Deps) -> MadeRecipes:
        """Return the recipes of the orders, and as `deps` says those of what they need.

        Raises ForgeError if an ordered project can't be had; trouble with a dependency is a problem in the result.
        """
        problems: list[MakingProblem] = []
        orders = self.families.completed(orders, problems)
        parts, tree, builds = self._looked_up(orders)
        facts = {project: part.facts for project, part in parts.items()}
        problems += tree.joined(builds).problems
        self._names.listing([*(d.project for d in tree.dependencies), *named(facts.values())])
        needed = tuple(self._judged(tree, facts, deps).values())
        tools, rows = self._tools(builds, facts, tree)
        needed = self._of_others((*needed, *rows), facts)
        extra = self._missing(tree.joined(tools), needed, deps, facts, problems)
        recipes = [*extra, *(self._assembly.recipe(order, parts, tree, builds) for order in orders)]
        if deps == "all":
            rows, more = self._followed(recipes, needed, facts, problems)
            needed, recipes = (*needed, *rows), [*more, *recipes]
        listing = self._names.listing([])
        return MadeRecipes(
            recipes=tuple(recipes), needed=needed, problems=tuple(problems), as_of=listing.as_of, part=listing.part
        )

    def _looked_up(self, orders: Sequence[Order]) -> tuple[dict[str, FamilyPart], DependencyTree, DependencyTree]:
        """Return the ordered projects as parts, and the trees of what they need to run and to be built."""
        wanted = {project: spec for order in orders for project, spec in order.projects.items()}
        # The ordered projects wait for no dependency; the walk over what builds need waits for others of `executor`.
        with ThreadPoolExecutor(_AT_ONCE) as ahead, ThreadPoolExecutor(1) as beside:
            roots = _results(_asked(ahead, self.upstream.metadata, wanted))
            asked = _asked(ahead, self._facts, wanted)
            extras = {
                project: self._wanted_extras(project, roots[project], order.extras.get(project, ()))
                for order in orders
                for project in order.projects
            }
            parts = {
                project: ahead.submit(self._part_of, project, asked[project], order.extras.get(project, ()))
                for order in orders
                for project in order.projects
            }
            builds = beside.submit(self._walked_builds, asked)
            tree = walk(
                {project: replace(_found(metadata), extras=extras[project]) for project, metadata in roots.items()},
                self._look,
                replace(self.scope, platforms=self.target_platforms or self.scope.platforms),
                self.executor,
                observer=self.observer,
            )
            return _results(parts), tree, builds.result()

    def _part_of(self, project: str, facts: Future[ReleaseFacts], extras: Collection[str]) -> FamilyPart:
        """Return what the recipe is made from, as far as that is known before the trees: others are being fetched."""
        return self._assembly.part(project, facts.result(), extras).read_ahead()

    def _walked_builds(self, asked: Mapping[str, Future[ReleaseFacts]]) -> DependencyTree:
        """Return the tree of what the ordered projects need for their builds."""
        roots = {
            project: FoundProject(project=f"{one.metadata.name} (build)", requires_dist=build_requirements(one.sdist))
            for project, one in _results(asked).items()
            if one.sdist is not None
        }
        return walk(roots, self._look, replace(self.scope, platforms=("linux-64",)), self.executor)

    def _wanted_extras(self, project: str, metadata: CoreMetadata, asked: Collection[str]) -> frozenset[str]:
        """Return the extras whose requirements the recipe has, in the project's own package or in outputs beside it."""
        extras = self._assembly.extras(self._names.mapped(project), metadata, asked)
        return frozenset((*extras.folded, *extras.outputs))

    @cached_property
    def _names(self) -> ChannelNames:
        return ChannelNames(catalogue=self.catalogue, overrides=self.overrides)

    @cached_property
    def _assembly(self) -> Assembly:
        return Assembly(upstream=self.upstream, names=self._names, scope=self.scope, maintainers=self.maintainers)

    # -- what the tree needs

    def _look(self, project: str, specifiers: SpecifierSet) -> FoundProject:
        try:
            return _found(self.upstream.metadata(project, specifiers))
        except ForgeError as error:
            return FoundProject(project=project, problem=error.message)

    def _judged(self, tree: DependencyTree, roots: Iterable[str], deps: Deps) -> dict[NormalizedName, Needed]:
        """Return where the tree's projects stand; with recipes for all of them, all of their requirements count."""
        written = roots if deps != "all" else tree.needs
        return judged(tree, written, self._needed)

    def _of_others(self, rows: Iterable[Needed], ordered: Iterable[str]) -> tuple[Needed, ...]:
        """Return the rows without projects whose package is that of an ordered one, which is not required of it."""
        own = {self._names.mapped(project).package for project in ordered}
        return tuple(row for row in rows if row.mapped.package not in own)

    def _tools(
        self, builds: DependencyTree, facts: Collection[str], tree: DependencyTree
    ) -> tuple[DependencyTree, tuple[Needed, ...]]:
        """Return what the ordered projects need only for their builds; deeper only if it is missing."""
        known = {canonicalize_name(d.project) for d in tree.dependencies} | set(map(canonicalize_name, facts))
        fresh = [d for d in builds.dependencies if canonicalize_name(d.project) not in known]
        self._names.listing([dependency.project for dependency in fresh])
        rows = tuple(self._tool_rows(replace(builds, dependencies=tuple(fresh)), facts))
        wanted = {row.project for row in rows}
        return replace(builds, dependencies=tuple(d for d in fresh if d.project in wanted)), rows

    def _tool_rows(self, tree: DependencyTree, roots: Iterable[str]) -> Iterator[Needed]:
        """Yield what the roots are built with, and what of it the channel lacks needs in turn."""
        rows = judged(tree, roots, self._needed_to_build)
        leading = {*map(canonicalize_name, roots), *(name for name, row in rows.items() if row.status == "missing")}
        wanted = {need for name in leading for need in tree.needs.get(name, ())}
        yield from (row for name, row in rows.items() if name in wanted)

    def _needed_to_build(self, dependency: Dependency) -> Needed:
        return self._needed(dependency, "host")

    def _needed(self, dependency: Dependency, section: Literal["host", "run"] = "run") -> Needed:
        mapped = self._names.mapped(dependency.project)
        spec = conda_spec(dependency.specifiers)
        stands = availability(self._names.listing([dependency.project]), mapped.package, spec)
        unclear = stands.status == "missing" and self.may_exist(mapped.package, section)
        return Needed(
            project=dependency.project,
            version=str(dependency.found.version) if dependency.found.version is not None else None,
            requirement=spec,
            mapped=mapped,
            status="unknown" if unclear else stands.status,
            newest=stands.newest,
            satisfying=stands.satisfying,
            required_by=dependency.required_by,
            problem=dependency.found.problem,
            as_of=stands.as_of,
            presumed=unclear,
        )

    def _missing(
        self,
        tree: DependencyTree,
        needed: Sequence[Needed],
        deps: Deps,
        roots: Iterable[str],
        problems: list[MakingProblem],
    ) -> list[Recipe]:
        """Return recipes for dependencies in build order, members of a family together."""
        chosen = {
            canonicalize_name(row.project): row
            for row in needed
            if deps == "all" or (deps == "missing" and row.status == "missing")
        }
        made = {canonicalize_name(root) for root in roots}
        specifiers = {canonicalize_name(d.project): d.specifiers for d in tree.dependencies}
        orders = [
            Order(feedstock="", projects={name: specifiers[canonicalize_name(name)]})
            for name in tree.build_order(chosen)
            if not made.intersection(self.families.of(name)[1])  # its family is being made as ordered
        ]
        return self._recipes(self.families.tried(orders, problems), tree, problems)

    def _followed(
        self, recipes: Sequence[Recipe], needed: Sequence[Needed], facts: Iterable[str], problems: list[MakingProblem]
    ) -> tuple[tuple[Needed, ...], list[Recipe]]:
        """Return rows and recipes of requirements that no upstream declares, found in the channel's builds."""
        known = {row.mapped.package for row in needed} | {output.name for one in recipes for output in one.outputs}
        roots = {
            recipe.feedstock: FoundProject(
                project=recipe.feedstock, requires_dist=RequirementList(self._projects(recipe, known, problems))
            )
            for recipe in recipes
            if required(recipe) - known
        }
        tree = walk(roots, self._look, self.scope, self.executor)
        problems += (one for one in tree.problems if one not in problems)
        there = {canonicalize_name(row.project) for row in needed} | set(map(canonicalize_name, facts))
        fresh = [each for each in tree.dependencies if canonicalize_name(each.project) not in there]
        self._names.listing([each.project for each in fresh])
        rows = tuple(map(self._needed, fresh))
        return rows, self._missing(tree, rows, "all", facts, problems)

    def _projects(self, recipe: Recipe, known: Collection[str], problems: list[MakingProblem]) -> tuple[str, ...]:
        """Return what a recipe requires beyond what is known, as projects; a problem for each that is none."""
        names = sorted(required(recipe).difference(known))
        own = tuple(name for name in names if self._names.mapped(name).package == name)
        problems += (NoProjectOf(package=name, feedstock=recipe.feedstock) for name in names if name not in own)
        return own

    def _recipes(self, orders: Sequence[Order], tree: DependencyTree, problems: list[MakingProblem]) -> list[Recipe]:
        """Return as many of the orders as can be made; a problem for each other."""
        asked = {
            project: self.executor.submit(self._facts, project, spec)
            for order in orders
            for project, spec in order.projects.items()
        }
        facts: dict[str, ReleaseFacts] = {}
        for project, future in asked.items():
            try:
                facts[project] = future.result()
            except ForgeError as error:
                problems.append(NotMade(projects=(project,), problem=error.message))
        self._names.listing(named(facts.values()))
        recipes = []
        for order in orders:
            if order.projects.keys() <= facts.keys():
                try:
                    parts = {
                        project: self._assembly.part(project, facts[project], order.extras.get(project, ()))
                        for project in order.projects
                    }
                    recipes.append(self._assembly.recipe(order, parts, tree, tree))
                except InputError as error:
                    problems.append(NotMade(projects=tuple(order.projects), problem=error.message))
        return recipes

    def _facts(self, project: str, specifiers: SpecifierSet) -> ReleaseFacts:
        """Return the facts, having looked up what extras of its requirements add: the recipe will ask for it."""
        facts = self.upstream.facts(project, specifiers)
        builds = build_requirements(facts.sdist) if facts.sdist else RequirementList()
        for requirement in builds + facts.metadata.requires_dist:
            if requirement.extras and not reach(requirement.marker, self.scope).never:
                self._assembly.metadata(requirement.name, requirement.specifier)
        return facts


def _asked(
    executor: Executor, ask: Callable[[str, SpecifierSet], T], wanted: Mapping[str, SpecifierSet]
) -> dict[str, Future[T]]:
    return {project: executor.submit(ask, project, specifiers) for project, specifiers in wanted.items()}


def _results(futures: Mapping[str, Future[T]]) -> dict[str, T]:
    return {project: future.result() for project, future in futures.items()}


def _found(metadata: CoreMetadata) -> FoundProject:
    return FoundProject(project=metadata.name, version=metadata.version, requires_dist=metadata.requires_dist)
