"""The whole tree of what a project needs: walked in parallel, the same whatever order answers come in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import field, replace

from packaging.requirements import Requirement as Pep508
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from dirac_forge.progress import Observer, Silent
from dirac_forge.recipe.making.build_order import build_order
from dirac_forge.recipe.making.markers import reach
from dirac_forge.recipe.making.problems import TreeCut, TreeUnsettled
from dirac_forge.recipe.making.ranges import joined
from dirac_forge.recipe.making.specs import merged
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.values import dataclass

MOST_PROJECTS = 300
"""Projects of one tree; the largest of DIRAC has some hundred."""
MOST_STEPS = 30_000
"""Requirements that are looked at in one pass, those of extras each time."""
MOST_ROUNDS = 4
"""How often versions are chosen anew because of requirements found deeper in the tree."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundProject:
    """What looking a project up gave: the version that was chosen, and its requirements."""

    project: str
    """As the index spells it."""
    version: Version | None = None
    """None if it could not be found out; `problem` says why."""
    requires_dist: RequirementList = field(default_factory=RequirementList)
    extras: frozenset[str] = frozenset()
    """Of a root: what else it is asked for."""
    problem: str = ""


Look = Callable[[str, SpecifierSet], FoundProject]
"""Project and the versions that are wanted, to what was found; called from many threads; raises nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedFor:
    """What one project requires of another."""

    requirer: NormalizedName
    project: str
    """The requirer, as the index spells it."""
    specifiers: SpecifierSet


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependency:
    """One project of the tree."""

    project: str
    specifiers: SpecifierSet
    """What all that require it ask for together."""
    required_by: tuple[str, ...]
    """Projects, sorted."""
    found: FoundProject
    asked: tuple[AskedFor, ...] = ()
    """What each of those asks for, in their order."""

    def asked_by(self, requirers: Collection[NormalizedName]) -> Dependency | None:
        """Return the dependency as if only `requirers` required it; None if none of them does."""
        some = tuple(each for each in self.asked if each.requirer in requirers)
        if len(some) == len(self.asked):
            return self
        return (
            replace(
                self,
                specifiers=merged(each.specifiers for each in some),
                required_by=tuple(each.project for each in some),
                asked=some,
            )
            if some
            else None
        )


@dataclass(frozen=True, kw_only=True)
class DependencyTree:
    """The roots' dependencies, by name, the roots themselves aside."""

    dependencies: tuple[Dependency, ...]
    needs: Mapping[NormalizedName, frozenset[NormalizedName]] = field(repr=False)
    """Project to what it requires itself, roots included."""
    unknown: frozenset[NormalizedName] = frozenset()
    """Projects that could not be looked up."""
    problems: tuple[TreeCut | TreeUnsettled, ...] = ()
    """Why the tree may be another one: it ends before its leaves, or has versions that exclude each other."""

    def joined(self, other: DependencyTree) -> DependencyTree:
        """Return both trees as one, to order builds."""
        needs = {name: frozenset(found) for name, found in self.needs.items()}
        for name, found in other.needs.items():
            needs[name] = needs.get(name, frozenset()) | found
        return DependencyTree(
            dependencies=(*self.dependencies, *other.dependencies),
            needs=needs,
            unknown=self.unknown | other.unknown,
            problems=tuple(dict.fromkeys((*self.problems, *other.problems))),
        )

    def brought(self, project: str) -> frozenset[str] | None:
        """Return everything that is installed with a project; None if some of it could not be looked up."""
        name = canonicalize_name(project)
        reached: set[NormalizedName] = set()
        todo = [name]
        while todo:
            new = self.needs.get(todo.pop(), frozenset()) - reached
            reached |= new
            todo.extend(new)
        reached.discard(name)
        return None if self.problems or reached & self.unknown else frozenset(reached)

    def build_order(self, projects: Iterable[str]) -> list[str]:
        """Return the projects, what is needed before what needs it (through others too); members of a cycle by name."""
        wanted: set[str] = {canonicalize_name(project) for project in projects}
        needs: dict[str, Iterable[str]] = dict.fromkeys(wanted, ())
        needs |= {str(name): found for name, found in self.needs.items()}
        return [name for name in build_order(needs) if name in wanted]


