"""PyPI, or another package index: projects whose releases are wheels and sdists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.upstream.choice import objection
from dirac_forge.upstream.digests import project_of
from dirac_forge.upstream.files.filenames import FileNames
from dirac_forge.upstream.index.project import Project, Release
from dirac_forge.upstream.sources.offers import Offer, Offers
from dirac_forge.upstream.sources.origins import Origin, SourceUrl
from dirac_forge.upstream.sources.source import ReleaseSource, SourceAccess, SourceQuery
from dirac_forge.upstream.sources.tags import read_version

_ANY = SpecifierSet()


class Pypi(ReleaseSource):
    """The package index."""

    name = "pypi"
    index = "PyPI"

    def recognises(self, url: SourceUrl) -> bool:
        """Return whether it is one of PyPI's hosts, with a file's path."""
        return project_of(url.text) is not None

    def origin(self, url: SourceUrl, version: str) -> Origin | None:
        """Return the project; None if the file's name has another version."""
        project, filename = project_of(url.text) or ("", "")
        named, own = FileNames(project).read(filename), read_version(version)
        if named is None or own is None or own != named.version:
            return None
        return Origin(kind=self.name, name=canonicalize_name(project), url=url.text)

    def offers(self, query: SourceQuery, access: SourceAccess) -> Offers:
        """Return the releases that are not older than the recipe's. Raises InputError."""
        current = read_version(query.version)
        if current is None:
            raise InputError(f"{query.version} is not a version that can be compared")
        project = access.project(query.origin.name)
        return from_project(query.origin, project, pythons=access.pythons, after=current.plain)

    def url(self, query: SourceQuery, access: SourceAccess) -> str:
        """Return "": the index's own errors say which index it is."""
        return ""


def from_project(origin: Origin, project: Project, *, pythons: Sequence[str], after: Version) -> Offers:
    """Return what a package index offers, newer than `after`, and that version itself for its date.

    A release counts with a file of the kind that the recipe uses now, an sdist or a wheel.
    """
    wheel = origin.url.endswith(".whl")
    offers = []
    for release in project.releases:
        if release.version < after:
            continue
        problem = objection(release, _ANY, pythons) or ""
        if not problem and not (release.wheels if wheel else release.sdist):
            problem = f"it has no {'wheel' if wheel else 'sdist'}, which the recipe is built from"
        page = f"https://pypi.org/project/{origin.name}/{release.version}/"
        offers.append(Offer(version=release.version, released=_uploaded(release), objection=problem, page=page))
    finals = [release.version for release in project.releases if not release.version.is_prerelease]
    return Offers(origin=origin, offers=tuple(offers), newest=max(finals, default=None))


def _uploaded(release: Release) -> datetime | None:
    return min((file.uploaded for file in release.files if file.uploaded is not None), default=None)
