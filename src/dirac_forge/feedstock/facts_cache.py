"""Facts of a whole workspace in one blob: what has not been touched since is not even opened.

Each feedstock has a signature: path, size and time of change of the files that decide. A file that was changed within
the last seconds before the blob was written could change again unnoticed, so its feedstock is left out of the blob
(as git does with files that are as young as its index).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dirac_forge.store import Store

__all__ = ["Kept", "signature_of"]

_KIND = "workspace"
_FEWEST = 300
"""Workspaces with fewer feedstocks are read fast enough without."""
_YOUNG = 2_000_000_000
"""Nanoseconds: file systems that count whole seconds, or two of them."""

Signature = list[int | str]


def signature_of(folder: Path) -> Signature | None:
    """Names, sizes and times of the files that decide, None where the folder can't be listed; no file is opened."""
    found: Signature = []
    root = os.fspath(folder)
    try:
        for below, wanted in (("", _is_settings), ("/recipe", _is_yaml), ("/.ci_support", _is_yaml)):
            found += _listed(root + below, wanted)
        if ".ci_support" in found:
            found += _listed(f"{root}/.ci_support/migrations", _is_yaml)
    except OSError:
        return None
    return found


def _is_settings(name: str) -> bool:
    return name in {"conda-forge.yml", "meta.yaml", "recipe.yaml", "conda_build_config.yaml", "variants.yaml"}


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _listed(folder: str, wanted: Callable[[str], bool]) -> Signature:
    found: Signature = []
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return found
    with entries:
        chosen = [entry for entry in entries if wanted(entry.name)]
    if len(chosen) > 1:
        chosen.sort(key=lambda entry: entry.name)
    if chosen and folder.endswith(".ci_support"):
        found += [".ci_support", 0, 0]
    for entry in chosen:
        status = entry.stat()
        found += [entry.name, status.st_size, status.st_mtime_ns]
    return found


class Kept:
    """The blob of one workspace, pinning and version of the reader."""

    def __init__(self, store: Store, folder: Path, salt: str) -> None:
        """`salt` is all beside the feedstocks' files that decides: the reader's version and the pinning."""
        self._store = store
        self._key = hashlib.sha256(f"{folder.absolute()}\n{salt}".encode()).hexdigest()
        self._entries: Mapping[str, Sequence[object]] | None = None

    def get(self, name: str, signature: Signature | None) -> object:
        """What was kept for a feedstock with this signature, None where nothing was."""
        if signature is None:
            return None
        if self._entries is None:
            self._entries = self._read()
        entry = self._entries.get(name)
        return entry[1] if isinstance(entry, list) and len(entry) == 2 and entry[0] == signature else None

    def _read(self) -> Mapping[str, Sequence[object]]:
        blob = self._store.get(_KIND, self._key)
        if blob is None:
            return {}
        try:
            entries = json.loads(blob)
        except ValueError:
            return {}
        return entries if isinstance(entries, dict) else {}

    def put(self, entries: Mapping[str, tuple[Signature | None, object]]) -> None:
        """Keep what was found, if it is worth it."""
        if len(entries) < _FEWEST:
            return
        limit = time.time_ns() - _YOUNG
        old = {
            name: [signature, values]
            for name, (signature, values) in entries.items()
            if signature is not None and all(part < limit for part in signature[2::3] if isinstance(part, int))
        }
        self._store.put(_KIND, self._key, json.dumps(old, separators=(",", ":")).encode())
