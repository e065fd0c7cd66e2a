"""Real git repositories with tags, and a web server's answers for them (git's "dumb" protocol over HTTP)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from support.server import Answer, Asked

__all__ = ["bare_repository", "git", "served"]


def git(folder: Path, *arguments: str) -> str:
    """What git says in `folder`."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    settings = ("-c", "tag.gpgsign=false", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ("git", "-C", str(folder), *identity, *settings, *arguments),
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done.stdout.strip()


def bare_repository(folder: Path, tags: Iterable[str], *, annotated: Iterable[str] = ()) -> dict[str, str]:
    """A bare repository in `folder`, each tag at a commit of its own, which are returned; `annotated` are objects."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "--bare")
    tree = git(folder, "hash-object", "-w", "-t", "tree", "/dev/null")
    commits = {}
    marked = set(annotated)
    for tag in tags:
        commits[tag] = git(folder, "commit-tree", tree, "-m", tag)
        options = ("-a", "-m", tag) if tag in marked else ()
        git(folder, "tag", *options, tag, commits[tag])
    git(folder, "update-server-info")
    return commits


def served(root: Path, asked: Asked) -> Answer:
    """The file below `root` that a request names."""
    path = (root / asked.path.partition("?")[0].lstrip("/")).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        return Answer(status=404)
    return Answer(body=path.read_bytes(), headers={"Content-Type": "text/plain"})
