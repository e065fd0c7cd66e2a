"""Releases on GitHub, which say more than tags: drafts, pre-releases, dates, and the files that belong to each.

https://docs.github.com/en/rest/releases/releases
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from dirac_forge.errors import redact
from dirac_forge.http import Http, NotFoundError, UnreachableError
from dirac_forge.http.answers import refusal
from dirac_forge.upstream.sources.offers import GitHubRelease, date_of
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.recent import Recent

__all__ = ["GitHubAccess", "release", "releases"]

_LARGEST = 32 * 1024**2
_KIND = "github-releases-1"
_A_PAGE = 100
_MOST_PAGES = 3
_MOST_FILES = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubAccess:
    """Where GitHub's API is, and with which token it is asked."""

    url: str = "https://api.github.com"
    token: str = field(default="", repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """Of every request: https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api."""
        own = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return {**own, "Authorization": f"Bearer {self.token}"} if self.token else own


def releases(http: Http, access: GitHubAccess, origin: Origin, *, recent: Recent) -> tuple[GitHubRelease, ...]:
    """The newest releases of a repository, at most 300; from `recent` where it has them.

    Raises NotFoundError where there is no such repository, and UnreachableError, also where the limit on requests is
    reached.
    """
    place = _place(access, origin)
    known = recent.get(_KIND, place)
    if known is None:
        found: list[dict[str, Any]] = []
        for number in range(1, _MOST_PAGES + 1):
            listed = _ask(http, access, f"{place}?per_page={_A_PAGE}&page={number}")
            if not isinstance(listed, list):
                raise _nonsense(place)
            found += [_needed(entry) for entry in listed if isinstance(entry, dict)]
            if len(listed) < _A_PAGE:
                break
        recent.put(_KIND, place, found)
        known = found
    return tuple(_read(entry) for entry in known) if isinstance(known, list) else ()


def release(http: Http, access: GitHubAccess, origin: Origin, tag: str, *, recent: Recent) -> GitHubRelease | None:
    """The release of one tag, None where the tag has none; from `recent` where it has it. Raises UnreachableError."""
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


def _place(access: GitHubAccess, origin: Origin) -> str:
    return f"{access.url.rstrip('/')}/repos/{quote(origin.name.partition('/')[2])}/releases"


def _ask(http: Http, access: GitHubAccess, url: str) -> object:
    answer = http.call("GET", url, headers=access.headers, limit=_LARGEST)
    error = refusal(redact(answer.url), answer.status, "")
    if error is not None:
        raise error
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as exc:
        raise _nonsense(url) from exc


def _needed(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What is read of a release; the notes of hundreds of releases are megabytes."""
    assets = entry.get("assets")
    named = [str(one.get("name")) for one in (assets if isinstance(assets, list) else ()) if isinstance(one, dict)]
    keys = ("tag_name", "draft", "prerelease", "published_at", "html_url")
    return {**{key: entry.get(key) for key in keys}, "files": named[:_MOST_FILES]}


def _read(entry: Mapping[str, Any]) -> GitHubRelease:
    return GitHubRelease(
        tag=str(entry.get("tag_name") or ""),
        draft=entry.get("draft") is True,
        prerelease=entry.get("prerelease") is True,
        published=date_of(entry.get("published_at")),
        page=str(entry.get("html_url") or ""),
        files=tuple(entry.get("files") or ()),
    )


def _nonsense(url: str) -> UnreachableError:
    return UnreachableError(f"{redact(url)} answered something else than GitHub's releases")
