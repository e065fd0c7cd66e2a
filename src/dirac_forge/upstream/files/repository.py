"""Single files of a project's repository at the tag of a release, over plain HTTPS."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from dirac_forge.http import Http, NotFoundError, TooLargeError
from dirac_forge.values import dataclass

LARGEST_LICENCE = 500_000
"""Bytes."""
NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "COPYING", "LICENCE")

_GITHUB = re.compile(r"https?://(?:www\.)?github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?(?:[?#/].*)?$")
_GITLAB = re.compile(r"(https?://gitlab\.[\w.-]+)/((?:[\w.-]+/)+[\w.-]+?)(?:\.git)?/?(?:[?#].*|/-/.*)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryFile:
    """A file at a tag, with the hash of the bytes that were read."""

    url: str
    name: str
    sha256: str
    text: str


def licence_file(http: Http, repository: str, version: str, *, names: Iterable[str] = ()) -> RepositoryFile | None:
    """Return the licence file of `repository` (a GitHub or GitLab URL) at the tag of `version`; None if there is
    none.

    `names` are tried before the customary ones. Raises UnreachableError if the host could not be asked.
    """
    wanted = [name for name in dict.fromkeys((*names, *NAMES)) if re.fullmatch(r"[\w.-]+", name)]
    for name in wanted:
        for url in _urls(repository, version, name):
            try:
                page = http.page(url, limit=LARGEST_LICENCE)
            except (NotFoundError, TooLargeError):
                continue
            if page.headers.get("content-type", "").startswith("text/html"):
                continue  # a log-in page, not the file
            digest = hashlib.sha256(page.body).hexdigest()
            return RepositoryFile(url=url, name=name, sha256=digest, text=page.body.decode("utf-8", "replace"))
    return None


def _urls(repository: str, version: str, name: str) -> Iterator[str]:
    for tag in (f"v{version}", version):
        if match := _GITHUB.match(repository):
            yield f"https://raw.githubusercontent.com/{match[1]}/{match[2]}/refs/tags/{quote(tag)}/{name}"
        elif match := _GITLAB.match(repository):
            yield f"{match[1]}/{match[2]}/-/raw/{quote(tag)}/{name}"
