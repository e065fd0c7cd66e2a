"""Upstream's notes on a bump's release: the changelog of the sdist, else GitHub's release notes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import quote, unquote

from dirac_forge.bump.changelog import Changelog, changelog_in, shortened
from dirac_forge.bump.proposal import Bump
from dirac_forge.errors import ForgeError
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.sources.github import release_notes

_RELEASE = re.compile(r"/(?P<name>[\w.-]+/[\w.-]+)/releases/tag/(?P<tag>[^/?#]+)")
_COMPARE = re.compile(r"/(?P<name>[\w.-]+/[\w.-]+)/compare/[^?#]*?\.\.\.(?P<tag>[^?#]+)")


def changelog_of(context: ProposalContext, bump: Bump, texts: Mapping[str, str]) -> Changelog | None:
    """Return what upstream says of the versions of a bump; None if it says nothing or can't be asked.

    `texts` are files of the release's sdists, below the name of their project.
    """
    plain = {path.partition("/")[2]: text for path, text in texts.items()}
    found = changelog_in(plain, old=bump.old_release, new=bump.new_release)
    if found is not None or context.settings.offline:
        return found
    for link in bump.links:
        parts = split_url(link.url)
        match = _RELEASE.fullmatch(parts.path) or _COMPARE.fullmatch(parts.path)
        if parts.hostname not in {"github.com", "www.github.com"} or match is None:
            continue
        with suppress(ForgeError):
            notes = release_notes(context.http, context.github, match["name"], unquote(match["tag"]))
            if notes.strip():
                page = f"https://github.com/{match['name']}/releases/tag/{quote(unquote(match['tag']), safe='')}"
                return shortened(notes, source=page)
    return None
