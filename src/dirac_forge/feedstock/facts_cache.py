"""Facts of a whole workspace in one blob: what has not been touched since is not even opened.

Each feedstock has a signature: path, size and time of change of the files that decide, and the times of the folders
that they are in: while a folder's is the same, it has the same files. A file or folder that was changed within the last
seconds before the blob was written could change again unnoticed, so its feedstock is left out of the blob (as git does
with files that are as young as its index).
"""

from __future__ import annotations

import gc
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import msgspec

from dirac_forge.feedstock.facts_model import FeedstockFacts
from dirac_forge.store import Store

_KIND = "workspace"
_SETTINGS = ("conda-forge.yml", "conda_build_config.yaml", "meta.yaml", "recipe.yaml", "variants.yaml")
_YAML = (".yaml", ".yml")
_FEWEST = 300
"""Workspaces with fewer feedstocks are read fast enough without."""
_FEW = 50
"""One feedstock in so many may be read by its text: writing all of them takes longer."""
_YOUNG = 2_000_000_000
"""Nanoseconds: file systems that count whole seconds, or two of them."""
_FOLDER = -1
"""In place of the size of a folder, which means nothing."""


class _State(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """What the file system knows of a file or folder."""

    path: str
    """Relative to the feedstock; "" for itself."""
    size: int
    changed: int
    """In nanoseconds."""


class Signature(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Names, sizes and times of the files that decide, and the times of their folders."""

    files: tuple[_State, ...]
    folders: tuple[_State, ...]

    @property
    def newest(self) -> int:
        """The latest time of change, in nanoseconds."""
        return max((state.changed for state in (*self.files, *self.folders)), default=0)


def signature_of(folder: Path) -> Signature | None:
    """Return the signature of a feedstock, None if the folder can't be listed; no file is opened."""
    root = os.fspath(folder)
    try:
        folders = [_state_of(root, "")]  # before what is in it: what comes meanwhile is noticed next time
        with os.scandir(root) as entries:
            top = {entry.name: entry for entry in entries}
        files = [_file_state(name, top[name]) for name in _SETTINGS if name in top]
        for below in ("recipe", ".ci_support", ".ci_support/migrations"):
            if below.partition("/")[0] in top:
                _add_listed(root, below, files, folders)
    except OSError:
        return None
    return Signature(tuple(files), tuple(folders))


def _add_listed(root: str, below: str, files: list[_State], folders: list[_State]) -> None:
    """Add a folder and the YAML files in it, by name; nothing if it is not a folder."""
    try:
        state = _state_of(root, below)
        with os.scandir(f"{root}/{below}") as entries:
            found = [_file_state(f"{below}/{entry.name}", entry) for entry in entries if entry.name.endswith(_YAML)]
    except (FileNotFoundError, NotADirectoryError):
        return
    folders.append(state)
    files += sorted(found)


def _file_state(path: str, entry: os.DirEntry[str]) -> _State:
    status = entry.stat()
    return _State(path, status.st_size, status.st_mtime_ns)


def _state_of(root: str, below: str) -> _State:
    return _State(below, _FOLDER, _look(root, below).st_mtime_ns)


def _look(root: str, path: str) -> os.stat_result:
    return os.stat(f"{root}/{path}")  # noqa: PTH116  # a Path for each of 100,000 takes a second


def _is_unchanged(root: str, signature: Signature) -> bool:
    """Whether all that a signature has is as it was; faster than another signature."""
    try:
        for states in (signature.folders, signature.files):
            for state in states:
                status = _look(root, state.path)
                if status.st_mtime_ns != state.changed or state.size not in (_FOLDER, status.st_size):
                    return False
    except OSError:
        return False
    return True


class Kept:
    """The blob of one workspace, pinning and version of the reader."""

    def __init__(self, store: Store, folder: Path, salt: str) -> None:
        """Take as `salt` everything that decides except the feedstocks' files: the reader's version and the pinning."""
        self._store = store
        self._key = hashlib.sha256(f"{folder.absolute()}\n{salt}".encode()).hexdigest()

    @cached_property
    def _entries(self) -> Mapping[str, tuple[Signature, FeedstockFacts]]:
        blob = self._store.get(_KIND, self._key)
        try:
            with _uncollected():
                return _ENTRIES.decode(blob) if blob is not None else {}
        except ValueError:  # a blob that is broken, or of another version
            return {}

    def get(self, name: str, folder: Path) -> tuple[Signature | None, FeedstockFacts | None]:
        """Return a feedstock's signature, and what was kept for it: None if nothing was."""
        signature, facts = self._entries.get(name, (None, None))
        if signature is not None and _is_unchanged(os.fspath(folder), signature):
            return signature, facts
        now = signature_of(folder)
        same = signature is not None and now is not None and now.files == signature.files
        return now, facts if same else None

    def put(self, entries: Mapping[str, tuple[Signature | None, FeedstockFacts]], *, fresh: int) -> None:
        """Keep what was found, if it is worth it: `fresh` of the entries were not in the blob.

        What is left out is found in the store by its text.
        """
        if len(entries) < _FEWEST or fresh * _FEW < len(entries):
            return
        limit = time.time_ns() - _YOUNG
        old = {
            name: (signature, facts)
            for name, (signature, facts) in entries.items()
            if signature is not None and signature.newest < limit
        }
        self._store.put(_KIND, self._key, msgspec.msgpack.encode(old))


_ENTRIES = msgspec.msgpack.Decoder(dict[str, tuple[Signature, FeedstockFacts]])
_FACTS = msgspec.msgpack.Decoder(FeedstockFacts)


def stored(facts: FeedstockFacts) -> bytes:
    """Return the facts of one feedstock as a blob for the store."""
    return msgspec.msgpack.encode(facts)


def stored_facts(blob: bytes | None) -> FeedstockFacts | None:
    """Return the facts in a blob of the store, None if there is none or it is broken."""
    try:
        return _FACTS.decode(blob) if blob is not None else None
    except ValueError:
        return None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make many objects without searching them for cycles again and again, which takes half of the time.

    Afterwards they count as old: they stay, and are looked at when everything is.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
        gc.unfreeze()
    finally:
        if enabled:
            gc.enable()