_TASK = "projects looked up"
"""One task for all rounds: a later one asks only for what is new. More than the tree's: what only versions that are not
chosen require is looked up, too."""


@dataclasses.dataclass(kw_only=True)
class _Node:
    """A project as it is met on the way."""

    spelled: str
    extras: set[str] = field(default_factory=set)
    specifiers: dict[tuple[NormalizedName, str], SpecifierSet] = field(default_factory=dict)
    """Who asks, and in which words, to what it asks for."""

    def asked(self) -> dict[NormalizedName, SpecifierSet]:
        """Return who asks to what it asks for: lines for different Pythons may exclude each other."""
        by_requirer: dict[NormalizedName, list[SpecifierSet]] = {}
        for requirer, text in sorted(self.specifiers):
            by_requirer.setdefault(requirer, []).append(self.specifiers[requirer, text])
        return {requirer: joined(some)[0] for requirer, some in by_requirer.items()}

    def wanted(self) -> SpecifierSet:
        """Return what all ask for together."""
        return merged(self.asked().values())


def walk(
    roots: Mapping[str, FoundProject], look: Look, scope: Scope, executor: Executor, *, observer: Observer | None = None
) -> DependencyTree:
    """Return all projects that the roots need in the scope, at any depth; extras are followed, cycles are no problem.

    Versions are chosen first as the newest, then anew where requirements met on the way exclude that one, until nothing
    changes: the result does not depend on the order of answers.
    """
    watcher = observer or Silent()
    memory: dict[tuple[NormalizedName, str], FoundProject] = {}
    chosen: dict[NormalizedName, SpecifierSet] = {}
    walked = _Walk(roots, look, scope, executor, memory, chosen, watcher)
    watcher.started(_TASK)
    try:
        for _ in range(MOST_ROUNDS):
            walked = _Walk(roots, look, scope, executor, memory, chosen, watcher)
            walked.run()
            wanted = {name: node.wanted() for name, node in walked.nodes.items()}
            again = {name: spec for name, spec in wanted.items() if not walked.admits(name, spec)}
            if all(chosen.get(name) == spec for name, spec in again.items()):
                break
            chosen = {**chosen, **again}
        else:
            walked.problems[TreeUnsettled(projects=tuple(sorted(again)), rounds=MOST_ROUNDS)] = None
    finally:
        watcher.finished(_TASK)
    return walked.tree()


