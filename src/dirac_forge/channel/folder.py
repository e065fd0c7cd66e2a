"""Channels in local folders: snapshots, read sparsely, with malformed records left out."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import rattler
from rattler import MatchSpec, PackageRecord, RepoDataRecord, SparseRepoData
from rattler.exceptions import InvalidPackageNameError

from dirac_forge.channel.archives import DOWNLOAD_LIMIT, unpack
from dirac_forge.channel.gap import Gap
from dirac_forge.channel.malformed import NoRepodataError, name_in, plain_fault, problem_of, require_records
from dirac_forge.channel.mapped import release_pages
from dirac_forge.channel.records import Record, RunExports
from dirac_forge.channel.run_exports import read_run_exports
from dirac_forge.channel.snapshot_file import read_snapshot_file
from dirac_forge.channel.sources import ChannelUnknownError
from dirac_forge.errors import InputError
from dirac_forge.files import read_bytes, unreadable
from dirac_forge.progress import Observer
from dirac_forge.scratch import scratch_folder
from dirac_forge.untrusted import parse_json

T = TypeVar("T")
_LARGEST = 2 * 1024**3
"""Bytes of repodata; conda-forge's largest has some 500 MB."""


_MOST_KEPT = 64 * 1024**2
"""Bytes of repodata of which all records that were ever asked for may stay in memory."""
_MOST_DATED = 64 * 1024**2
"""Bytes of repodata of which the first uploads are looked up."""
_OLD = datetime.min.replace(tzinfo=UTC)


