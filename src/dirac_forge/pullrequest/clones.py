"""A cache of bare, shallow clones: what a branch has now, and where it is pushed to."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO

from dirac_forge.errors import InputError, StorageError, UnknownError
from dirac_forge.feedstock.change import Edit
from dirac_forge.files import private_folder
from dirac_forge.git import GitError, GitUnreachableError, MissingRefError, RefusedPushError, own_git, place_of
from dirac_forge.pullrequest import trees
from dirac_forge.pullrequest.branches import safe_branch
from dirac_forge.pullrequest.forge import BranchHead
from dirac_forge.pullrequest.trees import Author
from dirac_forge.values import dataclass

__all__ = ["Author", "CloneLog", "Clones", "Tip"]

_FULL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MOST_PACKS = 30
_NOWHERE = Path(os.sep).resolve()
"""A folder that is in no repository."""
_PAUSES = (0.5, 1.0)
"""Seconds between tries of what a host did not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tip:
    """A branch's newest commit, here."""

    folder: Path
    """The bare clone."""
    full_name: str
    url: str
    branch: str
    commit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CloneLog:
    """One commit of a branch."""

    commit: str
    parents: tuple[str, ...]
    name: str
    """The committer's, and their address."""
    email: str
    message: str


class Clones:
    """Bare clones in `folder/owner/name.git`. Safe for several threads and programs: one at a time works on a clone.

    `environment` gives what git needs to reach a host (credentials), read again each time, because tokens expire.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Callable[[], Mapping[str, str]] = dict,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.folder = folder
        self._sleep = sleep
        self._environment = environment
        self._locks: dict[Path, threading.Lock] = {}
        self._guard = threading.Lock()

    def refresh(
        self, full_name: str, url: str, branch: str, *, default: str = "", known: BranchHead | None = None
    ) -> Tip:
        """Return the newest commit of a branch, fetched if it is not here; a clone that is broken is made again.

        `known` is the newest commit, where it was found out already: then the repository is not asked for it.

        Where there is no `main`, it is the `default` branch (asked for if it isn't given). Raises MissingError
        if there is no such repository or branch, UnknownError if it can't be reached.
        """
        if not _FULL_NAME.fullmatch(full_name) or ".." in full_name:
            raise InputError(f"{full_name[:200]!r} is not the name of a repository")
        folder = self.folder / f"{full_name}.git"
        place = place_of(url)
        tip = Tip(folder=folder, full_name=full_name, url=url, branch=safe_branch(branch), commit="")
        if known is not None and _COMMIT.fullmatch(known.commit):
            tip = replace(tip, branch=safe_branch(known.branch), commit=known.commit)
        elif (first := self._first(tip, place)) is not None:
            return first
        else:
            name, commit = self._newest(place, url, tip.branch, default)
            tip = replace(tip, branch=name, commit=commit)
        with self._locked(folder):
            if _is_whole(tip) and _commit_of(tip) == tip.commit:
                return tip
            return self._fetched(tip, place)

    def read(self, tip: Tip, *, under: Sequence[str] = ()) -> dict[str, str]:
        """Return the text files of a commit, path to text exactly as it is; only those that begin with one of `under`.

        Symbolic links, submodules, and what is not UTF-8 are left out. Raises InputError if there is more than a
        feedstock has.
        """
        return trees.read(tip.folder, tip.commit, about=tip.url, under=tuple(under))

    def commit(self, tip: Tip, edits: Sequence[Edit], *, message: str, author: Author, when: datetime) -> str:
        """Return a commit on the tip with these edits, its hash; modes are kept.

        Raises InputError, and makes nothing, where a path leaves the tree, is git's own, goes through a symbolic link,
        or where the text there is not `edit.before`.
        """
        with self._locked(tip.folder):
            return trees.commit(tip.folder, tip.commit, edits, about=tip.url, message=message, author=author, when=when)

    @contextmanager
    def work_tree(self, tip: Tip, commit: str) -> Iterator[Path]:
        """Yield a temporary repository with the files of a commit, for programs that need one."""
        with trees.work_tree(tip.folder, commit, branch=tip.branch, about=tip.url) as folder:
            yield folder

    def adopt(self, tip: Tip, folder: Path, *, parent: str, message: str, author: Author, when: datetime) -> str:
        """Commit everything in a work tree on `parent`, and return the commit; `parent` if nothing changed."""
        with self._locked(tip.folder):
            return trees.adopt(
                tip.folder, folder, parent=parent, about=tip.url, message=message, author=author, when=when
            )

    def unpack(self, tip: Tip, pack: bytes) -> None:
        """Put the objects of a pack into the clone. Raises GitError for one that is damaged."""
        with self._locked(tip.folder):
            own_git("unpack-objects", "-q", "--strict", about=tip.url, folder=tip.folder, stdin=pack)

    def adopt_tree(self, tip: Tip, tree: str, *, parent: str, message: str, author: Author, when: datetime) -> str:
        """Return a commit on `parent` of a rerendered tree; `parent` if nothing changed.

        Raises InputError for a tree that changes the recipe, or has anything but plain files.
        """
        if not _COMMIT.fullmatch(tree):
            raise InputError("a tree has a hash")
        with self._locked(tip.folder):
            return trees.adopt_tree(
                tip.folder, tree, parent=parent, about=tip.url, message=message, author=author, when=when
            )

    def log(self, tip: Tip, url: str, branch: str, *, last: int = 30) -> tuple[CloneLog, ...]:
        """Return the last commits (first parents) of a branch of a fork, newest first, or () if there is none."""
        ref = "refs/dirac-forge/looked-at"
        wanted = f"+refs/heads/{safe_branch(branch)}:{ref}"
        fetch = ("fetch", "--quiet", "--no-tags", "--depth", str(last), place_of(url), wanted)
        form = "--format=%H%n%P%n%cn%n%ce%n%B"
        with self._locked(tip.folder):
            try:
                self._far(*fetch, about=url, folder=tip.folder)
            except MissingRefError:
                return ()
            listed = own_git("log", "--first-parent", "-z", form, ref, "--", about=url, folder=tip.folder)
        found = []
        for each in listed.decode(errors="replace").split("\0"):
            if each:
                commit, parents, name, email, message = each.split("\n", 4)
                found.append(
                    CloneLog(commit=commit, parents=tuple(parents.split()), name=name, email=email, message=message)
                )
        return tuple(found)

    def files_of_request(self, full_name: str, url: str, number: int) -> dict[str, str]:
        """Return the recipe and the migrations at the head of a pull request, from the forge's own ref for it."""
        folder = self.folder / f"{full_name}.git"
        ref = f"refs/dirac-forge/request-{number}"
        with self._locked(folder):
            self._make(folder, full_name)
            fetch = ("fetch", "--quiet", "--no-tags", "--depth", "1", place_of(url), f"+refs/pull/{number}/head:{ref}")
            self._far(*fetch, about=url, folder=folder)
            return trees.read(folder, ref, about=url, under=("recipe/", ".ci_support/migrations/"))

    def push(self, tip: Tip, url: str, commit: str, branch: str, *, expected: str) -> None:
        """Push a commit to a branch that has `expected` ("": is not there), and to no other.

        Raises RefusedPushError if the other side has something else or does not take it, UnknownError if it
        can't be reached.
        """
        ref = f"refs/heads/{safe_branch(branch)}"
        if not _COMMIT.fullmatch(commit) or (expected and not _COMMIT.fullmatch(expected)):
            raise InputError("a commit has a hash")
        place = place_of(url)
        command = ("push", "--quiet", "--no-verify", f"--force-with-lease={ref}:{expected}", place, f"{commit}:{ref}")
        with self._locked(tip.folder):
            try:
                self._far(*command, about=url, folder=tip.folder)
            except RefusedPushError as exc:
                if exc.cause != "shallow":
                    raise
                # A fork that is behind wants the commits in between, which a shallow clone does not have.
                history = (
                    "fetch",
                    "--quiet",
                    "--no-tags",
                    "--unshallow",
                    place_of(tip.url),
                    f"refs/heads/{tip.branch}",
                )
                self._far(*history, about=tip.url, folder=tip.folder)
                self._far(*command, about=url, folder=tip.folder)

    def _newest(self, place: str, url: str, branch: str, default: str) -> tuple[str, str]:
        listed = self._far("ls-remote", "--symref", "--", place, "HEAD", f"refs/heads/{branch}", about=url).decode()
        commits: dict[str, str] = {}
        head = default
        for line in listed.splitlines():
            first, _, ref = line.partition("\t")
            if first.startswith("ref: ") and ref == "HEAD":
                head = default or first.removeprefix("ref: refs/heads/")
            elif _COMMIT.fullmatch(first):
                commits[ref] = first
        if commit := commits.get(f"refs/heads/{branch}"):
            return branch, commit
        if branch == "main" and head not in {"", "main"}:
            return self._newest(place, url, safe_branch(head), "")
        if not listed.strip():
            raise GitUnreachableError(
                f"{url}: git lists no branch at all there",
                hint="The repository is empty, or something else answers in its place, such as a proxy.",
            )
        raise MissingRefError(f"{url}: there is no branch {branch}")

    def _first(self, tip: Tip, place: str) -> Tip | None:
        """Return the newest commit of a branch that is fetched for the first time: one question instead of two.

        None if there is a clone already, and where what came is not whole or not a branch of that name.
        """
        with self._locked(tip.folder):
            if (tip.folder / "HEAD").exists():
                return None
            try:
                tip = self._fetch(tip, place)
            except (GitError, MissingRefError):
                return None
            return tip if _is_whole(tip) else None

    def _fetched(self, tip: Tip, place: str) -> Tip:
        """Return the tip, fetched; into a new clone where the old one can't be used."""
        with suppress(GitError):
            fetched = self._fetch(tip, place)
            _tidy(fetched)
            if _is_whole(fetched):
                return fetched
        # Whatever is wrong with it: it is a cache.
        _discard(tip.folder)
        return self._fetch(tip, place)

    def _fetch(self, tip: Tip, place: str) -> Tip:
        self._make(tip.folder, tip.full_name)
        wanted = f"+refs/heads/{tip.branch}:refs/heads/{tip.branch}"
        fetch = ("fetch", "--quiet", "--no-tags", "--depth", "1", place, wanted)
        self._far(*fetch, about=tip.url, folder=tip.folder)
        # It may have moved on since it was asked for.
        return replace(tip, commit=_commit_of(tip))

    @staticmethod
    def _make(folder: Path, about: str) -> None:
        if not (folder / "HEAD").exists():
            _discard(folder)
            folder.mkdir(parents=True)
            # An empty template: no hooks, and nothing that is on this machine.
            own_git("init", "--quiet", "--bare", "--template=", str(folder), about=about)

    def _far(self, *arguments: str, about: str, folder: Path | None = None) -> bytes:
        """Return what git says to a question that goes to another host: only there it gets the credentials.

        A host that fails in passing is asked again, as by REST; one that is not there is not. ~/.netrc is not read for
        a URL without TLS, and no configuration of a repository in which this happens to run.
        """
        plain = any(each.lower().startswith("http://") for each in arguments)
        for pause in (*_PAUSES, None):
            own = {**self._environment(), **({"HOME": os.devnull} if plain else {})}
            try:
                return own_git(*arguments, about=about, folder=folder or _NOWHERE, environment=own, timeout=600)
            except RefusedPushError as error:
                if arguments[0] == "push":
                    raise
                # To refuse a reading is not an answer: a limit, a token that is not accepted, a proxy.
                raise GitUnreachableError(error.message, hint=error.hint) from error
            except GitUnreachableError as error:
                if pause is None or not error.passing:
                    raise
                self._sleep(pause)
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(folder, threading.Lock())
        with lock:
            try:
                private_folder(folder.parent)
                file = folder.with_name(f".{folder.name}.lock").open("w")
            except OSError as error:
                raise StorageError(
                    f"{folder.parent} can't be written ({error.strerror}): clones are kept there",
                    hint="Make room, or name another folder with DIRAC_FORGE_CACHE.",
                ) from error
            with file:
                # Given back by the system when this process ends, however it ends.
                _hold(file)
                yield


if sys.platform == "win32":
    import msvcrt

    def _hold(file: IO[str]) -> None:
        while True:
            with suppress(OSError):  # it gives up after ten seconds
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                return
else:
    import fcntl

    def _hold(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


def _discard(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def _is_whole(tip: Tip) -> bool:
    """Whether everything that the clone has can be read: a machine may have gone down while it was written."""
    if not (tip.folder / "HEAD").exists():
        return False
    try:
        own_git("fsck", "--no-dangling", "--no-progress", about=tip.url, folder=tip.folder)
    except (InputError, UnknownError):
        return False
    return True


def _tidy(tip: Tip) -> None:
    """Pack the clone now and then: each fetch leaves a pack of its own."""
    if sum(1 for _ in (tip.folder / "objects" / "pack").glob("*.pack")) > _MOST_PACKS:
        own_git("repack", "-a", "-d", "-q", about=tip.url, folder=tip.folder)
        # What a delivery that goes on elsewhere has just made stays.
        own_git("prune", "--expire=2.days.ago", about=tip.url, folder=tip.folder)


def _commit_of(tip: Tip) -> str:
    ref = f"refs/heads/{tip.branch}"
    said = own_git("for-each-ref", "--format=%(refname) %(objectname)", ref, about=tip.url, folder=tip.folder)
    for line in said.decode().splitlines():
        name, _, commit = line.partition(" ")
        if name == ref:
            return commit
    return ""
