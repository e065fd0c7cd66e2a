"""Files on plain web servers: what index pages list, else what is found by trying."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from packaging.version import Version

from dirac_forge.upstream.sources.listings import folder_offers
from dirac_forge.upstream.sources.offers import Offers
from dirac_forge.upstream.sources.origins import Origin, SourceUrl
from dirac_forge.upstream.sources.probes import Probes
from dirac_forge.upstream.sources.source import ReleaseSource, SourceAccess, SourceQuery
from dirac_forge.upstream.sources.tags import read_version, spelled_in

_MOST_CHECKED = 5
"""Versions whose files are looked for where only folders named after them were seen."""


class Files(ReleaseSource):
    """Files on any web server; the last resort."""

    name = "url"

    def recognises(self, url: SourceUrl) -> bool:
        """Return true: any file on the web is one."""
        return True

    def origin(self, url: SourceUrl, version: str) -> Origin | None:
        """Return the host; None if the path does not have the version."""
        return Origin(kind=self.name, name=url.host, url=url.text) if spelled_in(url.path, version) else None

    def serves(self, origin: Origin, allowed: str | None) -> bool:
        """Return whether the origin is a file on the web; conda-forge.yml may ask so for every one."""
        if allowed is None:
            return origin.kind == self.name
        named = allowed in {"rawurl", "incrementalpharawurl"}
        return named and not origin.commit and SourceUrl.parse(origin.url) is not None

    def offers(self, query: SourceQuery, access: SourceAccess) -> Offers:
        """Return what index pages list, else what is found by trying."""
        probes = Probes(access.http, query.urls)
        current = read_version(query.version)
        listed = folder_offers(access.http, query.origin.url, query.version)
        newer = [offer for offer in listed.offers if current is None or offer.version > current]
        if not listed.offers or (not newer and all(offer.version != current for offer in listed.offers)):
            tried, notes = probes.offers(query.version)
            return Offers(origin=query.origin, offers=tried, notes=notes, tried=True)
        offers = Offers(origin=query.origin, offers=listed.offers)
        return offers if listed.complete else _checked(offers, [offer.version for offer in newer], probes)


def _checked(offers: Offers, versions: Iterable[Version], probes: Probes) -> Offers:
    """Return the same, with what is missing of the newest versions of which only a folder was seen."""
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
