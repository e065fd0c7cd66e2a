"""The choice of a release, with the reasons against the others; decides from values alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.untrusted import parse_specifiers, parse_version
from dirac_forge.upstream.index.project import Project, Release
from dirac_forge.upstream.problems import Problem
from dirac_forge.values import dataclass

_ANY = SpecifierSet()
_NAMED = 5
"""How many versions a message names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """A version that was not taken, and why."""

    version: Version
    reason: str
    asked: bool = False
    """Whether it is left out because of what was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The release that was taken."""

    release: Release
    problems: tuple[Problem, ...] = ()
    """What the user should know of it: yanked, a pre-release…"""
    rejected: tuple[Rejected, ...] = ()
    """Newer versions that were passed over, newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """No release can be taken."""

    project: str
    reason: str
    nearest: tuple[Version, ...] = ()
    """Versions that exist and may have been meant, oldest first."""
    rejected: tuple[Rejected, ...] = ()
    """Versions that fit what was asked, but not otherwise; newest first."""

    def error(self) -> InputError:
        """Return the refusal as an error for a user."""
        hints = [f"{rejected.version}: {rejected.reason}" for rejected in self.rejected[:_NAMED]]
        if self.nearest:
            hints.append(f"Nearest versions: {', '.join(map(str, self.nearest))}.")
        return InputError(self.reason, hint=hints)


def choose(
    project: Project,
    specifier: SpecifierSet | None = None,
    *,
    pythons: Sequence[str] = (),
) -> Choice | Refusal:
    """Return the newest release that satisfies `specifier`, is not yanked, and runs on some of `pythons` ("3.11",
    "3.12"…).

    A pre-release is taken only where `specifier` names one or no final release is left (PEP 440). A version asked for
    exactly (`==1.0`, `===1.0`) is taken even yanked, as a pre-release or for other Pythons; the choice's problems say
    so. `pythons` empty: any Python.
    """
    specifier = specifier if specifier is not None else _ANY
    exact = _exact(specifier)
    if exact is not None and project.releases:
        return _exactly(project, specifier, exact, pythons)
    newest, rejected, waiting = _newest(project, specifier, pythons)
    if newest is not None:
        return Choice(
            release=newest, rejected=rejected, problems=tuple(_sourceless(project, newest, specifier, pythons))
        )
    if waiting is not None:
        problem = Problem(kind="only-pre-releases", about=str(waiting.version), other=project.name)
        newer = tuple(item for item in rejected if item.version > waiting.version)
        return Choice(release=waiting, problems=(problem,), rejected=newer)
    return _nothing(project, specifier, rejected)


def _nothing(project: Project, specifier: SpecifierSet, rejected: Sequence[Rejected]) -> Refusal:
    """Return why there is no release: none satisfies `specifier`, or there are objections to those that do."""
    if not project.releases:
        unread = f", only files that can't be read ({', '.join(project.unreadable[:3])})" if project.unreadable else ""
        return Refusal(project=project.name, reason=f"{project.name} has no release{unread}.")
    fitting = tuple(item for item in rejected if specifier.contains(item.version, prereleases=True))
    if not fitting:
        newest = tuple(release.version for release in project.releases[-_NAMED:])
        reason = f"No release of {project.name} satisfies {specifier}."
        return Refusal(project=project.name, reason=reason, nearest=newest)
    asked = f" that satisfies {specifier}" if str(specifier) else ""
    return Refusal(project=project.name, reason=f"No release of {project.name}{asked} can be used.", rejected=fitting)


def _newest(
    project: Project, specifier: SpecifierSet, pythons: Sequence[str]
) -> tuple[Release | None, tuple[Rejected, ...], Release | None]:
    """Return the newest release without objection, the newer ones with theirs, the newest held back as pre-release
    only.
    """
    rejected: list[Rejected] = []
    waiting: Release | None = None
    for release in reversed(project.releases):
        reason = objection(release, specifier, pythons)
        if reason is None and release.version.is_prerelease and not specifier.prereleases:
            reason = "a pre-release"
            waiting = waiting or release
        if reason is None:
            return release, tuple(rejected), waiting
        asked = not specifier.contains(release.version, prereleases=True)
        rejected.append(Rejected(version=release.version, reason=reason, asked=asked))
    return None, tuple(rejected), waiting


def _sourceless(
    project: Project, newest: Release, specifier: SpecifierSet, pythons: Sequence[str]
) -> Iterator[Problem]:
    """Yield that the newest release has no sdist, if an older one that could be taken has."""
    if newest.sdist is not None:
        return
    for release in reversed(project.releases):
        final = not release.version.is_prerelease and release.version < newest.version
        if final and release.sdist is not None and objection(release, specifier, pythons) is None:
            about = f"{project.name} {newest.version}"
            yield Problem(kind="newest-without-sdist", about=about, what=project.name, other=str(release.version))
            return


def objection(release: Release, specifier: SpecifierSet, pythons: Sequence[str]) -> str | None:
    """Return why a release can't be taken, whatever else there is; None if nothing speaks against it."""
    if not specifier.contains(release.version, prereleases=True):
        return f"excluded by {specifier}"
    if not release.files:
        return "no files"
    if release.yanked is not None:
        return f"yanked ({release.yanked})" if release.yanked else "yanked"
    if pythons and not offers(release, pythons):
        return f"needs Python {_needs(release)}, the channel has {_span(pythons)}"
    return None


