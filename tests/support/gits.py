"""Real git repositories for tests: bare ones, as a forge has them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

__all__ = ["branches", "commit", "file_at", "git", "log", "repository", "sha"]

_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A Person",
    "GIT_AUTHOR_EMAIL": "person@example.org",
    "GIT_COMMITTER_NAME": "A Person",
    "GIT_COMMITTER_EMAIL": "person@example.org",
}


def git(folder: Path, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> str:
    """What git prints in a folder."""
    command = ("git", "-C", str(folder), *arguments)
    env = {**_ENVIRONMENT, **(environment or {})}
    return subprocess.run(command, check=True, capture_output=True, input=stdin, env=env).stdout.decode().rstrip("\n")


def repository(folder: Path, files: Mapping[str, str | bytes] | None = None, *, branch: str = "main") -> Path:
    """A bare repository with one commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", f"--initial-branch={branch}")
    commit(folder, files or {}, branch=branch)
    return folder


def commit(
    folder: Path,
    files: Mapping[str, str | bytes | None],
    *,
    branch: str = "main",
    message: str = "change",
    modes: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """One more commit on a branch of a bare repository (None takes a file away); its hash."""
    index = {"GIT_INDEX_FILE": str(folder / "index.of.tests"), **(environment or {})}
    (folder / "index.of.tests").unlink(missing_ok=True)
    parent = sha(folder, branch)
    if parent:
        git(folder, "read-tree", parent, environment=index)
    for path, content in files.items():
        if content is None:
            gone = f"0 {'0' * 40}\t{path}\n".encode()
            git(folder, "update-index", "--index-info", stdin=gone, environment=index)
            continue
        blob = content.encode() if isinstance(content, str) else content
        stored = git(folder, "hash-object", "-w", "--stdin", stdin=blob)
        mode = (modes or {}).get(path, "100644")
        git(folder, "update-index", "--add", "--cacheinfo", f"{mode},{stored},{path}", environment=index)
    tree = git(folder, "write-tree", environment=index)
    parents = ("-p", parent) if parent else ()
    made = git(folder, "commit-tree", tree, *parents, "-m", message, environment=index)
    git(folder, "update-ref", f"refs/heads/{branch}", made)
    return made


def sha(folder: Path, branch: str) -> str:
    """The commit of a branch; "" where there is none."""
    return branches(folder).get(branch, "")


def branches(folder: Path) -> dict[str, str]:
    """All branches and their commits."""
    listed = git(folder, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads")
    return {line.split()[0]: line.split()[1] for line in listed.splitlines()}


def file_at(folder: Path, commit: str, path: str) -> str:
    """A file's text in a commit or branch."""
    return subprocess.run(
        ("git", "-C", str(folder), "cat-file", "blob", f"{commit}:{path}"),
        check=True, capture_output=True, env=_ENVIRONMENT,
    ).stdout.decode()  # fmt: skip


def log(folder: Path, branch: str) -> list[str]:
    """The first lines of a branch's commits, newest first."""
    return git(folder, "log", "--format=%s", branch).splitlines()
