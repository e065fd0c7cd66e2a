"""GitHub: archives named after tags, and releases, which say more: drafts, pre-releases, dates, attached files.

https://docs.github.com/en/rest/releases/releases
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from packaging.version import Version

from dirac_forge.errors import ForgeError, redact
from dirac_forge.http import Http, NotFoundError, UnreachableError
from dirac_forge.http.answers import refusal
from dirac_forge.untrusted import parse_json, parse_time
from dirac_forge.upstream.sources.git import ARCHIVE, REPOSITORY, GitHost, from_tags
from dirac_forge.upstream.sources.offers import Offer, Offers
from dirac_forge.upstream.sources.origins import Origin, SourceUrl
from dirac_forge.upstream.sources.recent import Recent
from dirac_forge.upstream.sources.source import GitHubAccess, SourceAccess, SourceQuery
from dirac_forge.upstream.sources.tags import Spelling, learned
from dirac_forge.values import dataclass

__all__ = [
    "ARCHIVES",
    "GitHubAccess",
    "GitHubRelease",
    "GitHubReleases",
    "from_releases",
    "release",
    "release_notes",
    "releases",
]

ARCHIVES = tuple(
    rf"/(?P<repo>{REPOSITORY}){path}"
    for path in (
        r"/releases/download/(?P<tag>.+)/(?P<asset>[^/]+)",
        rf"/archive/refs/tags/(?P<tag>.+)\.{ARCHIVE}",
        rf"/archive/(?P<tag>[^/]+)/[^/]+\.{ARCHIVE}",
        rf"/archive/(?P<tag>.+)\.{ARCHIVE}",
        r"/(?:legacy\.)?(?:tar\.gz|zip)/(?:refs/tags/)?(?P<tag>.+)",
        r"/(?:tarball|zipball|raw)/(?:refs/tags/)?(?P<tag>[^/]+)(?:/.*)?",
        r"/refs/tags/(?P<tag>[^/]+)/.+",
    )
)
"""Paths of archives and attached files; Gitea has the same."""
_RAW = (rf"/(?P<repo>{REPOSITORY})/(?:refs/tags/)?(?P<tag>[^/]+)/.+",)
_LARGEST = 32 * 1024**2
_KIND = "github-releases-1"
_A_PAGE = 100
_LONGEST_NOTES = 200_000
_MOST_PAGES = 3
_MOST_FILES = 500
_ENDING = re.compile(rf"\.{ARCHIVE}$")


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubRelease:
    """One release on GitHub."""

    tag: str
    draft: bool = False
    prerelease: bool = False
    published: datetime | None = None
    page: str = ""
    files: tuple[str, ...] = ()
    """Names of what is attached to it."""


class GitHubReleases(GitHost):
    """GitHub's releases."""

    name = "github"
    patterns = ARCHIVES
    release_path = "/releases/tag/{tag}"
    compare_path = "/compare/{old}...{new}"

    def hosts(self, host: str) -> bool:
        """Return whether it is github.com, which may be spelled with www."""
        return host in {"github.com", "www.github.com"}

    def paths(self, url: SourceUrl) -> tuple[str, ...]:
        """Return those of the host: github.com, or one that serves files for it."""
        if url.host == "raw.githubusercontent.com":
            return _RAW
        return self.patterns if self.hosts(url.host) or url.host == "codeload.github.com" else ()

    def base(self, url: SourceUrl) -> str:
        """Return github.com, for all of its hosts."""
        return "https://github.com"

    def serves(self, origin: Origin, allowed: str | None) -> bool:
        """Return whether a file is attached to a release, or conda-forge.yml asks for releases."""
        if origin.kind != self.name:
            return False
        return allowed == "githubreleases" or (allowed in (None, "github") and origin.asset)

    def offers(self, query: SourceQuery, access: SourceAccess) -> Offers:
        """Return the versions of releases."""
        repository = replace(query.origin, url="", tag="", commit="", asset=False)
        listed = access.once(
            (self.name, repository), lambda: releases(access.http, access.github, repository, recent=access.recent)
        )
        return from_releases(query.origin, listed, query.version, query.assets)

    def url(self, query: SourceQuery, access: SourceAccess) -> str:
        """Return the API's URL."""
        return access.github.url

    def failure(self, error: ForgeError) -> str:
        """Return what is missing where only tags were seen."""
        return (
            f"GitHub's releases could not be read ({error.message}), so only tags were seen: they tell neither dates "
            "nor pre-releases nor attached files"
        )


