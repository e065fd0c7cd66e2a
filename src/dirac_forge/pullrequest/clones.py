"""A cache of bare, shallow clones: what a branch has now, and commits made without a work tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dirac_forge.feedstock.change import Edit

__all__ = ["Author", "Clones", "Log", "Tip"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """Who commits are by."""

    name: str
    email: str

    @classmethod
    def of(cls, login: str) -> Author:
        """A user of GitHub, with the address that tells nobody theirs."""
        return cls(name=login, email=f"{login}@users.noreply.github.com")


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
class Log:
    """One commit of a branch."""

    commit: str
    parents: tuple[str, ...]
    name: str
    """The committer's, and their address."""
    email: str
    message: str


class Clones:
    """Bare clones in `folder/owner/name.git`. Safe for several threads and programs: one at a time works on a clone.

    `environment` gives what git needs to reach a host (credentials), asked anew each time, as tokens expire.
    """

    def __init__(self, folder: Path, *, environment: Callable[[], Mapping[str, str]] = dict) -> None:
        raise NotImplementedError

    def refresh(self, full_name: str, url: str, branch: str, *, default: str = "") -> Tip:
        """The newest commit of a branch, fetched where it is not here; a clone that is broken is made again.

        Where there is no `main`, it is the `default` branch (asked for where it isn't given). Raises MissingError
        where there is no such repository or branch, UnknownError where it can't be reached.
        """
        raise NotImplementedError

    def read(self, tip: Tip, *, under: Sequence[str] = ()) -> dict[str, str]:
        """The text files of a commit, path to text exactly as it is; only those that begin with one of `under`.

        Symbolic links, submodules, and what is not UTF-8 are left out. Raises InputError where there is more than a
        feedstock has.
        """
        raise NotImplementedError

    def commit(self, tip: Tip, edits: Sequence[Edit], *, message: str, author: Author) -> str:
        """A commit on the tip with these edits, its hash; modes are kept.

        Raises InputError, and makes nothing, where a path leaves the tree, is git's own, goes through a symbolic link,
        or where the text there is not `edit.before`.
        """
        raise NotImplementedError

    @contextmanager
    def work_tree(self, tip: Tip, commit: str) -> Iterator[Path]:
        """A repository of its own with the files of a commit, for programs that want one; gone afterwards."""
        raise NotImplementedError

    def adopt(self, tip: Tip, folder: Path, *, parent: str, message: str, author: Author) -> str:
        """A commit on `parent` of all that is in a work tree now; `parent` where nothing changed."""
        raise NotImplementedError

    def log(self, tip: Tip, url: str, branch: str, *, last: int = 30) -> tuple[Log, ...]:
        """The last commits of a branch that lies elsewhere (a fork), newest first; () where there is no such branch."""
        raise NotImplementedError

    def push(self, tip: Tip, url: str, commit: str, branch: str, *, expected: str) -> None:
        """Push a commit to a branch that has `expected` ("": is not there), and to no other.

        Raises RefusedPushError where the other side has something else or does not take it, UnknownError where it
        can't be reached.
        """
        raise NotImplementedError
