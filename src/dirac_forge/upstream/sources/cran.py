"""CRAN, by crandb, else by its own pages."""

from __future__ import annotations

import re
from urllib.parse import quote

from dirac_forge.http import Http, UnreachableError
from dirac_forge.untrusted import parse_time
from dirac_forge.upstream.sources.offers import Offer, Offers, UnreadTag
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.registry import LARGEST, Registry, json_of, mapping, nonsense
from dirac_forge.upstream.sources.source import SourceAccess, SourceQuery
from dirac_forge.upstream.sources.tag_reasons import UnorderedName
from dirac_forge.upstream.sources.tags import read_version

_DESCRIPTION = 200_000
"""Bytes of a DESCRIPTION."""


class Cran(Registry):
    """CRAN; its mirrors may have any name."""

    name = "cran"
    index = "CRAN"
    pattern = re.compile(r"/src/contrib/(?:Archive/[\w.]+/)?(?P<name>[A-Za-z][\w.]*)_(?P<version>[\d.-]+)\.tar\.gz")

    def offers(self, query: SourceQuery, access: SourceAccess) -> Offers:
        """Return all versions, or the current one where crandb does not answer."""
        return cran(access.http, query.origin)


def cran(http: Http, origin: Origin, *, database: str = "https://crandb.r-pkg.org") -> Offers:
    """Return what CRAN has: all versions with their dates as crandb lists them, else only the one that is current.

    Raises NotFoundError and UnreachableError.
    """
    try:
        page = http.page(f"{database.rstrip('/')}/{quote(origin.name)}/all", limit=LARGEST)
        document = json_of(page)
    except UnreachableError as error:
        return _current(http, origin, error)
    offers, unread = [], []
    archived = "archived: it is no longer on CRAN" if document.get("archived") is True else ""
    for text, date in mapping(document.get("timeline")).items():
        if text == "archived":
            continue
        version = read_version(text.replace("-", "_"))
        if version is None:
            unread.append(UnreadTag(reason=UnorderedName(text=text)))
        else:
            offers.append(
                Offer(version=version, released=parse_time(date), objection=archived, page=_cran_page(origin))
            )
    return Offers(origin=origin, offers=tuple(offers), unread=tuple(unread))


def _current(http: Http, origin: Origin, error: UnreachableError) -> Offers:
    """Return what CRAN itself says of a package.

    https://cran.r-project.org/doc/manuals/R-exts.html#The-DESCRIPTION-file
    """
    root = origin.url.partition("/src/contrib/")[0]
    page = http.page(f"{root}/web/packages/{quote(origin.name)}/DESCRIPTION", limit=_DESCRIPTION)
    fields = dict(re.findall(r"^([A-Za-z/]+):[ \t]*(.*?)[ \t]*$", page.body.decode("utf-8", "replace"), re.MULTILINE))
    version = read_version(fields.get("Version", "").replace("-", "_"))
    if version is None or fields.get("Package") != origin.name:
        raise nonsense(page, f"no DESCRIPTION of {origin.name}") from error
    released = parse_time(fields.get("Date/Publication", "").removesuffix(" UTC"))
    offer = Offer(version=version, released=released, page=_cran_page(origin))
    note = f"only CRAN's current version was seen: {error.message}"
    return Offers(origin=origin, offers=(offer,), notes=(note,), partial=True)


def _cran_page(origin: Origin) -> str:
    return f"https://cran.r-project.org/package={origin.name}"
