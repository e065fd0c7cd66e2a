"""Gitea and Forgejo, Codeberg among them; their archives are at the same paths as GitHub's."""

from __future__ import annotations

import re

from dirac_forge.upstream.sources.git import GitHost
from dirac_forge.upstream.sources.github import ARCHIVES

_HOSTS = re.compile(r"codeberg\.org|notabug\.org|gitea\..+|forgejo\..+|.+\.gitea\.io")


class Gitea(GitHost):
    """A Gitea or Forgejo server."""

    name = "gitea"
    patterns = ARCHIVES
    release_path = "/releases/tag/{tag}"
    compare_path = "/compare/{old}...{new}"

    def hosts(self, host: str) -> bool:
        """Return whether the server is called so."""
        return _HOSTS.fullmatch(host) is not None
