"""Whatever place a source comes from is asked for its versions here, once a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

from packaging.version import Version

from dirac_forge.errors import ForgeError, InputError, UnknownError, redact
from dirac_forge.git import GitError
from dirac_forge.http import Http, UnreachableError
from dirac_forge.store import Store
from dirac_forge.upstream.index.project import Project
from dirac_forge.upstream.once import Once
from dirac_forge.upstream.sources import registries
from dirac_forge.upstream.sources.git import remote_tags
from dirac_forge.upstream.sources.github import GitHubAccess, release, releases
from dirac_forge.upstream.sources.listings import folder_offers
from dirac_forge.upstream.sources.offers import GitHubRelease, Offers, from_project, from_releases, from_tags
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.probes import Probes
from dirac_forge.upstream.sources.recent import Recent
from dirac_forge.upstream.sources.tags import read_version

__all__ = ["ReleaseSources", "SourceQuery", "Way"]

Way = Literal["pypi", "releases", "tags", "cran", "npm", "cratesio", "url"]
_REFS = "refs-1"
_MOST_CHECKED = 5
"""Versions whose files are looked for where only folders named after them were seen."""


@dataclass(frozen=True, kw_only=True)
class SourceQuery:
    """What is to be asked, for one recipe."""

    origin: Origin
    ways: tuple[Way, ...]
    """The first that answers decides."""
    version: str
    """The recipe's."""
    assets: tuple[str, ...] = ()
    """Names of the files attached to a release that the recipe takes."""
    main: bool = True
    """Whether its answer is needed: a further source is checked when its file is fetched."""
    urls: Callable[[str], Sequence[str]] = field(default=lambda _: (), compare=False)
    """Where the files of another version would be."""