def releases(http: Http, access: GitHubAccess, origin: Origin, *, recent: Recent) -> tuple[GitHubRelease, ...]:
    """Return the newest releases of a repository, at most 300; from `recent` where it has them.

    Raises NotFoundError if there is no such repository, and UnreachableError, also where the limit on requests is
    reached.
    """
    place = _place(access, origin)
    known = recent.get(_KIND, place)
    if known is None:
        entries: list[dict[str, Any]] = []
        for number in range(1, _MOST_PAGES + 1):
            listed = _ask(http, access, f"{place}?per_page={_A_PAGE}&page={number}")
            if not isinstance(listed, list):
                raise _nonsense(place)
            entries += [_needed(entry) for entry in listed if isinstance(entry, dict)]
            if len(listed) < _A_PAGE:
                break
        recent.put(_KIND, place, entries)
        known = entries
    return tuple(_read(entry) for entry in known) if isinstance(known, list) else ()


def release(http: Http, access: GitHubAccess, origin: Origin, tag: str, *, recent: Recent) -> GitHubRelease | None:
    """Return the release of one tag, None if the tag has none; from `recent` where it has it. Raises
    UnreachableError.
    """
    place = f"{_place(access, origin)}/tags/{quote(tag, safe='')}"
    known = recent.get(_KIND, place)
    if known is None:
        try:
            entry = _ask(http, access, place)
        except NotFoundError:
            entry = {}
        if not isinstance(entry, dict):
            raise _nonsense(place)
        known = _needed(entry) if entry else {}
        recent.put(_KIND, place, known)
    return _read(known) if isinstance(known, dict) and known else None


def release_notes(http: Http, access: GitHubAccess, name: str, tag: str) -> str:
    """Return what the release of a tag of `owner/name` says; "" if the tag has none. Raises UnreachableError."""
    place = f"{access.url.rstrip('/')}/repos/{quote(name)}/releases/tags/{quote(tag, safe='')}"
    try:
        entry = _ask(http, access, place)
    except NotFoundError:
        return ""
    notes = entry.get("body") if isinstance(entry, dict) else None
    return notes[:_LONGEST_NOTES] if isinstance(notes, str) else ""


def _place(access: GitHubAccess, origin: Origin) -> str:
    return f"{access.url.rstrip('/')}/repos/{quote(origin.name.partition('/')[2])}/releases"


def _ask(http: Http, access: GitHubAccess, url: str) -> object:
    answer = http.call("GET", url, headers=access.headers, limit=_LARGEST)
    error = refusal(redact(answer.url), answer.status, "")
    if error is not None:
        raise error
    try:
        return parse_json(answer.body)
    except (ValueError, RecursionError) as exc:
        raise _nonsense(url) from exc


def _needed(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is read of a release; the notes of hundreds of releases are megabytes."""
    assets = entry.get("assets")
    named = [
        str(asset.get("name")) for asset in (assets if isinstance(assets, list) else ()) if isinstance(asset, dict)
    ]
    keys = ("tag_name", "draft", "prerelease", "published_at", "html_url")
    return {**{key: entry.get(key) for key in keys}, "files": named[:_MOST_FILES]}


def _read(entry: Mapping[str, Any]) -> GitHubRelease:
    return GitHubRelease(
        tag=str(entry.get("tag_name") or ""),
        draft=entry.get("draft") is True,
        prerelease=entry.get("prerelease") is True,
        published=parse_time(entry.get("published_at")),
        page=str(entry.get("html_url") or ""),
        files=tuple(entry.get("files") or ()),
    )


def _nonsense(url: str) -> UnreachableError:
    return UnreachableError(f"{redact(url)} answered something other than GitHub's releases")


def from_releases(
    origin: Origin, releases: Iterable[GitHubRelease], version: str, assets: Sequence[str] = ()
) -> Offers:
    """Return what the releases of a repository offer; `assets` are the names of the attached files that the recipe
    takes.

    A release that lacks one of them is offered with that objection.
    """
    known = {release.tag: release for release in releases if release.tag}
    tagged = from_tags(origin, dict.fromkeys(known, ""), version)
    wanted = [(name, learned(name, version)) for name in assets]
    return replace(tagged, offers=tuple(_with_release(offer, known[offer.tag], wanted) for offer in tagged.offers))


def _with_release(offer: Offer, release: GitHubRelease, wanted: Sequence[tuple[str, Spelling | None]]) -> Offer:
    said = "a draft" if release.draft else ""
    for name, spelling in wanted:
        if not said and not any(_is_file(file, name, spelling, offer.version) for file in release.files):
            has = f"it has {', '.join(release.files[:3])}" if release.files else "it has none"
            said = f"no file like {name} is attached to it ({has})"
    return replace(
        offer,
        objection=said,
        prerelease=release.prerelease,
        released=release.published,
        page=release.page or offer.page,
    )


def _is_file(file: str, name: str, spelling: Spelling | None, version: Version) -> bool:
    """Return whether a file is what `name` is of another version; another kind of archive counts, the edit finds it."""
    if spelling is None:
        return file == name
    ending = _ENDING.search(spelling.after)
    other = _ENDING.search(file)
    if ending is not None and other is not None:
        file = file[: other.start()] + ending[0]
    return spelling.read(file) == version