def offers(release: Release, pythons: Sequence[str]) -> bool:
    """Return whether some file's Requires-Python admits one of `pythons`; what is missing or can't be read admits
    all.
    """
    wanted = {file.requires_python for file in release.files if file.yanked is None} or {
        file.requires_python for file in release.files
    }
    return any(_admits(text, python) for text in wanted for python in pythons)


def _admits(requires_python: str | None, python: str) -> bool:
    if not requires_python:
        return True
    specifier = parse_specifiers(requires_python)
    if specifier is None:
        return True
    # `>=3.9.2` and `<3.9.1` both admit some 3.9: its first and a late patch release are asked.
    return any(specifier.contains(f"{python}.{patch}", prereleases=True) for patch in (0, 99))


def _needs(release: Release) -> str:
    return " or ".join(sorted({file.requires_python for file in release.files if file.requires_python}))


def _span(pythons: Sequence[str]) -> str:
    ordered = sorted(pythons, key=Version)
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]} to {ordered[-1]}"


def _exact(specifier: SpecifierSet) -> Version | None:
    """Return the version of `==1.0` or `===1.0`, alone or among others; None if there is none."""
    for part in specifier:
        if part.operator in ("==", "===") and not part.version.endswith(".*"):
            return parse_version(part.version)
    return None


def _fitting(releases: Iterable[Release], specifier: SpecifierSet, exact: Version) -> list[Release]:
    # `===` compares text, and `==1.0` also means 1.0+local: what equals comes first, then what the specifier admits.
    every = list(releases)
    equal = [release for release in every if release.version == exact]
    return equal or [release for release in every if specifier.contains(release.version, prereleases=True)]


def _exactly(project: Project, specifier: SpecifierSet, exact: Version, pythons: Sequence[str]) -> Choice | Refusal:
    fitting = _fitting(project.releases, specifier, exact)
    others = SpecifierSet(part for part in specifier if part.operator not in ("==", "==="))
    if not fitting or not others.contains(fitting[-1].version, prereleases=True):
        reason = f"There is no release of {project.name} that satisfies {specifier}."
        return Refusal(project=project.name, reason=reason, nearest=nearest(project, exact))
    release = fitting[-1]
    if not release.files:
        return Refusal(project=project.name, reason=f"{project.name} {release.version} has no files.")
    return Choice(release=release, problems=tuple(_reservations(release, pythons)))


def _reservations(release: Release, pythons: Sequence[str]) -> Iterator[Problem]:
    """Yield what would speak against a release that was not asked for by its version."""
    version = str(release.version)
    if release.yanked is not None:
        yield Problem(kind="yanked", about=version, what=release.yanked)
    if release.version.is_prerelease:
        yield Problem(kind="pre-release", about=version)
    if pythons and not offers(release, pythons):
        yield Problem(kind="needs-python", about=version, what=_needs(release), other=_span(pythons))


def nearest(project: Project, version: Version) -> tuple[Version, ...]:
    """Return the neighbours of `version` in order, final ones first, and the newest of all."""
    known = [release.version for release in project.releases]
    final = [item for item in known if not item.is_prerelease] or known
    below = [item for item in final if item < version][-2:]
    above = [item for item in final if item > version][:2]
    return tuple(sorted({*below, *above, final[-1]}))
