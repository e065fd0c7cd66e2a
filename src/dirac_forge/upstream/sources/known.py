"""The sources of releases that are known; a new one is added to `SOURCES`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dirac_forge.upstream.sources.bitbucket import Bitbucket
from dirac_forge.upstream.sources.cran import Cran
from dirac_forge.upstream.sources.crates import Crates
from dirac_forge.upstream.sources.files import Files
from dirac_forge.upstream.sources.git import CHECKOUTS, GitHost, Tags, web_address
from dirac_forge.upstream.sources.gitea import Gitea
from dirac_forge.upstream.sources.github import GitHubReleases
from dirac_forge.upstream.sources.gitlab import GitLab
from dirac_forge.upstream.sources.npm import Npm
from dirac_forge.upstream.sources.origins import Origin, SourceUrl
from dirac_forge.upstream.sources.pypi import Pypi
from dirac_forge.upstream.sources.source import ReleaseSource

SOURCES: tuple[ReleaseSource, ...] = (
    Pypi(),
    Npm(),
    Crates(),
    Cran(),
    GitHubReleases(),
    Bitbucket(),
    Gitea(),
    GitLab(),
    Tags(),
    Files(),
)
"""In the order in which they are tried for a URL, and asked for versions."""

BY_NAME: Mapping[str, ReleaseSource] = {source.name: source for source in SOURCES}


def origin_of(url: str, version: str) -> Origin | None:
    """Return where the file at `url` comes from; None if it has nothing to do with the recipe's `version`."""
    parts = SourceUrl.parse(url)
    if parts is None:
        return None
    return next(source for source in SOURCES if source.recognises(parts)).origin(parts, version)


def git_origin(url: str, rev: str, version: str) -> Origin | None:
    """Return where a source that git checks out comes from; None for local folders and for other versions.

    `git://` and `git@host:` are read as https: there is no prompt for a password or a key.
    """
    web = web_address(url)
    if web is None:
        return None
    hosts = (source for source in SOURCES if isinstance(source, GitHost))
    host = next((host for host in hosts if host.hosts(web.host)), CHECKOUTS)
    return host.checkout(web, url, rev, version)


def ways_of(origin: Origin, allowed: Sequence[str] | None) -> tuple[str, ...]:
    """Return the sources to ask for an origin, in order; `allowed` are those that conda-forge.yml names, if it does."""
    named: Sequence[str | None] = (None,) if allowed is None else allowed
    ways = (source.name for name in named for source in SOURCES if source.serves(origin, name))
    return tuple(dict.fromkeys(ways))
