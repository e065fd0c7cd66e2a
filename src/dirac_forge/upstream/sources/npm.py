"""npm's registry: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md."""

from __future__ import annotations

import re
from urllib.parse import quote

from dirac_forge.http import Http
from dirac_forge.untrusted import parse_time
from dirac_forge.upstream.sources.offers import Offer, Offers, UnreadTag
from dirac_forge.upstream.sources.origins import Origin, SourceUrl
from dirac_forge.upstream.sources.registry import LARGEST, Registry, json_of, mapping, semver
from dirac_forge.upstream.sources.source import SourceAccess, SourceQuery
from dirac_forge.upstream.sources.tag_reasons import UnorderedName


class Npm(Registry):
    """npm's registry."""

    name = "npm"
    index = "npm"
    pattern = re.compile(r"\A/(?P<name>(?:@[\w.~-]+/)?[\w.~-]+)/-/[^/]+\.tgz\Z")

    def is_host(self, host: str) -> bool:
        """Return whether it is npm's or yarn's."""
        return host in {"registry.npmjs.org", "registry.yarnpkg.com"}

    def offers(self, query: SourceQuery, access: SourceAccess) -> Offers:
        """Return all versions."""
        return npm(access.http, query.origin)


def npm(http: Http, origin: Origin) -> Offers:
    """Return what npm has: deprecated versions with the reason, and which one is `latest`.

    Raises NotFoundError and UnreachableError.
    """
    page = http.page(f"{_root(origin.url)}/{quote(origin.name, safe='@/')}", limit=LARGEST)
    document = json_of(page)
    times, tags = mapping(document.get("time")), mapping(document.get("dist-tags"))
    latest = semver(tags.get("latest"))
    offers, unread = [], []
    for text, about in mapping(document.get("versions")).items():
        version = semver(text)
        if version is None:
            unread.append(UnreadTag(reason=UnorderedName(text=text)))
            continue
        deprecated = about.get("deprecated") if isinstance(about, dict) else None
        objection = f"deprecated ({deprecated})" if deprecated else ""
        if not objection and latest is not None and version > latest:
            objection = f"newer than what npm calls latest ({latest})"
        offers.append(
            Offer(
                version=version,
                released=parse_time(times.get(text)),
                objection=objection,
                prerelease="-" in text,
                page=f"https://www.npmjs.com/package/{origin.name}/v/{text}",
            )
        )
    return Offers(origin=origin, offers=tuple(offers), unread=tuple(unread))


def _root(url: str) -> str:
    parts = SourceUrl.parse(url)
    return f"{parts.scheme}://{parts.netloc}" if parts is not None else ""