class _Walk:
    """One pass over the tree with versions chosen under `chosen`."""

    def __init__(
        self,
        roots: Mapping[str, FoundProject],
        look: Look,
        scope: Scope,
        executor: Executor,
        memory: dict[tuple[NormalizedName, str], FoundProject],
        chosen: Mapping[NormalizedName, SpecifierSet],
        observer: Observer,
    ) -> None:
        self.roots = {canonicalize_name(name): found for name, found in roots.items()}
        self.look = look
        self.scope = scope
        self.executor = executor
        self.memory = memory
        self.chosen = chosen
        self.observer = observer
        self.nodes: dict[NormalizedName, _Node] = {}
        self.found: dict[NormalizedName, FoundProject] = dict(self.roots)
        self.needs: dict[NormalizedName, set[NormalizedName]] = {name: set() for name in self.roots}
        self.parsed: dict[NormalizedName, list[Pep508]] = {}
        self.pending: dict[Future[FoundProject], NormalizedName] = {}
        self.foreseen: set[tuple[NormalizedName, str]] = set()
        self.steps = 0
        self.problems: dict[TreeCut | TreeUnsettled, None] = {}

    def run(self) -> None:
        """Walk until nothing is left to look up."""
        try:
            for name in sorted(self.roots):
                self._follow(name, self.roots[name].extras)
            while self.pending:
                done, _ = wait(self.pending, return_when=FIRST_COMPLETED)
                for future in done:
                    name = self.pending.pop(future)
                    self._arrived(name, future.result())
        finally:
            for future in self.pending:
                future.cancel()

    def admits(self, name: NormalizedName, specifiers: SpecifierSet) -> bool:
        """Whether the version that was chosen satisfies everything (an unknown one has nothing to change)."""
        version = self.found[name].version
        return version is None or specifiers.contains(version, prereleases=True)

    def tree(self) -> DependencyTree:
        """Return the result, in an order that does not depend on the answers'."""
        dependencies = tuple(
            self._dependency(name, node) for name, node in sorted(self.nodes.items()) if name not in self.roots
        )
        return DependencyTree(
            dependencies=dependencies,
            needs={name: frozenset(needs) for name, needs in self.needs.items()},
            unknown=frozenset(name for name, found in self.found.items() if found.problem),
            problems=tuple(self.problems),
        )

    def _dependency(self, name: NormalizedName, node: _Node) -> Dependency:
        asked = (
            AskedFor(requirer=requirer, project=self.found[requirer].project, specifiers=some)
            for requirer, some in node.asked().items()
        )
        in_order = tuple(sorted(asked, key=lambda each: each.project.lower()))
        return Dependency(
            project=self.found[name].project,
            specifiers=node.wanted(),
            required_by=tuple(each.project for each in in_order),
            found=self.found[name],
            asked=in_order,
        )

    def _arrived(self, name: NormalizedName, found: FoundProject) -> None:
        again = any(known == name for known, _ in self.memory)
        self.memory[name, str(self.chosen.get(name, ""))] = found
        self.found[name] = found
        self._foresee(name)
        self.observer.advanced(_TASK, done=0 if again else 1, total=len(self.nodes), detail=found.project)
        self._follow(name, frozenset(self.nodes[name].extras))

    def _follow(self, name: NormalizedName, extras: frozenset[str]) -> None:
        """Meet what the project requires, with these extras; iterative in depth, since answers come one by one."""
        todo = [(name, extras)]
        while todo:
            name, extras = todo.pop()
            for requirement in self._requirements(name):
                self.steps += 1
                if self.steps > MOST_STEPS:
                    self.problems[TreeCut(most=MOST_STEPS, of="requirements")] = None
                    return
                if not reach(requirement.marker, self.scope, extras).never:
                    todo += self._meet(name, requirement)

    def _requirements(self, name: NormalizedName) -> list[Pep508]:
        if name not in self.parsed:
            self.parsed[name] = list(self.found[name].requires_dist)
        return self.parsed[name]

    def _meet(self, parent: NormalizedName, requirement: Pep508) -> list[tuple[NormalizedName, frozenset[str]]]:
        """Note one requirement; what has to be followed at once because the project is known already."""
        name = canonicalize_name(requirement.name)
        new = name not in self.nodes
        if new and len(self.nodes) >= MOST_PROJECTS:
            self.problems[TreeCut(most=MOST_PROJECTS, of="projects")] = None
            return []
        self.needs.setdefault(parent, set()).add(name)
        node = self.nodes.setdefault(name, _Node(spelled=requirement.name))
        node.specifiers[parent, str(requirement)] = requirement.specifier
        if requirement.specifier:
            self._foresee(name)
        more = {str(canonicalize_name(extra)) for extra in requirement.extras} - node.extras
        node.extras |= more
        if name in self.found:
            return [(name, frozenset(node.extras))] if more or (new and name not in self.roots) else []
        if new:
            self._ask(name, requirement.name)
            return [(name, frozenset(node.extras))] if name in self.found else []
        return []

    def _foresee(self, name: NormalizedName) -> None:
        """Ask early for the version that the next pass will want, where the newest is excluded already.

        Nothing is made of the answer here, so that the result stays the same; but `look` remembers it.
        """
        if name not in self.found or name in self.roots or name in self.chosen:
            return
        wanted = self.nodes[name].wanted()
        if self.admits(name, wanted) or (name, str(wanted)) in self.foreseen:
            return
        self.foreseen.add((name, str(wanted)))

        def look_further() -> None:
            for requirement in self.look(self.nodes[name].spelled, wanted).requires_dist:
                if canonicalize_name(requirement.name) not in self.nodes:
                    self.look(requirement.name, SpecifierSet())

        self.executor.submit(look_further)

    def _ask(self, name: NormalizedName, spelled: str) -> None:
        specifiers = self.chosen.get(name, SpecifierSet())
        known = self.memory.get((name, str(specifiers)))
        if known is not None:
            self.found[name] = known
        else:
            self.pending[self.executor.submit(self.look, spelled, specifiers)] = name
