"""The feedstocks of a workspace as git repositories, for a run that can't reach the real ones."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.repositories import safe_name
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.git import own_git
from dirac_forge.pullrequest.branches import safe_branch
from dirac_forge.pullrequest.trees import Author

_AUTHOR = Author(name="dirac-forge", email="dirac-forge@users.noreply.github.com")
_WHEN = datetime(2000, 1, 1, tzinfo=UTC)
"""Always the same, so that the same files are the same commit, and a second run changes nothing."""


def write_copies(folders: Iterable[FeedstockFolder], place: Path) -> list[tuple[str, str]]:
    """Write a bare repository `place/<name>-feedstock` for each feedstock, with a branch for each release line.

    Returns feedstock and branch of each; those whose files can't be read are left out. Raises GitError.
    """
    written = []
    for folder in folders:
        try:
            texts = dict(folder.texts)
        except ForgeError:
            continue
        repository = place / f"{safe_name(folder.name)}-feedstock"
        if not (repository / "HEAD").exists():
            repository.mkdir(parents=True, exist_ok=True)
            init = ("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(repository))
            own_git(*init, about=folder.name)
        branch = safe_branch(folder.branch or "main")
        commit = _commit(repository, texts, folder.name)
        own_git("update-ref", f"refs/heads/{branch}", commit, about=folder.name, folder=repository)
        written.append((folder.name, branch))
    return written


def _commit(repository: Path, texts: Mapping[str, str], about: str) -> str:
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as temporary:
        index = {"GIT_INDEX_FILE": f"{temporary}/index"}
        lines = []
        for path, text in sorted(texts.items()):
            hashed = ("hash-object", "-w", "--no-filters", "--stdin")
            blob = own_git(*hashed, about=about, folder=repository, stdin=text.encode())
            lines.append(f"100644 {blob.decode().strip()}\t{path}\0")
        update = ("update-index", "-z", "--index-info")
        own_git(*update, about=about, folder=repository, environment=index, stdin="".join(lines).encode())
        tree = own_git("write-tree", about=about, folder=repository, environment=index).decode().strip()
    date = f"@{int(_WHEN.timestamp())} +0000"
    environment = {**_AUTHOR.environment, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    command = ("commit-tree", "--no-gpg-sign", "-m", "As in the workspace", tree)
    return own_git(*command, about=about, folder=repository, environment=environment).decode().strip()
