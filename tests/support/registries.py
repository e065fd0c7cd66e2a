"""A registry that serves a few pages."""

import json
from collections.abc import Mapping

from dirac_forge.upstream.sources.offers import Offers
from support.server import Answer, Asked, Server

__all__ = ["said", "serving"]


def serving(pages: Mapping[str, object]) -> Server:
    """Return a server with these pages, by path; what is not text is sent as JSON."""

    def answer(asked: Asked) -> Answer:
        page = pages.get(asked.path)
        if page is None:
            return Answer(status=404)
        return Answer(body=page.encode() if isinstance(page, str) else json.dumps(page).encode())

    return Server(answer)


def said(offers: Offers) -> dict[str, tuple[str, bool]]:
    """Return the objection and whether it is a pre-release, by version."""
    return {str(offer.version): (offer.objection, offer.prerelease) for offer in offers.offers}
