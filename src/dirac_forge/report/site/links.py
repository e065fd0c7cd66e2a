"""File names of pages, and URLs that a page may link to."""

from __future__ import annotations

import hashlib
import re

from dirac_forge.errors import redact
from dirac_forge.untrusted import split_url, visible

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}")
_OTHER = re.compile(r"[^a-z0-9._-]+")
_DIGITS = 8


def slug(name: str) -> str:
    """Return a name for a file: the name itself where that is safe on every system, else a readable form and a hash."""
    # Names that Windows or a web server treats in a special way (`con`, `index`) get a hash too.
    if _PLAIN.fullmatch(name) and name not in {"index", "con", "prn", "aux", "nul"}:
        return name
    readable = _OTHER.sub("-", name.lower()).strip("-._")[:60]
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
    return f"{readable}-{digest}" if readable else digest


def web_url(text: object) -> str:
    """Return a foreign text if it is a URL with http or https and a host, without credentials; else ""."""
    if not isinstance(text, str):
        return ""
    url = redact(text)
    parts = split_url(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or visible(url) != url or " " in url:
        return ""
    return url
