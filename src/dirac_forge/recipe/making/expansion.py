"""Requirements (PEP 508) read, decided over the scope, and their extras unfolded."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.errors import InputError
from dirac_forge.recipe.making.markers import Reach, asks_for_the_release_of_a_system, both, reach
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.requirements import DeclaredRequirement, RequirementList, shortened
from dirac_forge.values import dataclass

MOST_REQUIREMENTS = 2000
"""A release has tens of requirements; extras that unfold into more are not honest."""


_MOST_STEPS = 20 * MOST_REQUIREMENTS
_DEEPEST = 50
"""Extras that bring extras, one through the other."""


def _no_package(_project: str, _extra: str) -> str | None:
    return None


def _unknown_closure(_project: str) -> None:
    return None


def _no_metadata(_project: str, _specifiers: SpecifierSet) -> CoreMetadata | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Providers:
    """What the conversion has to ask for."""

    package: Callable[[str], str]
    """Project to the name of its package."""
    bundled: Callable[[str, str], str | None] = _no_package
    """Project and extra to the package that holds both (`cachecontrol-with-filecache`), where a channel has one."""
    brought: Callable[[str], Collection[str] | None] = _unknown_closure
    """Project to every project that is installed with it (normalised), None if that is not known."""
    brought_to_builds: Callable[[str], Collection[str] | None] = _unknown_closure
    """The same for what builds require."""
    metadata: Callable[[str, SpecifierSet], CoreMetadata | None] = _no_metadata
    """The metadata of the release of a project that a requirement selects, to see what an extra adds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedRequirement:
    """One requirement, its extras unfolded: where it holds, and the line of metadata that it comes from."""

    project: str
    """As upstream spells it."""
    package: str
    specifiers: SpecifierSet
    reach: Reach
    origin: str
    url: str = ""
    """Where upstream wants it from, instead of a version from an index."""


def expand(
    requirements: RequirementList, scope: Scope, providers: Providers, *, extras: Iterable[str] = ()
) -> tuple[list[WantedRequirement], list[Note]]:
    """Return the requirements that hold in the scope, with those of their extras, and notes on what was left out."""
    expansion = _Expansion(scope, providers)
    for line in requirements.lines:
        for problem in RequirementList((line,)).problems:
            kind = NoteKind.MALFORMED_VERSION if _name_of_malformed(line) else NoteKind.MALFORMED
            expansion.notes.append(note("todo", kind, problem=problem))
    named = RequirementList(tuple(filter(None, map(_name_of_malformed, requirements.lines))))
    for requirement in requirements + named:
        try:
            expansion.add(requirement, tuple(extras))
        except InputError as error:
            expansion.notes.append(note("todo", NoteKind.MALFORMED, problem=error.message))
            break
    return expansion.found, expansion.notes


def malformed_names(requirements: RequirementList) -> tuple[str, ...]:
    """Return the projects, normalised, of lines whose version can't be read, one for each such line."""
    names = map(_name_of_malformed, requirements.lines)
    return tuple(str(canonicalize_name(name)) for name in names if name is not None)


def _name_of_malformed(line: str) -> str | None:
    """Return the project of a line whose version can't be read (`setuptools >=46.4<63`); None for any other line."""
    if not RequirementList((line,)).problems:
        return None
    match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?(?=[<>=!~(]|$)", line)
    return match[1].rstrip("._-") if match else None


class _Expansion:
    """Collects requirements; an extra of a project is unfolded once."""

    def __init__(self, scope: Scope, providers: Providers) -> None:
        self.scope = scope
        self.providers = providers
        self.found: list[WantedRequirement] = []
        self.notes: list[Note] = []
        self._unfolded: set[tuple[str, str]] = set()
        self._steps = 0
        self._depth = 0

    def add(
        self,
        requirement: DeclaredRequirement,
        extras: tuple[str, ...],
        *,
        within: Reach | None = None,
        added_by: str = "",
        inside: str = "",
    ) -> None:
        """Add a requirement that holds with any of `extras`; `added_by` is the one whose extra brings it.

        `inside` is the package whose extra that is: what that package holds itself is not required again.
        """
        text = requirement.line
        self._count(text)
        if added_by and not reach(requirement.marker, self.scope).never:
            return  # it holds without the extra too: the plain requirement of that package brings it
        where = both(reach(requirement.marker, self.scope, extras), within, self.scope)
        of_release = asks_for_the_release_of_a_system(requirement.marker)
        if where.never:
            if of_release:
                self.notes.append(note("todo", NoteKind.RELEASE_OF_SYSTEM, requirement=text))
            elif where.later and self.scope.later_admitted:
                python = self.scope.next_python
                self.notes.append(note("warning", NoteKind.LATER_PYTHON, requirement=text, python=python))
            return  # Pythons older than all of the channel's never get the package
        if of_release:
            self.notes.append(note("warning", NoteKind.RELEASE_NOT_TESTED, requirement=text))
        if requirement.url:
            self.notes.append(note("warning", NoteKind.URL_REQUIRED, project=requirement.name, requirement=text))
        packages, unfolded = self._packages(requirement)
        self.found += [
            WantedRequirement(
                project=requirement.name,
                package=package,
                specifiers=requirement.specifier,
                reach=where,
                origin=f"{text} (extra of {added_by})" if added_by else text,
                url=requirement.url or "",
            )
            for package in packages
            if package != inside  # `psycopg[binary]` asks for psycopg-binary, which is psycopg for conda
        ]
        self._depth += 1
        for extra in unfolded:
            self._unfold(requirement, extra, where)
        self._depth -= 1

    def _count(self, text: str) -> None:
        """Refuse metadata that unfolds without end."""
        self._steps += 1
        if len(self.found) > MOST_REQUIREMENTS or self._steps > _MOST_STEPS or self._depth > _DEEPEST:
            raise InputError(
                f"more than {MOST_REQUIREMENTS} requirements: the metadata can't be right (at {shortened(text)})"
            )

    def _packages(self, requirement: Requirement) -> tuple[list[str], list[str]]:
        """Return the packages for a requirement, and those of its extras that they do not hold by themselves."""
        bundled = {extra: self.providers.bundled(requirement.name, extra) for extra in sorted(requirement.extras)}
        packages = [package for package in bundled.values() if package]
        return packages or [self.providers.package(requirement.name)], [
            e for e, package in bundled.items() if not package
        ]

    def _unfold(self, requirement: Requirement, extra: str, where: Reach) -> None:
        key = (canonicalize_name(requirement.name), canonicalize_name(extra))
        if key in self._unfolded:
            return
        self._unfolded.add(key)
        asked, own = f"{requirement.name}[{extra}]", self.providers.package(requirement.name)
        metadata = self.providers.metadata(requirement.name, requirement.specifier)
        if metadata is None:
            self.notes.append(note("todo", NoteKind.UNKNOWN_EXTRA, extra=asked))
        elif key[1] not in {canonicalize_name(known) for known in metadata.provides_extra}:
            release = f"{metadata.name} {metadata.version}"
            self.notes.append(note("info", NoteKind.NO_SUCH_EXTRA, extra=asked, release=release))
        else:
            before = len(self.found)
            for line in metadata.requires_dist:
                self.add(line, (extra, key[1]), within=where, added_by=asked, inside=own)
            added = dict.fromkeys(one.package for one in self.found[before:])
            if added:
                self.notes.append(note("info", NoteKind.UNFOLDED_EXTRA, extra=asked, packages=added))
