"""Facts of a whole workspace in one blob: what has not been touched since is not even opened.

Each feedstock has a signature: path, size and time of change of the files that decide. A file that was changed within
the last seconds before the blob was written could change again unnoticed, so its feedstock is left out of the blob
(as git does with files that are as young as its index).
"""

from __future__ import annotations

import gc
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dirac_forge.feedstock.facts_model import FeedstockFacts
from dirac_forge.store import Store

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["Kept", "Signature", "signature_of", "stored", "stored_facts"]

_KIND = "workspace"
_SETTINGS = ("conda-forge.yml", "conda_build_config.yaml", "meta.yaml", "recipe.yaml", "variants.yaml")
_YAML = (".yaml", ".yml")
_FEWEST = 300
"""Workspaces with fewer feedstocks are read fast enough without."""
_YOUNG = 2_000_000_000
"""Nanoseconds: file systems that count whole seconds, or two of them."""


class Signature(NamedTuple):
    """Names, sizes and times of the files that decide."""

    text: str
    newest: int
    """The latest time of change, in nanoseconds."""


def signature_of(folder: Path) -> Signature | None:
    """Return the signature of a feedstock, None where the folder can't be listed; no file is opened."""
    root = os.fspath(folder)
    try:
        with os.scandir(root) as entries:
            top = {entry.name: entry for entry in entries}
        found = [(name, *_state(top[name])) for name in _SETTINGS if name in top]
        for below in ("recipe", ".ci_support"):
            found += _listed(root, below) if below in top else ()
        if ".ci_support" in top:
            found += _listed(root, ".ci_support/migrations")
    except OSError:
        return None
    newest = max((changed for _, _, changed in found), default=0)
    return Signature("\n".join([f"{path} {size} {changed}" for path, size, changed in found]), newest)


def _listed(root: str, below: str) -> list[tuple[str, int, int]]:
    """Return path, size and time of change of the YAML files in a folder, by name; none where it is no folder."""
    try:
        with os.scandir(f"{root}/{below}") as entries:
            found = [(f"{below}/{entry.name}", *_state(entry)) for entry in entries if entry.name.endswith(_YAML)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    found.sort()
    return found


def _state(entry: os.DirEntry[str]) -> tuple[int, int]:
    status = entry.stat()
    return status.st_size, status.st_mtime_ns


class Kept:
    """The blob of one workspace, pinning and version of the reader."""

    def __init__(self, store: Store, folder: Path, salt: str) -> None:
        """`salt` is everything that decides except the feedstocks' files: the reader's version and the pinning."""
        self._store = store
        self._key = hashlib.sha256(f"{folder.absolute()}\n{salt}".encode()).hexdigest()

    @cached_property
    def _entries(self) -> Mapping[str, tuple[str, FeedstockFacts]]:
        blob = self._store.get(_KIND, self._key)
        try:
            with _uncollected():
                return _adapter(_Entries).validate_json(blob) if blob is not None else {}
        except ValueError:  # a blob that is broken, or of another version
            return {}

    def get(self, name: str, signature: Signature | None) -> FeedstockFacts | None:
        """Return what was kept for a feedstock with this signature, None where nothing was."""
        entry = self._entries.get(name) if signature is not None else None
        return entry[1] if entry is not None and signature is not None and entry[0] == signature.text else None

    def put(self, entries: Mapping[str, tuple[Signature | None, FeedstockFacts]]) -> None:
        """Keep what was found, if it is worth it."""
        if len(entries) < _FEWEST:
            return
        limit = time.time_ns() - _YOUNG
        old = {
            name: (signature.text, facts)
            for name, (signature, facts) in entries.items()
            if signature is not None and signature.newest < limit
        }
        self._store.put(_KIND, self._key, _adapter(_Entries).dump_json(old, exclude_defaults=True))


_Entries = dict[str, tuple[str, FeedstockFacts]]


def stored(facts: FeedstockFacts) -> bytes:
    """Return the facts of one feedstock as a blob for the store."""
    return _adapter(FeedstockFacts).dump_json(facts, exclude_defaults=True)


def stored_facts(blob: bytes | None) -> FeedstockFacts | None:
    """Return the facts in a blob of the store, None where there is none or it is broken."""
    try:
        return _adapter(FeedstockFacts).validate_json(blob) if blob is not None else None
    except ValueError:
        return None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make many objects without searching them for cycles again and again, which takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415  # a tenth of a second

    return TypeAdapter(kind)
