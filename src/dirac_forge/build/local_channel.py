"""The local channel: packages are added whole or not at all, each with what it was built from."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dirac_forge.build.repodata import entry_of_archive, read_repodata, write_repodata
from dirac_forge.errors import InputError
from dirac_forge.files import replace_file
from dirac_forge.untrusted import parse_json


def _is_whole(path: Path, entry: Mapping[str, Any]) -> bool:
    """Whether the file of an entry exists with its size: a machine that lost power may have kept a part of it."""
    try:
        return path.stat().st_size == entry.get("size")
    except OSError:
        return False


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the channel in a folder for this process. Raises InputError if another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415  # there is none on Windows

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(
                    f"{folder}: another build is writing into this channel",
                    hint="Wait for it to end, or work in another workspace.",
                ) from None
        yield


class LocalChannel:
    """A folder of packages with its repodata; one writer at a time, safe to use from many threads.

    The folder is `locked` before: the repodata that is there is read, and written again without what is gone.

    A package's file is renamed into place before the repodata names it, and its manifest (what it was built from) is
    written last: what was interrupted is built again.
    """

    def __init__(self, folder: Path, *, platform: str) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._entries: dict[str, dict[str, dict[str, Any]]] = {}
        for subdir in ("noarch", platform):
            self._entries[subdir] = {
                name: entry
                for name, entry in read_repodata(folder / subdir).items()
                if _is_whole(folder / subdir / name, entry)
            }
            write_repodata(folder / subdir, self._entries[subdir])

    def path(self, subdir: str, file: str) -> Path:
        """Return where a package's file is, or would be."""
        return self.folder / subdir / file

    def entry(self, subdir: str, file: str) -> Mapping[str, Any] | None:
        """Return the package's entry in the repodata; None if the channel does not have it."""
        with self._lock:
            return self._entries.get(subdir, {}).get(file)

    def packages(self) -> dict[tuple[str, str], tuple[Path, Mapping[str, Any]]]:
        """Return every package, by subdir and file name, with its path and its entry."""
        with self._lock:
            return {
                (subdir, name): (self.folder / subdir / name, entry)
                for subdir, entries in self._entries.items()
                for name, entry in entries.items()
            }

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of every package, by `subdir/file`."""
        with self._lock:
            return {
                f"{subdir}/{name}": str(entry.get("sha256", ""))
                for subdir, entries in self._entries.items()
                for name, entry in entries.items()
            }

    def add(self, archive: Path, *, subdir: str, manifest: Mapping[str, Any]) -> Path:
        """Move a finished package into the channel, with its manifest. Raises InputError for what is not a package."""
        place = self.path(subdir, archive.name)
        entry = entry_of_archive(archive)
        with self._lock:
            self._manifest(subdir, archive.name).unlink(missing_ok=True)
            if self._entries.get(subdir, {}).pop(archive.name, None) is not None:
                # Until the new entry is written there is none: the old one is of another file.
                write_repodata(self.folder / subdir, self._entries[subdir])
            try:
                archive.replace(place)
            except OSError:  # another file system
                replace_file(place, archive.read_bytes())
            self._entries.setdefault(subdir, {})[archive.name] = entry
            write_repodata(self.folder / subdir, self._entries[subdir])
            self.note(subdir, archive.name, manifest)
        return place

    def manifest(self, subdir: str, file: str) -> Mapping[str, Any] | None:
        """Return what the package was built from and how its tests went; None if that is not known of this file."""
        entry = self.entry(subdir, file)
        try:
            values = parse_json(self._manifest(subdir, file).read_bytes())
        except (OSError, ValueError):
            return None
        return values if entry is not None and values.get("sha256") == entry.get("sha256") else None

    def note(self, subdir: str, file: str, manifest: Mapping[str, Any]) -> None:
        """Write the manifest of a package of the channel."""
        entry = self.entry(subdir, file) or {}
        path = self._manifest(subdir, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps({**manifest, "sha256": entry.get("sha256")}).encode())

    def _manifest(self, subdir: str, file: str) -> Path:
        return self.folder / ".manifests" / subdir / f"{os.path.basename(file)}.json"  # noqa: PTH119
