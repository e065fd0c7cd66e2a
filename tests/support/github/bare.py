"""Bare repositories in folders: made, committed to, read and merged, with as few processes as can be."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from support.github import objects

__all__ = ["ahead", "branches", "commit", "conflict", "fetch", "files", "git", "make", "merge", "subjects"]

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.org",
    "GIT_COMMITTER_NAME": "Somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.org",
    "LC_ALL": "C",
}
"""What the person who runs the tests has set up for git does not matter."""


_FEW = 4
"""Commits of a pull request that are looked at before git is asked."""


def git(folder: Path, *arguments: str, put: bytes = b"", environment: Mapping[str, str] | None = None) -> str:
    """What git prints; raises CalledProcessError."""
    done = subprocess.run(
        ("git", "-C", str(folder), *arguments),
        input=put,
        capture_output=True,
        check=True,
        env={**ENVIRONMENT, **(environment or {})},
    )
    return done.stdout.decode(errors="replace").strip()


def make(folder: Path, default_branch: str = "main") -> None:
    """An empty bare repository: what `git init --bare` writes, without the process."""
    for inside in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (folder / inside).mkdir(parents=True)
    (folder / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n", encoding="utf-8")
    (folder / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n[receive]\n\tautogc = false\n",
        encoding="utf-8",
    )


def commit(
    folder: Path,
    branch: str,
    changes: Mapping[str, str | bytes | None],
    *,
    message: str = "A commit",
    start: str = "",
    when: int = 1_700_000_000,
    anew: bool = False,
) -> str:
    """Commit files (None: the file goes) onto a branch, made from `start` where there is none; the commit's hash.

    `anew`: as if the branch had no history, which force-pushes it.
    """
    known = branches(folder)
    parent = "" if anew else known.get(branch) or known.get(start) or start
    entries: dict[str, tuple[str, str] | bytes] = dict(_tree(folder, parent)) if parent else {}
    for path, content in changes.items():
        if content is None:
            del entries[path]
        else:
            entries[path] = content.encode() if isinstance(content, str) else content
    made = objects.commit(folder, entries, parent, message, when)
    ref = folder / "refs" / "heads" / branch
    ref.parent.mkdir(parents=True, exist_ok=True)
    new = ref.with_name(f"{ref.name}.lock")
    new.write_text(f"{made}\n", encoding="utf-8")
    new.replace(ref)
    return made


def _tree(folder: Path, commit: str) -> dict[str, tuple[str, str]]:
    try:
        return objects.tree(folder, commit)
    except objects.PackedError:
        lines = git(folder, "ls-tree", "-r", "-z", commit).split("\0")
    found = {}
    for line in filter(None, lines):
        about, _, path = line.partition("\t")
        mode, _, sha = about.split(" ")
        found[path] = (mode, sha)
    return found


def branches(folder: Path) -> dict[str, str]:
    """Branch to commit, read without a process."""
    found: dict[str, str] = {}
    packed = folder / "packed-refs"
    if packed.exists():
        for line in packed.read_text(encoding="utf-8").splitlines():
            sha, _, ref = line.partition(" ")
            if ref.startswith("refs/heads/"):
                found[ref.removeprefix("refs/heads/")] = sha
    heads = folder / "refs" / "heads"
    for each in heads.rglob("*"):
        if each.is_file() and each.suffix != ".lock":
            found[each.relative_to(heads).as_posix()] = each.read_text(encoding="utf-8").strip()
    return found


def ahead(folder: Path, base: str, head: str, other: Path) -> bool:
    """Whether commit `head` (in the repository `other`) has commits that `base` lacks."""
    if base == head:
        return False
    more = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(other / "objects")}
    return git(folder, "rev-list", "-n", "1", head, f"^{base}", environment=more) != ""


@lru_cache(maxsize=1_000)
def conflict(folder: Path, base: str, head: str, other: Path) -> bool:
    """Whether commit `head` (in the repository `other`) can't be merged into commit `base`."""
    with suppress(objects.PackedError):
        commit = head
        for _ in range(_FEW):
            if commit == base:
                return False
            commit = objects.parent(other, commit) if commit else ""
    more = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(other / "objects")}
    try:
        git(folder, "merge-tree", "--write-tree", base, head, environment=more)
    except subprocess.CalledProcessError as error:
        return error.returncode == 1  # https://git-scm.com/docs/git-merge-tree#_exit_status
    return False


def fetch(folder: Path, other: Path, refspec: str) -> None:
    """Copy refs (or commits) and what they reach from another folder."""
    config = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "uploadpack.allowAnySHA1InWant",
        "GIT_CONFIG_VALUE_0": "true",
    }
    git(folder, "fetch", "--quiet", "--no-tags", str(other), refspec, environment=config)


def files(folder: Path, ref: str) -> dict[str, str]:
    """The files of a branch or commit."""
    paths = git(folder, "ls-tree", "-r", "-z", "--name-only", ref).split("\0")
    return {path: git(folder, "show", f"{ref}:{path}") for path in paths if path}


def subjects(folder: Path, ref: str) -> list[str]:
    """First lines of the commits' messages, newest first."""
    return git(folder, "log", "--format=%s", ref).splitlines()


def merge(folder: Path, base: str, head: str, message: str, *, squash: bool = False) -> str:
    """Merge commit `head` into branch `base`; the new commit. Raises CalledProcessError where they conflict."""
    onto = branches(folder)[base]
    tree = git(folder, "merge-tree", "--write-tree", onto, head).splitlines()[0]
    parents = ["-p", onto] if squash else ["-p", onto, "-p", head]
    made = git(folder, "commit-tree", tree, *parents, "-m", message)
    git(folder, "update-ref", f"refs/heads/{base}", made, onto)
    return made