class Folder:
    """A channel in a local folder, `<subdir>/repodata.json` each; opened once, read sparsely.

    The files are mapped: the kernel ends this process if one is cut short in place meanwhile. A copy would not prevent
    that, because the gateway (see `is_kept`) maps the folder's own files, whose URLs the records have.
    """

    def __init__(self, folder: Path, *, observer: Observer) -> None:
        """Look at the folder; files are opened when they are needed.

        Raises:
            InputError: the folder is missing or has no repodata, or does not say what it is a snapshot of.
        """
        self.folder = folder.absolute()
        if not self.folder.is_dir():
            raise InputError(f"{folder}: there is no such folder", hint="A channel is a URL, a name, or a folder.")
        self._subdirs = tuple(sorted(path.parent.name for path in self.folder.glob("*/repodata.json")))
        if not self._subdirs:
            packed = next(self.folder.glob("*/repodata.json.*"), None)
            unpack_it = f"{packed.relative_to(self.folder)} alone is not read: decompress it. " if packed else ""
            raise InputError(
                f"{folder}: not a channel: it has no <subdir>/repodata.json",
                hint=f"{unpack_it}`rattler-index` and `conda index` write these files.",
            )
        self._observer = observer
        self.snapshot = read_snapshot_file(self.folder)
        self._channel = rattler.Channel(self.folder.as_uri())
        self._lock = threading.RLock()
        self._open: dict[str, SparseRepoData | ChannelUnknownError] = {}
        self._repaired: set[str] = set()
        self._left_out: dict[str, set[str]] = {}
        self._sparse_only = False
        self._stamps: dict[str, tuple[int, int, int]] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._exports: dict[str, Mapping[str, RunExports]] = {}
        self._first: dict[str, Mapping[str, datetime]] = {}
        self._without: dict[tuple[str, frozenset[str]], list[SparseRepoData]] = {}

    @property
    def part_of(self) -> Gap | None:
        """Of which channel it is a part; None if it is whole."""
        found = self.snapshot
        return Gap(day=found.day, folder=self.label, channel=self.stands_for) if found.part else None

    def gap(self, platform: str, name: str) -> Gap | None:
        """See `RecordSource`: a part knows which packages its targets need and the channel does not have."""
        return None if name in self.snapshot.absent.get(platform, ()) else self.part_of

    @property
    def label(self) -> str:
        """The folder."""
        return str(self.folder)

    @property
    def channel(self) -> rattler.Channel:
        """A channel with a `file:` URL."""
        return self._channel

    @property
    def stands_for(self) -> str:
        """The URL of the channel that this is a snapshot of, by which specs such as `conda-forge::python` call it."""
        return self.snapshot.channel

    def platforms(self) -> tuple[str, ...]:
        """Return every subdir that the folder has, but for noarch."""
        return tuple(subdir for subdir in self._subdirs if subdir != "noarch")

    def sparse(self, platform: str) -> list[SparseRepoData]:
        """Return the opened repodata of `platform` and of noarch, if the folder has them.

        A snapshot says, in a warning, that it was not made for a platform; the embedded one is known to be a part.

        Raises:
            ChannelUnknownError: a file can't be read; the message names it.
        """
        made_for = self.snapshot.platforms
        lacks = platform not in self._subdirs and made_for and platform not in made_for
        if lacks and self.label == str(self.folder):
            made = ", ".join(made_for)
            self._observer.warned(f"{self.folder}: the snapshot was made for {made}; it has nothing for {platform}")
        return [self._opened(subdir) for subdir in dict.fromkeys((platform, "noarch")) if subdir in self._subdirs]

    def is_kept(self, platform: str) -> bool:
        """Whether the solver's library may read the folder by itself and keep what it parsed.

        So many questions cost less. The answers are the same, but for the choice among builds of one version that
        nothing else decides. It does not tell which record is malformed, a large channel would fill the memory, and a
        file that was replaced meanwhile would be another one than the rest of the run looks at.

        Raises:
            ChannelUnknownError: a file can't be read.
        """
        if self._sparse_only or self._repaired or not {platform, "noarch"} <= set(self._subdirs):
            return False
        files = (self.folder / subdir / "repodata.json" for subdir in (platform, "noarch"))
        if sum(path.stat().st_size for path in files) > _MOST_KEPT:
            return False
        self.sparse(platform)
        return self.is_settled(platform)

    @property
    def reading(self) -> tuple[bool, frozenset[str]]:
        """How it is read by now: whether sparsely alone, and which files without their malformed records.

        Whoever fails asks whether this changed meanwhile: another thread may have met the same error before.
        """
        with self._lock:
            return self._sparse_only, frozenset(self._repaired)

    def is_settled(self, platform: str) -> bool:
        """Whether the files are those that were first looked at, and no record of them is left out."""
        return not self._left_out and all(
            _stamp(self.folder / subdir / "repodata.json") == self._noted(subdir)
            for subdir in (platform, "noarch")
            if subdir in self._subdirs
        )

    def _noted(self, subdir: str) -> tuple[int, int, int]:
        """Return what tells a file from one that replaces it, as it was when it was first looked at."""
        with self._lock:
            if subdir not in self._stamps:
                self._stamps[subdir] = _stamp(self.folder / subdir / "repodata.json")
            return self._stamps[subdir]

    def read_sparsely(self) -> None:
        """Let the solver's library keep nothing from now on.

        So a malformed record is told, and a folder that others write into is read as it is when it is opened.
        """
        with self._lock:
            self._sparse_only = True

    def later(self, platform: str, moment: datetime) -> frozenset[str]:
        """Return the names that the folder had no record of yet at `moment`; none if it is too large to look.

        Records without a timestamp count as old.

        Raises:
            ChannelUnknownError: a file can't be read.
        """
        with self._lock:
            if platform not in self._first:
                self._first[platform] = self._first_uploads(platform)
        return frozenset(name for name, first in self._first[platform].items() if first > moment)

    def sparse_without(self, platform: str, names: frozenset[str]) -> list[SparseRepoData]:
        """Return the same as `sparse`, from copies without these names.

        Raises:
            ChannelUnknownError: a file can't be read.
        """
        if not names:
            return self.sparse(platform)
        with self._lock:
            if (platform, names) not in self._without:
                self._without[platform, names] = [self._copied(each, names) for each in self.sparse(platform)]
            return self._without[platform, names]

    def _copied(self, sparse: SparseRepoData, names: frozenset[str]) -> SparseRepoData:
        """Return a copy of one file without these names."""
        entries: dict[str, dict[str, Any]] = {"packages": {}, "packages.conda": {}}
        for record in sparse.load_all_records():
            if record.name.normalized not in names:
                key = "packages.conda" if record.file_name.endswith(".conda") else "packages"
                entries[key][record.file_name] = parse_json(record.to_json())
        return self._opened_copy(sparse.subdir, {"info": {"subdir": sparse.subdir}, **entries})

    def _opened_copy(self, subdir: str, data: Mapping[str, Any]) -> SparseRepoData:
        copy = scratch_folder(self) / "repodata.json"
        copy.write_text(json.dumps(data), encoding="utf-8")
        return SparseRepoData(self._channel, subdir, copy)

    def _first_uploads(self, platform: str) -> dict[str, datetime]:
        """Return the first upload of each name."""
        files = (self.folder / subdir / "repodata.json" for subdir in (platform, "noarch") if subdir in self._subdirs)
        if sum(path.stat().st_size for path in files) > _MOST_DATED:
            return {}
        first: dict[str, datetime] = {}
        for record in self._repairing(platform, lambda: self._all_records(platform)):
            name, uploaded = record.name.normalized, record.timestamp or _OLD
            first[name] = min(uploaded, first.get(name, uploaded))
        return first

    def _all_records(self, platform: str) -> list[RepoDataRecord]:
        return [record for sparse in self.sparse(platform) for record in sparse.load_all_records()]

    def repair(self, platform: str) -> None:
        """Leave out the malformed records after an error in reading them, with a warning for each.

        Raises:
            ChannelUnknownError: the file as a whole is malformed.
        """
        with self._lock:
            fresh = [
                subdir for subdir in (platform, "noarch") if subdir in self._subdirs and subdir not in self._repaired
            ]
            for subdir in fresh:
                self._filter(subdir)

    def load(self, platform: str, names: Iterable[str], *, noarch: bool = True) -> list[RepoDataRecord]:
        """Return the records of these packages; malformed ones are left out with a warning.

        Raises ChannelUnknownError.
        """
        wanted = list(names)
        return self._repairing(platform, lambda: self._load(platform, wanted, noarch=noarch))

    def _repairing(self, platform: str, read: Callable[[], T]) -> T:
        """Return what `read` returns; if it stumbles over malformed records, then without these."""
        before = self.reading
        try:
            return read()
        except OSError as exc:
            self.repair(platform)
            if self.reading == before:
                raise self.broken(platform, exc) from exc
        return self._repairing(platform, read)

    def names(self, platform: str) -> frozenset[str]:
        """Return all names of `platform` and noarch, those included of which every record is malformed."""
        found = {name for sparse in self.sparse(platform) for name in sparse.package_names()}
        return self.left_out(platform) | found

    def left_out(self, platform: str) -> frozenset[str]:
        """Return the names of `platform` and noarch of which a malformed record was left out until now."""
        left_out = (self._left_out.get(subdir, ()) for subdir in (platform, "noarch"))
        return frozenset(name for names in left_out for name in names)

    def removed(self, platform: str, name: str) -> tuple[tuple[str, str], ...]:
        """Return what the `removed` list of repodata.json has."""
        try:
            entries = [entry for sparse in self.sparse(platform) for entry in sparse.load_removed(name)]
        except (OSError, InvalidPackageNameError):
            return ()
        return tuple((str(entry.version), str(entry.build)) for entry in entries)

    def run_exports(self, record: Record) -> RunExports | None:
        """Return the run_exports from `<subdir>/run_exports.json` (CEP 12)."""
        with self._lock:
            if record.subdir not in self._exports:
                self._exports[record.subdir] = read_run_exports(self.folder / record.subdir / "run_exports.json")
        return self._exports[record.subdir].get(record.file)

    def unpack(self, record: PackageRecord, folder: Path) -> bool:
        """Unpack the file next to the repodata, if it is there.

        Raises:
            ChannelUnknownError: the file is another one, too large, or no package.
        """
        path = self.folder / record.subdir / str(getattr(record, "file_name", ""))
        if not path.is_file():
            return False
        if path.stat().st_size > DOWNLOAD_LIMIT:
            raise ChannelUnknownError(f"{path}: the package has more than {DOWNLOAD_LIMIT // 1024**2} MB")
        if record.sha256 is not None and hashlib.sha256(path.read_bytes()).digest() != record.sha256:
            raise ChannelUnknownError(f"{path}: it is not the file that the repodata lists: its SHA-256 differs")
        try:
            unpack(path, folder)
        except Exception as exc:
            raise ChannelUnknownError(f"{path}: the package can't be unpacked: {exc}") from exc
        return True

    def matching(self, subdir: str, specs: Iterable[MatchSpec]) -> list[RepoDataRecord]:
        """Return the records in one subdir that match any of these specs; malformed ones are left out with a warning.

        Raises ChannelUnknownError.
        """
        wanted = list(specs)
        if not wanted or subdir not in self._subdirs:
            return []
        return self._repairing(subdir, lambda: self._opened(subdir).load_matching_records(wanted))

    def _load(self, platform: str, names: list[str], *, noarch: bool) -> list[RepoDataRecord]:
        return [
            record
            for sparse in self.sparse(platform)
            if noarch or sparse.subdir == platform
            for name in names
            if name.lower() in self._listed(sparse)
            for record in sparse.load_records(name)
        ]

    def _listed(self, sparse: SparseRepoData) -> frozenset[str]:
        """Return the names that one file has: most questions are about names that it does not have."""
        with self._lock:
            if sparse.subdir not in self._names:
                self._names[sparse.subdir] = frozenset(name.lower() for name in sparse.package_names())
            return self._names[sparse.subdir]

    def _opened(self, subdir: str) -> SparseRepoData:
        with self._lock:
            if subdir not in self._open:
                path = self.folder / subdir / "repodata.json"
                try:
                    if not path.is_file():
                        raise NoRepodataError("it is not a regular file")
                    require_records(path)
                    self._noted(subdir)
                    self._open[subdir] = SparseRepoData(self._channel, subdir, path)
                    release_pages(path)
                except OSError as exc:
                    self._open[subdir] = self.broken(subdir, exc)
            found = self._open[subdir]
        if isinstance(found, ChannelUnknownError):
            raise found
        return found

    def broken(self, subdir: str, exc: OSError) -> ChannelUnknownError:
        """Return the error for a file that can't be read."""
        path = self.folder / subdir / "repodata.json"
        return _unreadable(path, exc)

    def _filter(self, subdir: str) -> None:
        """Open a copy without the malformed records, if there are any."""
        self._repaired.add(subdir)
        path = self.folder / subdir / "repodata.json"
        try:
            data = parse_json(read_bytes(path, most=_LARGEST))
        except (OSError, ValueError) as exc:
            raise _unreadable(path, exc) from exc
        bad: set[str] = set()
        for key in ("packages", "packages.conda"):
            for file_name, entry in list((data.get(key) or {}).items()):
                problem = problem_of(entry)
                if problem:
                    bad.add(name_in(entry, file_name))
                    del data[key][file_name]
                    self._observer.warned(f"{path}: {file_name} is left out: {problem}")
        if bad:
            self._open[subdir] = self._opened_copy(subdir, data)
            self._left_out[subdir] = bad


def _unreadable(path: Path, exc: Exception) -> ChannelUnknownError:
    """Return the error for repodata that can't be read; as the reason of an answer it says what to do, too."""
    said = unreadable(exc)
    of_system = isinstance(exc, OSError) and exc.errno is not None
    why = said if of_system or isinstance(exc, NoRepodataError) else plain_fault(path, said)
    return ChannelUnknownError(f"{path}: the repodata can't be read: {why}; fetch this file or index the channel again")


def _stamp(path: Path) -> tuple[int, int, int]:
    """Return what differs once a file is replaced or rewritten; zeros if it is gone."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns
