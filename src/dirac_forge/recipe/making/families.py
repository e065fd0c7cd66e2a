"""Projects that are released together and share one recipe."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import field

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.errors import ForgeError, InputError
from dirac_forge.recipe.making.problems import MadeWithout, MakingProblem, NotMade
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.values import dataclass

_AT_ONCE = 8
"""Members of a family that are looked up at the same time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One recipe that is wanted: its feedstock ("" for the package's own name) and the projects, with versions."""

    feedstock: str
    projects: Mapping[str, SpecifierSet]
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Extras of a project that its package brings too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Families:
    """Which projects belong together, and which of their versions do."""

    feedstocks: Mapping[str, Sequence[str]]
    """Feedstock to the projects that it holds."""
    metadata: Callable[[str, SpecifierSet], CoreMetadata]
    """Of the newest release of a project that satisfies the specifiers; raises InputError if there is none."""
    executor: Executor
    prefetch: Callable[[str], None]
    """Makes ready what will be asked of a project soon; raises nothing."""

    def of(self, project: str) -> tuple[str, tuple[str, ...]]:
        """Return the feedstock whose recipe holds `project` beside others ("" if none does), and its projects."""
        name = canonicalize_name(project)
        for feedstock, projects in self.feedstocks.items():
            members = tuple(canonicalize_name(member) for member in projects)
            if name in members:
                return feedstock, members
        return "", (name,)

    def completed(self, orders: Iterable[Order], problems: list[MakingProblem]) -> list[Order]:
        """Complete orders that name no feedstock with their project's family; several of one family become one."""
        completed: dict[str, Order] = {}
        for number, order in enumerate(orders):
            feedstock, members = self.of(next(iter(order.projects)))
            if order.feedstock or not feedstock:
                completed[f"{number} {order.feedstock}"] = order
                continue
            given: dict[str, SpecifierSet] = {
                canonicalize_name(project): spec for project, spec in order.projects.items()
            }
            if feedstock in completed:
                given = {**completed[feedstock].projects, **given}
            projects = self._members(feedstock, members, given, problems)
            extras: dict[str, tuple[str, ...]] = {canonicalize_name(p): names for p, names in order.extras.items()}
            completed[feedstock] = Order(feedstock=feedstock, projects=projects, extras=extras)
        return list(completed.values())

    def tried(self, orders: Iterable[Order], problems: list[MakingProblem]) -> list[Order]:
        """Return the same as `completed`, with a problem for each order that fails."""
        completed: dict[str, Order] = {}
        for order in orders:
            try:
                for whole in self.completed([order], problems):
                    completed.setdefault(whole.feedstock or next(iter(whole.projects)), whole)
            except ForgeError as error:
                problems.append(NotMade(projects=tuple(order.projects), problem=error.message))
        return list(completed.values())

    def _foresee(self, main: CoreMetadata, members: Collection[str]) -> None:
        """Ask early for what the main project requires without extras, other members aside."""
        for requirement in main.requires_dist:
            if not requirement.for_extra and canonicalize_name(requirement.name) not in members:
                self.executor.submit(self._foreseen, requirement.name)

    def _members(
        self, feedstock: str, members: Collection[str], given: Mapping[str, SpecifierSet], problems: list[MakingProblem]
    ) -> dict[str, SpecifierSet]:
        """Return the members at the given one's version, else as that one requires: a family is released together."""
        chosen = {}
        with ThreadPoolExecutor(_AT_ONCE) as ahead:  # all else waits for the members: they do not queue behind it
            for member in members:
                ahead.submit(self.prefetch, member)
            main = self.metadata(*list(given.items())[-1])
            self._foresee(main, members)
            asked = {member: _tries(member, main) for member in members if member not in given}
            found = {member: ahead.submit(self._first, member, tries) for member, tries in asked.items()}
            for member in members:
                try:
                    chosen[member] = given[member] if member in given else found[member].result()
                except InputError as error:
                    problems.append(MadeWithout(feedstock=feedstock, project=member, problem=error.message))
        return chosen

    def _foreseen(self, project: str) -> None:
        """Ask early what the walk over dependencies will ask, since `metadata` remembers; trouble is reported then."""
        with suppress(ForgeError):
            self.metadata(project, SpecifierSet())

    def _first(self, project: str, tries: Sequence[SpecifierSet]) -> SpecifierSet:
        """Return the first of the tries that some release of the project satisfies; raises as the last one does."""
        *before, last = tries
        for specifiers in before:
            try:
                self.metadata(project, specifiers)
            except InputError:
                continue
            return specifiers
        self.metadata(project, last)
        return last


def _tries(member: str, main: CoreMetadata) -> list[SpecifierSet]:
    """Return the versions of a member that are tried, best first: that of the given project, then what it requires."""
    required = [r.specifier for r in main.requires_dist if canonicalize_name(r.name) == member]
    return [SpecifierSet(f"=={main.version}"), *required[-1:]]
