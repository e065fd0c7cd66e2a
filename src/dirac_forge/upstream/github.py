"""Releases on GitHub, which say more than tags: drafts, pre-releases, dates, and the files that belong to each.

https://docs.github.com/en/rest/releases/releases
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from dirac_forge.errors import redact
from dirac_forge.http import Http, NotFoundError, Page, UnreachableError
from dirac_forge.upstream.offers import GitHubRelease, date_of
from dirac_forge.upstream.origins import Origin

__all__ = ["GitHubAccess", "release", "releases"]

_LARGEST = 32 * 1024**2
_ACCEPT = "application/vnd.github+json"
_A_PAGE = 100
_MOST_PAGES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubAccess:
    """Where GitHub's API is, and with which token it is asked."""

    url: str = "https://api.github.com"
    token: str = field(default="", repr=False)

    def place(self, path: str) -> str:
        """A URL of the API, the token in it; `Http` takes it out and never shows it."""
        parts = urlsplit(self.url.rstrip("/"))
        # A token is a password for any user: https://docs.github.com/en/rest/authentication
        who = f"x-access-token:{quote(self.token, safe='')}@" if self.token else ""
        return urlunsplit((parts.scheme, f"{who}{parts.netloc}", f"{parts.path}/{path}", "", ""))


def releases(http: Http, access: GitHubAccess, origin: Origin) -> tuple[GitHubRelease, ...]:
    """The newest releases of a repository, at most 300.

    Raises NotFoundError where there is no such repository, and UnreachableError, also where the limit on requests is
    reached.
    """
    found: list[GitHubRelease] = []
    for number in range(1, _MOST_PAGES + 1):
        place = access.place(f"repos/{_repository(origin)}/releases")
        page = http.page(f"{place}?per_page={_A_PAGE}&page={number}", accept=_ACCEPT, limit=_LARGEST)
        listed = _json(page)
        if not isinstance(listed, list):
            raise _nonsense(page)
        found += [_read(entry) for entry in listed if isinstance(entry, dict)]
        if len(listed) < _A_PAGE:
            break
    return tuple(found)


def release(http: Http, access: GitHubAccess, origin: Origin, tag: str) -> GitHubRelease | None:
    """The release of one tag; None where the tag has none. Raises UnreachableError."""
    try:
        page = http.page(
            access.place(f"repos/{_repository(origin)}/releases/tags/{quote(tag, safe='')}"),
            accept=_ACCEPT,
            limit=_LARGEST,
        )
    except NotFoundError:
        return None
    entry = _json(page)
    if not isinstance(entry, dict):
        raise _nonsense(page)
    return _read(entry)


def _repository(origin: Origin) -> str:
    return quote(origin.name.partition("/")[2])


def _read(entry: Mapping[str, Any]) -> GitHubRelease:
    assets = entry.get("assets")
    return GitHubRelease(
        tag=str(entry.get("tag_name") or ""),
        draft=entry.get("draft") is True,
        prerelease=entry.get("prerelease") is True,
        published=date_of(entry.get("published_at")),
        page=str(entry.get("html_url") or ""),
        files=tuple(
            str(asset.get("name")) for asset in (assets if isinstance(assets, list) else ()) if isinstance(asset, dict)
        ),
    )


def _json(page: Page) -> object:
    try:
        return json.loads(page.body)
    except (ValueError, RecursionError) as exc:
        raise _nonsense(page) from exc


def _nonsense(page: Page) -> UnreachableError:
    return UnreachableError(f"{redact(page.url)} answered something else than GitHub's releases")
