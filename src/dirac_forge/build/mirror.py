"""A channel of exactly the packages of some environments, as files: what a child without a network installs from."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import url2pathname

from rattler import RepoDataRecord

from dirac_forge.build.repodata import entry_of, sha256_of, write_repodata
from dirac_forge.channel.records import Record, to_record
from dirac_forge.channel.solver import Channel
from dirac_forge.channel.sources import ChannelUnknownError
from dirac_forge.errors import redact
from dirac_forge.untrusted import split_url

if TYPE_CHECKING:
    from dirac_forge.http import Http

_LARGEST = 4 * 1024**3


class Packages:
    """Package files of channels, downloaded once and checked; safe to use from many threads."""

    def __init__(self, folder: Path, http: Callable[[], Http]) -> None:
        """Keep downloads in `folder`; ask `http` for packages that are not in a local folder."""
        self._folder = folder
        self._http = http
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self._digests: dict[tuple[Path, int, int], str] = {}

    def file(self, record: RepoDataRecord) -> Path:
        """Return the package's file. Raises ChannelUnknownError if it is missing or not the one in the repodata."""
        url = record.url
        if url.startswith("file:"):
            path = Path(url2pathname(split_url(url).path))
            if not path.is_file():
                raise ChannelUnknownError(
                    f"{path}: the channel lists this package but does not have it",
                    hint="Repodata alone is enough for planning; builds need a channel that has its packages.",
                )
            if record.sha256 is not None and self._digest(path) != record.sha256.hex():
                raise ChannelUnknownError(f"{path}: it is not the file that the repodata lists: its SHA-256 differs")
            return path
        return self._downloaded(record, url)

    def _digest(self, path: Path) -> str:
        """Return the SHA-256 of a file of a local channel, computed again where the file has changed."""
        known = (path, path.stat().st_size, path.stat().st_mtime_ns)
        if known not in self._digests:
            self._digests[known] = sha256_of(path)
        return self._digests[known]

    def _downloaded(self, record: RepoDataRecord, url: str) -> Path:
        expected = record.sha256.hex() if record.sha256 else None
        if expected is None:
            raise ChannelUnknownError(f"{redact(url)}: the repodata has no SHA-256 of this package")
        path = self._folder / expected[:2] / f"{expected}-{to_record(record).file}"
        with self._lock:
            busy = self._busy.setdefault(expected, threading.Lock())
        with busy:
            if path.is_file():
                return path
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.new")
            with self._http().download(url, limit=_LARGEST, sha256=expected) as file, fresh.open("wb") as kept:
                shutil.copyfileobj(file, kept)
            fresh.replace(path)
        return path


def write_mirror(
    view: Channel,
    records: Iterable[Record],
    folder: Path,
    *,
    platform: str,
    packages: Packages,
    extra: Iterable[tuple[Path, Mapping[str, Any]]] = (),
) -> str:
    """Write a channel with these packages of `view` into `folder`; its URL. Raises ChannelUnknownError.

    `extra` are package files that no channel has, with their entries.
    """
    wanted = {(record.subdir, record.file, record.channel): record for record in records}
    entries: dict[str, dict[str, dict[str, object]]] = {"noarch": {}, platform: {}}
    listed = view.raw(platform, list(wanted.values()))
    if len(listed) != len(wanted):
        raise ChannelUnknownError("a channel no longer lists a package that was solved with it")
    for record, full in zip(wanted.values(), listed, strict=True):
        _put(packages.file(full), folder / record.subdir / record.file)
        entries.setdefault(record.subdir, {})[record.file] = entry_of(full)
    for path, entry in extra:
        _put(path, folder / str(entry["subdir"]) / path.name)
        entries.setdefault(str(entry["subdir"]), {})[path.name] = dict(entry)
    for subdir, mine in entries.items():
        write_repodata(folder / subdir, mine)
    return folder.as_uri()


def _put(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    try:
        os.link(path, place)
    except OSError:  # another file system
        shutil.copyfile(path, place)
