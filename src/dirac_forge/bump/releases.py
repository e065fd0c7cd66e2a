"""The release that a feedstock should move to: the newest that fits, weighed against all newer ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.recipe.making.specs import conda_version
from dirac_forge.recipe.reading.recipe_text import ReadSource, parse_recipe
from dirac_forge.upstream.choice import Choice, Refusal, Rejected, choose
from dirac_forge.upstream.digests import project_of
from dirac_forge.upstream.filenames import FileNames
from dirac_forge.upstream.release import Project, Release

__all__ = ["Newest", "Nothing", "newest", "projects_of"]

_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Newest:
    """A version to move to, newer than the recipe's."""

    version: str
    """In conda's spelling."""
    projects: tuple[str, ...]
    rejected: tuple[Rejected, ...] = ()
    """Newer versions that were passed over, newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """No version to move to, and why."""

    reason: str
    rejected: tuple[Rejected, ...] = ()


def projects_of(text: str, *, path: str, version: str, settings: Sequence[Setting]) -> dict[str, str]:
    """Projects on PyPI of which the recipe takes the files of its own version, each with such a file's name.

    Raises RecipeError.
    """
    recipe = parse_recipe(text.replace("\r\n", "\n"), path=path)
    found: dict[str, str] = {}
    for platform, variant in settings:
        for output in recipe.render(platform=platform, variant=variant).outputs:
            for project, filename in _of(output.sources, version):
                found.setdefault(project, filename)
    return found


def _of(sources: Iterable[ReadSource], version: str) -> Iterable[tuple[str, str]]:
    for source in sources:
        named = project_of(source.url or "")
        read = FileNames(named[0]).read(named[1]) if named is not None else None
        if named is not None and read is not None and _same(read.version, version):
            yield canonicalize_name(named[0]), named[1]


def newest(
    current: str,
    projects: dict[str, str],
    *,
    page: Callable[[str], Project],
    allowed: SpecifierSet,
    pythons: Sequence[str],
) -> Newest | Nothing:
    """The newest version that all `projects` (with the name of a file that is used now) have released.

    `allowed` are the versions that belong on the branch. A release is taken only with a file of the kind that the
    recipe uses now, an sdist or a wheel. Raises InputError for a project that is not there, UnreachableError.
    """
    try:
        now = Version(current)
    except InvalidVersion:
        return Nothing(reason=f"{current} is no version as PyPI has them (PEP 440), so none can be called newer")
    weighing = _Weighing(now, projects, {name: page(name) for name in projects}, allowed, pythons)
    chosen = weighing.chosen()
    rejected = weighing.rejected
    if isinstance(chosen, str):
        return _nothing(chosen, rejected)
    if chosen.is_prerelease and not now.is_prerelease:
        return _nothing(f"{chosen} is a pre-release, and there is no final release that is newer", rejected)
    if chosen <= now:
        return _nothing(f"{current} is the newest release that fits", rejected)
    newer = {item: reason for item, reason in rejected.items() if item > chosen}
    return Newest(version=conda_version(chosen), projects=tuple(projects), rejected=_sorted(newer))


@dataclass
class _Weighing:
    now: Version
    projects: Mapping[str, str]
    pages: Mapping[str, Project]
    allowed: SpecifierSet
    pythons: Sequence[str]
    rejected: dict[Version, str] = field(default_factory=dict)

    def chosen(self) -> Version | str:
        """The newest version that all projects have; why there is none."""
        limit = self.allowed
        while True:
            found: dict[str, Version] = {}
            for name in self.projects:
                answer = choose(
                    self.pages[name], limit, pythons=self.pythons, prereleases=self.now.is_prerelease or None
                )
                self._note(name, answer, limit)
                if not isinstance(answer, Choice):
                    return answer.reason.rstrip(".")
                found[name] = answer.release.version
                if not self._has_file(name, answer.release):
                    limit &= SpecifierSet(f"!={answer.release.version}")
                    break
            else:
                lowest = min(found.values())
                late = ", ".join(name for name, version in found.items() if version == lowest)
                for name, version in found.items():
                    if version != lowest:
                        self.rejected.setdefault(version, f"{name} has it, {late} does not yet")
                if all(version == lowest for version in found.values()):
                    return lowest
                limit &= SpecifierSet(f"<={lowest}")

    def _note(self, name: str, answer: Choice | Refusal, limit: SpecifierSet) -> None:
        for item in answer.rejected:
            reason = item.reason
            if reason == f"excluded by {limit}":
                if self.allowed.contains(item.version, prereleases=True):
                    continue  # already rejected for another reason
                reason = f"it does not belong on this branch ({self.allowed})"
            if item.version > self.now:
                self.rejected.setdefault(item.version, f"{name}: {reason}" if len(self.projects) > 1 else reason)

    def _has_file(self, name: str, release: Release) -> bool:
        """Whether there is a file of the kind that the recipe uses."""
        wheel = self.projects[name].endswith(".whl")
        if release.wheels if wheel else release.sdist:
            return True
        self.rejected.setdefault(release.version, f"{name} has no {'wheel' if wheel else 'sdist'} of it")
        return False


def _nothing(reason: str, rejected: dict[Version, str]) -> Nothing:
    listed = _sorted(rejected)
    shown = "; ".join(f"{item.version}: {item.reason}" for item in listed[:_SHOWN])
    more = f"; and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return Nothing(reason=f"{reason} ({shown}{more})" if shown else reason, rejected=listed)


def _sorted(rejected: dict[Version, str]) -> tuple[Rejected, ...]:
    return tuple(Rejected(version=version, reason=rejected[version]) for version in sorted(rejected, reverse=True))


def _same(version: Version, text: str) -> bool:
    try:
        return version == Version(re.sub(r"_", ".", text))
    except InvalidVersion:
        return False
