"""GitLab, which is hosted under any name; its paths are its own."""

from __future__ import annotations

from dirac_forge.upstream.sources.git import ARCHIVE, GitHost
from dirac_forge.upstream.sources.origins import SourceUrl

_REPOSITORY = r"/(?P<repo>(?:[\w.-]+/)+[\w.-]+)"


class GitLab(GitHost):
    """A GitLab server."""

    name = "gitlab"
    patterns = (
        rf"{_REPOSITORY}/-/archive/(?P<tag>[^/]+)/[^/]+\.{ARCHIVE}",
        rf"{_REPOSITORY}/-/archive/(?P<tag>[^/]+)\.{ARCHIVE}",
        rf"{_REPOSITORY}/-/(?:raw|releases)/(?:refs/tags/)?(?P<tag>[^/]+)/.+",
        rf"{_REPOSITORY}/repository/(?P<tag>[^/]+)/archive\.{ARCHIVE}",
    )
    release_path = "/-/tags/{tag}"
    compare_path = "/-/compare/{old}...{new}"

    def hosts(self, host: str) -> bool:
        """Return whether the server is called so."""
        return host.startswith("gitlab.")

    def paths(self, url: SourceUrl) -> tuple[str, ...]:
        """Return those of GitLab, also for servers of other names where the path is GitLab's."""
        return self.patterns if "/-/" in url.path or self.hosts(url.host) else ()

    def clone_url(self, page: str) -> str:
        """Return where git finds a repository without a redirect."""
        return f"{page}.git"
