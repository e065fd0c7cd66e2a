"""Registries beside PyPI: CRAN, npm and crates.io, their answers read into offers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from dirac_forge.errors import redact
from dirac_forge.http import Http, Page, UnreachableError
from dirac_forge.upstream.sources.offers import Offer, Offers, date_of
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.tags import HostVersion, read_version

__all__ = ["cran", "crates", "npm"]

_LARGEST = 64 * 1024**2
"""Bytes; npm's largest documents have some 30 MB."""
_LARGEST_DESCRIPTION = 200_000


def npm(http: Http, origin: Origin) -> Offers:
    """What npm has: deprecated versions with the reason, and which one is `latest`.

    Raises NotFoundError and UnreachableError.
    """
    page = http.page(f"{_root(origin)}/{quote(origin.name, safe='@/')}", limit=_LARGEST)
    document = _json(page)
    times, tags = _mapping(document.get("time")), _mapping(document.get("dist-tags"))
    latest = _semver(tags.get("latest"))
    offers, unread = [], []
    for text, about in _mapping(document.get("versions")).items():
        version = _semver(text)
        if version is None:
            unread.append(f"{text} is no version that can be ordered")
            continue
        deprecated = about.get("deprecated") if isinstance(about, dict) else None
        objection = f"deprecated ({deprecated})" if deprecated else ""
        if not objection and latest is not None and version > latest:
            objection = f"newer than what npm calls latest ({latest})"
        offers.append(
            Offer(
                version=version,
                released=date_of(times.get(text)),
                objection=objection,
                prerelease="-" in text,
                page=f"https://www.npmjs.com/package/{origin.name}/v/{text}",
            )
        )
    return Offers(origin=origin, offers=tuple(offers), unread=tuple(unread))


def crates(http: Http, origin: Origin, *, index: str = "https://index.crates.io") -> Offers:
    """What crates.io's sparse index has, yanked versions marked. Raises NotFoundError and UnreachableError.

    https://doc.rust-lang.org/cargo/reference/registry-index.html#index-files
    """
    name = origin.name.lower()
    folder = str(len(name)) if len(name) < 3 else f"3/{name[0]}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}"
    page = http.page(f"{index.rstrip('/')}/{folder}/{quote(name)}", limit=_LARGEST)
    offers, unread = [], []
    for line in page.body.decode("utf-8", "replace").splitlines():
        if not line.strip():
            continue
        try:
            about = _mapping(json.loads(line))
        except (ValueError, RecursionError) as exc:
            raise _nonsense(page, "a line that is no JSON") from exc
        text = str(about.get("vers"))
        version = _semver(text)
        if version is None:
            unread.append(f"{text} is no version that can be ordered")
            continue
        offers.append(
            Offer(
                version=version,
                released=date_of(about.get("pubtime")),
                objection="yanked" if about.get("yanked") is True else "",
                prerelease="-" in text,
                page=f"https://crates.io/crates/{origin.name}/{text}",
            )
        )
    return Offers(origin=origin, offers=tuple(offers), unread=tuple(unread))


def cran(http: Http, origin: Origin, *, database: str = "https://crandb.r-pkg.org") -> Offers:
    """What CRAN has: all versions with their dates as crandb lists them, else only the one that is current.

    Raises NotFoundError and UnreachableError.
    """
    try:
        page = http.page(f"{database.rstrip('/')}/{quote(origin.name)}/all", limit=_LARGEST)
        document = _json(page)
    except UnreachableError as error:
        return _current(http, origin, error)
    offers, unread = [], []
    archived = "archived: it is no longer on CRAN" if document.get("archived") is True else ""
    for text, date in _mapping(document.get("timeline")).items():
        if text == "archived":
            continue
        version = read_version(text.replace("-", "_"))
        if version is None:
            unread.append(f"{text} is no version that can be ordered")
        else:
            offers.append(Offer(version=version, released=date_of(date), objection=archived, page=_cran_page(origin)))
    return Offers(origin=origin, offers=tuple(offers), unread=tuple(unread))


def _current(http: Http, origin: Origin, error: UnreachableError) -> Offers:
    """What CRAN itself says of a package.

    https://cran.r-project.org/doc/manuals/R-exts.html#The-DESCRIPTION-file
    """
    root = origin.url.partition("/src/contrib/")[0]
    page = http.page(f"{root}/web/packages/{quote(origin.name)}/DESCRIPTION", limit=_LARGEST_DESCRIPTION)
    fields = dict(re.findall(r"^([A-Za-z/]+):[ \t]*(.*?)[ \t]*$", page.body.decode("utf-8", "replace"), re.MULTILINE))
    version = read_version(fields.get("Version", "").replace("-", "_"))
    if version is None or fields.get("Package") != origin.name:
        raise _nonsense(page, f"no DESCRIPTION of {origin.name}") from error
    released = date_of(fields.get("Date/Publication", "").removesuffix(" UTC"))
    offer = Offer(version=version, released=released, page=_cran_page(origin))
    return Offers(origin=origin, offers=(offer,), notes=(f"only CRAN's current version was seen: {error.message}",))


def _cran_page(origin: Origin) -> str:
    return f"https://cran.r-project.org/package={origin.name}"


def _root(origin: Origin) -> str:
    parts = urlsplit(origin.url)
    return f"{parts.scheme}://{parts.netloc}"


def _semver(text: object) -> HostVersion | None:
    """A version of npm or crates.io: `1.2.3`, `1.2.3-beta.1`; what follows `+` says nothing."""
    if not isinstance(text, str):
        return None
    return read_version(re.sub(r"-(alpha|beta|rc|pre|dev)\.?(\d+)$", r"-\1\2", text.partition("+")[0]))


def _json(page: Page) -> Mapping[str, Any]:
    try:
        document = json.loads(page.body)
    except (ValueError, RecursionError) as exc:
        raise _nonsense(page, "no JSON") from exc
    if not isinstance(document, dict):
        raise _nonsense(page, "JSON that is no mapping")
    return document


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _nonsense(page: Page, what: str) -> UnreachableError:
    return UnreachableError(f"{redact(page.url)} answered {what}, not what a registry says of a project")
