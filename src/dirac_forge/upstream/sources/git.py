"""The tags of a repository that a recipe names, asked for with git."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from dirac_forge.errors import InputError, redact
from dirac_forge.git import own_git

__all__ = ["parse_refs", "remote_tags"]

_TIMEOUT = 30.0
"""Seconds."""
_LARGEST = 64_000_000
"""Bytes of a listing: the tags of the largest repositories take some 10 MB."""
_WEB = (
    *("-c", "protocol.allow=never"),
    *("-c", "protocol.https.allow=always"),
    *("-c", "protocol.http.allow=always"),
)
"""Nothing but the web is asked, whatever the URL or a redirect says."""
_REF = re.compile(r"([0-9a-f]{40,64})\trefs/tags/(\S+)")


def remote_tags(url: str, *, timeout: float = _TIMEOUT) -> Mapping[str, str]:
    """The tags of the repository at an http or https URL, each with the commit that it stands for.

    An annotated tag stands for the commit that it was made for (`^{}`), not for its own object. Raises as `own_git`
    does, InputError for any other URL: it comes out of a recipe.
    """
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise InputError(f"{redact(url)}: only repositories on the web (http, https) are asked for tags")
    asked = ("ls-remote", "--tags", "--", url)
    return parse_refs(own_git(*_WEB, *asked, about=url, timeout=timeout, limit=_LARGEST))


def parse_refs(listing: bytes) -> dict[str, str]:
    """Tag to commit, out of what `git ls-remote` writes."""
    tags: dict[str, str] = {}
    for line in listing.decode(errors="replace").splitlines():
        match = _REF.fullmatch(line)
        if match is None:
            continue
        name = match[2].removesuffix("^{}")
        # The peeled line comes after the tag's own.
        if name != match[2] or name not in tags:
            tags[name] = match[1]
    return tags
