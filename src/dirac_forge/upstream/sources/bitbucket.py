"""Bitbucket: archives named after tags, and downloads, whose names alone have the version."""

from __future__ import annotations

from dirac_forge.upstream.sources.git import ARCHIVE, REPOSITORY, GitHost


class Bitbucket(GitHost):
    """bitbucket.org."""

    name = "bitbucket"
    patterns = (
        rf"/(?P<repo>{REPOSITORY})/get/(?P<tag>.+)\.{ARCHIVE}",
        rf"/(?P<repo>{REPOSITORY})/downloads/[^/]+",
    )
    compare_path = "/branches/compare/{new}%0D{old}"

    def hosts(self, host: str) -> bool:
        """Return whether it is bitbucket.org."""
        return host == "bitbucket.org"
