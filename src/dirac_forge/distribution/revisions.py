"""The file of a distribution as a git revision has it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from dirac_forge.errors import InputError
from dirac_forge.git import GitError, MissingRefError, own_git
from dirac_forge.untrusted import time_from
from dirac_forge.values import dataclass

_MAX_FILE = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class CommittedFile:
    """A file at a revision."""

    content: bytes
    moment: datetime
    """The date of the commit."""


def committed(path: Path, revision: str) -> CommittedFile:
    """Return `path` (in a work tree) as `revision` has it.

    Raises:
        InputError: there is no repository, no such revision, or no such file in it.
    """
    folder = path.parent
    try:
        date = _git(folder, "show", "--no-patch", "--format=%cI", "--end-of-options", f"{revision}^{{commit}}")
        content = _git(folder, "cat-file", "blob", "--end-of-options", f"{revision}:./{path.name}")
    except (GitError, MissingRefError) as error:
        raise InputError(f"{revision}: neither a file nor a git revision that has {path}", hint=_hint(path)) from error
    return CommittedFile(content=content, moment=time_from(date.decode().strip()))


def _hint(path: Path) -> str:
    try:
        _git(path.parent, "rev-parse", "--git-dir")
    except (GitError, MissingRefError):
        return f"{path.parent.absolute()} is not in a git repository: give a lock, an installed prefix, or `today`."
    return "`git log --oneline` lists the revisions; --file names the distribution's file."


def _git(folder: Path, *arguments: str) -> bytes:
    return own_git(*arguments, about=arguments[-1], folder=folder, limit=_MAX_FILE)