class ReleaseSources:
    """Asks, and remembers for the run what was said; safe to use from many threads."""

    def __init__(
        self,
        http: Http,
        store: Store,
        *,
        project: Callable[[str], Project],
        pythons: Sequence[str] = (),
        github: GitHubAccess | None = None,
        offline: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`project` gives a project's page on the index, `pythons` are those that the channel builds for."""
        self._http = http
        self._project = project
        self._pythons = pythons
        self._github = github or GitHubAccess()
        self._recent = Recent(store, offline=offline, clock=clock)
        self._lost: dict[str, str] = {}
        self._tags: Once[str, Mapping[str, str]] = Once(self._ask_tags)
        self._releases: Once[Origin, tuple[GitHubRelease, ...]] = Once(
            lambda origin: releases(self._http, self._github, origin, recent=self._recent)
        )

    def ask(self, place: SourceQuery) -> Offers:
        """What a place offers.

        Raises UnknownError where nobody could tell, InputError where there is no such project or repository.
        """
        failed: list[ForgeError] = []
        notes: list[str] = []
        found: Offers | None = None
        for way in place.ways:
            try:
                found = self._by(way, place)
            except (InputError, UnknownError) as error:
                said = self._of_host(way, place.origin, error)
                failed.append(said)
                notes.append(_fallen_back(way, said))
                continue
            if found.offers:
                break
        if found is not None:
            return found.noting(*notes)
        raise _failure(place.origin, failed)

    def about(self, origin: Origin, tag: str) -> GitHubRelease | None:
        """What GitHub says of the release of a tag; None for other hosts, and where there is no release of it.

        Raises UnreachableError.
        """
        if origin.kind != "github" or not tag:
            return None
        return release(self._http, self._github, origin, tag, recent=self._recent)

    def _of_host(self, way: Way, origin: Origin, error: ForgeError) -> ForgeError:
        """The same in a few words where the host is dead: all that come from it have the same reason then."""
        if not isinstance(error, UnknownError) or way == "pypi":
            return error
        url = self._github.url if way == "releases" else origin.repository if way == "tags" else origin.url
        problem = self._http.problem(url) if url.startswith(("http:", "https:")) else None
        if problem is None:
            return error
        hint = "Check the network and the proxy settings; --offline serves what the cache has."
        return UnreachableError(f"{urlsplit(url).netloc.rpartition('@')[2]} can't be reached: {problem}", hint=hint)

    def _by(self, way: Way, place: SourceQuery) -> Offers:
        origin = place.origin
        match way:
            case "pypi":
                current = read_version(place.version)
                if current is None:
                    raise InputError(f"{place.version} is no version that can be compared")
                project = self._project(origin.name)
                return from_project(origin, project, pythons=self._pythons, after=current.plain)
            case "releases":
                return from_releases(origin, self._releases(_bare(origin)), place.version, place.assets)
            case "tags":
                return from_tags(origin, self._tags(origin.repository), place.version)
            case "npm":
                return registries.npm(self._http, origin)
            case "cratesio":
                return registries.crates(self._http, origin)
            case "cran":
                return registries.cran(self._http, origin)
            case "url":
                return self._files(place)

    def _ask_tags(self, url: str) -> Mapping[str, str]:
        """The tags of a repository, as they were lately or as they are now."""
        kept = self._recent.get(_REFS, url)
        if isinstance(kept, dict):
            return {str(tag): str(commit) for tag, commit in kept.items()}
        host = urlsplit(url).netloc
        problem = self._lost.get(host) or self._http.problem(url)
        if problem is not None:
            raise UnreachableError(f"{redact(url)} can't be reached: {problem}")
        try:
            tags = remote_tags(url)
        except UnknownError as error:
            # It answers, but not git: whoever asks it next need not wait as long again.
            self._lost[host] = f"it did not answer before ({error.message})"
            raise
        except GitError as error:
            raise UnknownError(error.message, hint=error.hint) from error
        self._recent.put(_REFS, url, dict(tags))
        return tags

    def _files(self, place: SourceQuery) -> Offers:
        """What a plain web server has: what its index pages list, else what is found by trying."""
        probes = Probes(self._http, place.urls)
        current = read_version(place.version)
        listed = folder_offers(self._http, place.origin.url, place.version)
        newer = [offer for offer in listed.offers if current is None or offer.version > current]
        if not listed.offers or (not newer and all(offer.version != current for offer in listed.offers)):
            tried, notes = probes.offers(place.version)
            return Offers(origin=place.origin, offers=tried, notes=notes)
        offers = Offers(origin=place.origin, offers=listed.offers)
        return offers if listed.complete else _checked(offers, [offer.version for offer in newer], probes)


def _checked(offers: Offers, versions: Iterable[Version], probes: Probes) -> Offers:
    """The same, with what is missing of the newest versions of which only a folder was seen."""
    objections: dict[Version, str] = {}
    for version in sorted(versions, reverse=True)[:_MOST_CHECKED]:
        said = probes.missing(str(version))
        if not said:
            break
        objections[version] = said
    return replace(
        offers,
        offers=tuple(
            replace(offer, objection=objections[offer.version]) if offer.version in objections else offer
            for offer in offers.offers
        ),
    )


def _failure(origin: Origin, failed: Sequence[ForgeError]) -> ForgeError:
    if not failed:
        return InputError(f"{origin.name}: there is no way to ask for its versions")
    message = "; ".join(dict.fromkeys(error.message for error in failed))
    hint = next((error.hint for error in failed if error.hint), None)
    unknown = any(isinstance(error, UnknownError) for error in failed)
    return UnreachableError(message, hint=hint) if unknown else InputError(message, hint=hint)


def _bare(origin: Origin) -> Origin:
    """The same for all files of a repository, so that it is asked once."""
    return replace(origin, url="", tag="", commit="", asset=False)


def _fallen_back(way: Way, error: ForgeError) -> str:
    if way == "releases":
        return (
            f"GitHub's releases could not be read ({error.message}), so only tags were seen: they tell neither dates "
            "nor pre-releases nor attached files"
        )
    return error.message
