"""Feedstocks' repositories, read through git: which commit a branch has, and the files that a workspace keeps."""

from __future__ import annotations

import re
import tempfile

from dirac_forge.errors import InputError, redact
from dirac_forge.git import GitError, MissingRefError, git, place_of
from dirac_forge.values import dataclass

__all__ = ["GitError", "MissingRefError", "Repository", "RepositoryTree", "safe_name"]

_MAX_FILE = 4_000_000
_MAX_FILES = 600
_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-/]*")
# What a workspace keeps of a feedstock; scripts and patches stay where they are.
_KEPT = re.compile(
    r"conda-forge\.yml|recipe/(meta|recipe|conda_build_config|variants)\.yaml|\.ci_support/(migrations/)?[\w.+-]+\.ya?ml"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryTree:
    """The files of one commit."""

    commit: str
    files: dict[str, bytes]
    """Path to content."""


def safe_name(name: str) -> str:
    """Return `name` where it is a feedstock's; raises InputError for what could be an option or leave the folder."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise InputError(f"{name!r} is not the name of a feedstock")
    return name


@dataclass(frozen=True)
class Repository:
    """A repository by URL or path; the folder of a bare repository may end in `.git` or not."""

    url: str

    def commit(self, branch: str) -> str:
        """Return the commit of a branch ("" for the default one).

        Raises MissingError if there is none, UnknownError if the host can't be reached, GitError else.
        """
        if branch and not _BRANCH.fullmatch(branch):
            raise InputError(f"{branch!r} is not the name of a branch")
        wanted = f"refs/heads/{branch}" if branch else "HEAD"
        for line in self._git("ls-remote", "--", place_of(self.url), wanted).decode().splitlines():
            commit, _, ref = line.partition("\t")
            if ref == wanted:
                return commit
        raise MissingRefError(f"{redact(self.url)}: there is no branch {branch or 'at all'}")

    def tree(self, branch: str) -> RepositoryTree:
        """Return the files of a branch's newest commit that a workspace keeps. Raises as `commit` does."""
        with tempfile.TemporaryDirectory(prefix="dirac-forge-") as folder:
            only = ("--branch", branch) if branch else ()
            options = ("--quiet", "--bare", "--depth", "1", "--single-branch", "--no-tags", *only)
            self._git("clone", *options, "--", place_of(self.url), folder)
            commit = self._git("-C", folder, "rev-parse", "HEAD").decode().strip()
            return RepositoryTree(commit=commit, files=self._files(folder))

    def _files(self, folder: str) -> dict[str, bytes]:
        listing = self._git("-C", folder, "ls-tree", "-r", "-z", "-l", "HEAD").decode(errors="replace")
        found: dict[str, bytes] = {}
        for line in listing.split("\0"):
            about, _, path = line.partition("\t")
            parts = about.split()
            # Only plain files: a symbolic link (120000) could point anywhere.
            if path == "conda-forge.yml" and parts[:1] == ["120000"]:
                raise InputError(f"{redact(self.url)}: conda-forge.yml is a symbolic link, which is not read")
            if len(parts) != 4 or parts[0] not in {"100644", "100755"} or not _KEPT.fullmatch(path):
                continue
            if int(parts[3]) > _MAX_FILE or len(found) >= _MAX_FILES:
                raise InputError(f"{redact(self.url)}: {path} exceeds the size limit for a file of a feedstock")
            found[path] = self._git("-C", folder, "cat-file", "blob", parts[2])
        return found

    def _git(self, *arguments: str) -> bytes:
        return git(*arguments, about=self.url)
