"""The files of commits in a bare repository: read, and committed without a work tree; and one for programs that need
one. Every commit has one parent.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Edit
from dirac_forge.git import GitError, own_git
from dirac_forge.pullrequest.paths import safe_path
from dirac_forge.values import dataclass

_MAX_FILE = 4_000_000
_MAX_ALL = 40_000_000
_MAX_FILES = 5_000
_PLAIN = {"100644", "100755"}
_SPECIAL = {"120000": "a symbolic link", "160000": "a submodule"}
_WORKFLOWS = frozenset({"automerge.yml", "conda-build.yml", "webservices.yml"})
"""Of conda-smithy: https://github.com/conda-forge/conda-smithy/tree/main/conda_smithy/templates"""
_MARKS = re.compile(r"[\x00-\x1f\x7f<>]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """Who commits are by."""

    name: str
    email: str

    def __post_init__(self) -> None:
        for text in (self.name, self.email):
            if not text.strip() or _MARKS.search(text):
                raise InputError(f"{text[:80]!r} can't be the author of a commit")

    @classmethod
    def of(cls, login: str) -> Author:
        """Return a user of GitHub, with the address that GitHub gives them."""
        return cls(name=login, email=f"{login}@users.noreply.github.com")

    @property
    def environment(self) -> dict[str, str]:
        """As git wants it."""
        return {
            **{f"GIT_{role}_NAME": self.name for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": self.email for role in ("AUTHOR", "COMMITTER")},
        }


class MovedError(InputError):
    """A file is not what the change was made for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    mode: str
    object: str
    size: int


def read(folder: Path, commit: str, *, about: str, under: Sequence[str] = ()) -> dict[str, str]:
    """Return the text files of a commit, path to text exactly as it is; see Clones.read. Raises InputError."""
    listed = _listed(folder, commit, about)
    _refuse_special(listed.get("conda-forge.yml"), about)
    files = {
        path: file
        for path, file in listed.items()
        if file.mode in _PLAIN and (not under or path.startswith(tuple(under)))
    }
    _refuse_large(files, about)
    blobs = _blobs(folder, [file.object for file in files.values()], about)
    texts = ((path, _as_text(blobs[file.object])) for path, file in files.items())
    return {path: text for path, text in texts if text is not None}


def _refuse_special(settings: _File | None, about: str) -> None:
    """Raise InputError for a conda-forge.yml that is no plain file: what maintainers ask of bots would not count."""
    if settings is not None and settings.mode in _SPECIAL:
        raise InputError(f"{about}: conda-forge.yml is {_SPECIAL[settings.mode]}, which is not read")


def _refuse_large(files: Mapping[str, _File], about: str) -> None:
    """Raise InputError for more than a feedstock has."""
    if len(files) > _MAX_FILES or sum(file.size for file in files.values()) > _MAX_ALL:
        raise InputError(f"{about}: it exceeds the size limit for a feedstock")
    large = next((path for path, file in files.items() if file.size > _MAX_FILE), None)
    if large is not None:
        raise InputError(f"{about}: {large} exceeds the size limit for a file of a feedstock")


def _as_text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def commit(
    folder: Path, parent: str, edits: Sequence[Edit], *, about: str, message: str, author: Author, when: datetime
) -> str:
    """Return a commit on `parent` with these edits; see Clones.commit. Raises InputError."""
    files = _listed(folder, parent, about)
    for edit in edits:
        _checked(folder, files, edit, about)
    if len({edit.path for edit in edits}) != len(edits):
        raise InputError(f"{about}: a change has one edit for each file")
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as temporary:
        index = {"GIT_INDEX_FILE": f"{temporary}/index"}
        own_git("read-tree", parent, about=about, folder=folder, environment=index)
        lines = []
        for edit in edits:
            if edit.after is None:
                lines.append(f"0 {'0' * 40}\t{edit.path}")
                continue
            stored = own_git(
                "hash-object", "-w", "--no-filters", "--stdin", about=about, folder=folder, stdin=edit.after.encode()
            )
            mode = files[edit.path].mode if edit.path in files else "100644"
            lines.append(f"{mode} {stored.decode().strip()}\t{edit.path}")
        told = "".join(f"{line}\0" for line in lines).encode()
        own_git("update-index", "-z", "--index-info", about=about, folder=folder, environment=index, stdin=told)
        tree = own_git("write-tree", about=about, folder=folder, environment=index).decode().strip()
    return _committed(folder, tree, parent, about=about, message=message, author=author, when=when)


@contextmanager
def work_tree(folder: Path, commit: str, *, branch: str, about: str) -> Iterator[Path]:
    """Yield a temporary repository with the files of a commit, sharing its objects; see Clones.work_tree."""
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as temporary:
        place = Path(temporary) / "feedstock"
        own_git("init", "--quiet", "--template=", f"--initial-branch={branch}", str(place), about=about)
        (place / ".git" / "info").mkdir(exist_ok=True)
        (place / ".git" / "objects" / "info" / "alternates").write_bytes(os.fsencode(f"{folder.absolute()}/objects\n"))
        shallow = folder / "shallow"
        if shallow.exists():
            (place / ".git" / "shallow").write_bytes(shallow.read_bytes())
        # A link stays a small file with its target as text: no program follows it.
        own_git("config", "core.symlinks", "false", about=about, folder=place)
        own_git("reset", "--quiet", "--hard", commit, about=about, folder=place)
        yield place


def adopt(folder: Path, place: Path, *, parent: str, about: str, message: str, author: Author, when: datetime) -> str:
    """Return a commit of everything that is in a work tree now; see Clones.adopt.

    What ran in the work tree may have changed its `.git`, so nothing of that is used: the files are read into an index
    of the clone, whose configuration is ours, and in which no filter is defined. The work tree itself may have become
    a link to somewhere else. Raises InputError for that, and for what is not a feedstock.
    """
    if place.is_symlink() or not place.is_dir():
        raise InputError(f"{about}: rerendering replaced the feedstock with something else")
    _measured(place, about)
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as temporary:
        own = {"GIT_INDEX_FILE": f"{temporary}/index", "GIT_DIR": str(folder.absolute()), "GIT_WORK_TREE": str(place)}
        own_git("read-tree", parent, about=about, folder=folder, environment=own)
        own_git("-c", "core.symlinks=false", "add", "--all", ".", about=about, folder=place, environment=own)
        listed = own_git("ls-files", "--stage", "-z", about=about, folder=place, environment=own)
        if any(line.startswith(b"160000 ") for line in listed.split(b"\0")):
            raise InputError(f"{about}: rerendering made a repository inside the feedstock")
        tree = own_git("write-tree", about=about, folder=place, environment=own).decode().strip()
    if tree == own_git("rev-parse", f"{parent}^{{tree}}", about=about, folder=folder).decode().strip():
        return parent
    return _committed(folder, tree, parent, about=about, message=message, author=author, when=when)


def adopt_tree(
    folder: Path, tree: str, *, parent: str, about: str, message: str, author: Author, when: datetime
) -> str:
    """Return a commit of a tree that a rerender made; see Clones.adopt_tree. Raises InputError."""
    raw = own_git("diff-tree", "-r", "-z", "--raw", "--no-renames", parent, tree, about=about, folder=folder)
    fields = raw.decode(errors="replace").split("\0")
    changed = list(zip(fields[::2], fields[1::2], strict=False))
    if not changed:
        return parent
    for told, path in changed:
        mode = told.split(" ")[1]
        if mode not in _PLAIN | {"000000"}:
            raise InputError(f"{about}: rerendering made {path} something other than a regular file")
        if _is_not_rendered(path):
            raise InputError(f"{about}: rerendering changed {path}")
    files = _listed(folder, tree, about)
    if len(files) > _MAX_FILES or sum(file.size for file in files.values()) > _MAX_ALL:
        raise InputError(f"{about}: the rerendered files exceed the size limit for a feedstock")
    for path, file in files.items():
        if file.size > _MAX_FILE:
            raise InputError(f"{about}: {path} exceeds the size limit for a file of a feedstock")
    return _committed(folder, tree, parent, about=about, message=message, author=author, when=when)


def _is_not_rendered(path: str) -> bool:
    """Whether a file is none that conda-smithy writes: people's, or a workflow that conda-forge does not have."""
    if path.startswith("recipe/") or path in {"conda-forge.yml", ".gitmodules"}:
        return True
    return path.startswith(".github/workflows/") and path.rpartition("/")[2] not in _WORKFLOWS


def _measured(place: Path, about: str) -> None:
    """Raise InputError if a work tree has more than a feedstock has."""
    count = size = 0
    for parent, folders, files in os.walk(place):
        if parent == str(place):
            folders[:] = [name for name in folders if name != ".git"]
        count += len(files)
        size += sum((Path(parent) / name).lstat().st_size for name in files)
        if count > _MAX_FILES or size > _MAX_ALL:
            raise InputError(f"{about}: it exceeds the size limit for a feedstock")


def _committed(
    folder: Path, tree: str, parent: str, *, about: str, message: str, author: Author, when: datetime
) -> str:
    date = f"@{int(when.timestamp())} +0000"
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    made = own_git(
        "commit-tree", "--no-gpg-sign", "-p", parent, "-F", "-", tree,
        about=about, folder=folder, environment=author.environment | dates, stdin=message.encode(),
    )  # fmt: skip
    return made.decode().strip()


def _checked(folder: Path, files: Mapping[str, _File], edit: Edit, about: str) -> None:
    path = safe_path(edit.path)
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        special = files.get("/".join(parts[:end]))
        if special is not None and special.mode in _SPECIAL:
            raise InputError(f"{about}: {path} goes through {_SPECIAL[special.mode]}")
    if edit.after is not None and len(edit.after) > _MAX_FILE:
        raise InputError(f"{about}: {path} would exceed the size limit for a file of a feedstock")
    known = files.get(path)
    there = None if known is None else _blobs(folder, [known.object], about)[known.object]
    if there != (None if edit.before is None else edit.before.encode()):
        raise MovedError(f"{about}: {path} has changed since the change was made")


def _listed(folder: Path, commit: str, about: str) -> dict[str, _File]:
    listing = own_git("ls-tree", "-r", "-z", "-l", commit, about=about, folder=folder)
    found = {}
    for line in listing.decode(errors="replace").split("\0"):
        about_it, _, path = line.partition("\t")
        if path:
            mode, _, name, size = about_it.split()
            found[path] = _File(mode=mode, object=name, size=0 if size == "-" else int(size))
    return found


def _blobs(folder: Path, names: Sequence[str], about: str) -> dict[str, bytes]:
    asked = "".join(f"{name}\n" for name in names).encode()
    answer = own_git("cat-file", "--batch", about=about, folder=folder, stdin=asked)
    found, place = {}, 0
    for name in names:
        end = answer.index(b"\n", place)
        known = answer[place:end].decode().split()
        if len(known) != 3 or known[0] != name:
            raise GitError(f"{about}: {name} is missing from the clone")
        size = int(known[2])
        found[name] = answer[end + 1 : end + 1 + size]
        place = end + 1 + size + 1
    return found
