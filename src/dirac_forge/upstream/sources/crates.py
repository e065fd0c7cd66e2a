"""crates.io: https://doc.rust-lang.org/cargo/reference/registry-index.html#index-files."""

from __future__ import annotations

import re
from urllib.parse import quote

from dirac_forge.http import Http
from dirac_forge.untrusted import parse_json, parse_time
from dirac_forge.upstream.sources.offers import Offer, Offers, UnreadTag
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.registry import LARGEST, Registry, mapping, nonsense, semver
from dirac_forge.upstream.sources.source import SourceAccess, SourceQuery
from dirac_forge.upstream.sources.tag_reasons import UnorderedName


class Crates(Registry):
    """crates.io, by its sparse index."""

    name = "cratesio"
    index = "crates.io"
    pattern = re.compile(r"\A(?:/api/v1)?/crates/(?P<name>[\w-]+)/(?:[^/]+/download|[^/]+\.crate)\Z")

    def is_host(self, host: str) -> bool:
        """Return whether it is crates.io or a part of it."""
        return host.endswith("crates.io")

    def offers(self, query: SourceQuery, access: SourceAccess) -> Offers:
        """Return all versions."""
        return crates(access.http, query.origin)


def crates(http: Http, origin: Origin, *, index: str = "https://index.crates.io") -> Offers:
    """Return what crates.io's sparse index has, yanked versions marked. Raises NotFoundError and UnreachableError.

    https://doc.rust-lang.org/cargo/reference/registry-index.html#index-files
    """
    name = origin.name.lower()
    folder = str(len(name)) if len(name) < 3 else f"3/{name[0]}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}"
    page = http.page(f"{index.rstrip('/')}/{folder}/{quote(name)}", limit=LARGEST)
    offers, unread = [], []
    for line in page.body.decode("utf-8", "replace").splitlines():
        if not line.strip():
            continue
        try:
            about = mapping(parse_json(line))
        except (ValueError, RecursionError) as exc:
            raise nonsense(page, "a line that is not JSON") from exc
        text = str(about.get("vers"))
        version = semver(text)
        if version is None:
            unread.append(UnreadTag(reason=UnorderedName(text=text)))
            continue
        offers.append(
            Offer(
                version=version,
                released=parse_time(about.get("pubtime")),
                objection="yanked" if about.get("yanked") is True else "",
                prerelease="-" in text,
                page=f"https://crates.io/crates/{origin.name}/{text}",
            )
        )
    return Offers(origin=origin, offers=tuple(offers), unread=tuple(unread))
