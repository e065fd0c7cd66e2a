"""Where records come from: channels in local folders (snapshots) and remote ones."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import tempfile
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import rattler
from rattler import Client, Gateway, MatchSpec, PackageName, PackageRecord, RepoDataRecord, SparseRepoData, Version
from rattler.exceptions import GatewayError, InvalidChannelError, InvalidPackageNameError
from rattler.networking import (
    AuthenticationMiddleware,
    GCSMiddleware,
    OciMiddleware,
    RetryMiddleware,
    S3Middleware,
)
from rattler.package import RunExportsJson
from rattler.package_streaming import download_and_extract, extract
from rattler.repo_data.gateway import SourceConfig

from dirac_forge.channel.records import Record, RunExports
from dirac_forge.channel.virtual import PLATFORMS
from dirac_forge.errors import InputError, UnknownError, redact
from dirac_forge.progress import Observer, Silent
from dirac_forge.store import Store

__all__ = [
    "ChannelUnknownError",
    "Folder",
    "Remote",
    "Source",
    "client_with_credentials",
    "make_gateway",
    "open_source",
]


T = TypeVar("T")


class ChannelUnknownError(UnknownError):
    """A channel can't be read, so nothing can be said about what it has."""


class Source(Protocol):
    """One channel. Safe to use from many threads."""

    @property
    def label(self) -> str:
        """What messages call the channel; without credentials."""
        ...

    @property
    def channel(self) -> rattler.Channel:
        """The solver's value for it."""
        ...

    def load(self, platform: str, names: Iterable[str]) -> list[RepoDataRecord]:
        """The records of these packages for `platform` and noarch."""
        ...

    def names(self, platform: str) -> frozenset[str]:
        """All packages that there are for `platform` and noarch."""
        ...

    def removed(self, platform: str, name: str) -> tuple[tuple[str, str], ...]:
        """Version and build of what the channel had of this package and took back (marked broken)."""
        ...

    def platforms(self) -> tuple[str, ...]:
        """The platforms that the channel may have packages for."""
        ...

    def run_exports(self, record: Record) -> RunExports | None:
        """What a package exports; None where nothing tells."""
        ...

    def unpack(self, record: PackageRecord, folder: Path) -> bool:
        """Unpack the package's file into `folder`; whether the channel has the file."""
        ...


def open_source(
    text: str,
    *,
    gateway: Callable[[], Gateway],
    client: Callable[[], Client],
    observer: Observer | None = None,
    reachable: Callable[[str], bool] | None = None,
    store: Store | None = None,
    offline: bool = False,
    patience: float = 120.0,
) -> Folder | Remote:
    """The channel that a user names: a folder, a `file:` URL, a URL, or a name on conda.anaconda.org.

    Raises:
        InputError: there is no such folder, or it holds no channel, or it is no channel's name.
    """
    watcher = observer or Silent()
    if text.startswith("file:"):
        return Folder(Path(unquote(urlsplit(text).path)), observer=watcher)
    folder = Path(text).expanduser()
    if "://" not in text and (folder.is_dir() or text.startswith((".", "/", "~"))):
        return Folder(folder, observer=watcher)
    try:
        channel = rattler.Channel(text)
    except InvalidChannelError as exc:
        raise InputError(f"{redact(text)!r} is not a channel: {exc}", hint="Give a name, a URL or a folder.") from exc
    return Remote(
        channel,
        gateway=gateway,
        client=client,
        observer=watcher,
        reachable=reachable,
        store=store,
        offline=offline,
        patience=patience,
    )


class Folder:
    """A channel in a local folder, `<subdir>/repodata.json` each; opened once, read sparsely."""

    def __init__(self, folder: Path, *, observer: Observer) -> None:
        """Look at the folder; files are opened when they are needed.

        Raises:
            InputError: the folder is missing or has no repodata.
        """
        self.folder = folder.absolute()
        if not self.folder.is_dir():
            raise InputError(f"{folder}: there is no such folder", hint="A channel is a URL, a name, or a folder.")
        self._subdirs = tuple(sorted(path.parent.name for path in self.folder.glob("*/repodata.json")))
        if not self._subdirs:
            raise InputError(
                f"{folder}: no channel: it holds no <subdir>/repodata.json",
                hint="`rattler-index` and `conda index` write these files.",
            )
        self._observer = observer
        self._channel = rattler.Channel(self.folder.as_uri())
        self._lock = threading.RLock()
        self._open: dict[str, SparseRepoData | ChannelUnknownError] = {}
        self._repaired: set[str] = set()
        self._exports: dict[str, Mapping[str, RunExports]] = {}

    @property
    def label(self) -> str:
        """The folder."""
        return str(self.folder)

    @property
    def channel(self) -> rattler.Channel:
        """A channel with a `file:` URL."""
        return self._channel

    def platforms(self) -> tuple[str, ...]:
        """Every subdir that the folder has, but for noarch."""
        return tuple(subdir for subdir in self._subdirs if subdir != "noarch")

    def sparse(self, platform: str) -> list[SparseRepoData]:
        """The opened repodata of `platform` and of noarch, where the folder has them.

        Raises:
            ChannelUnknownError: a file can't be read; the message names it.
        """
        return [self._opened(subdir) for subdir in (platform, "noarch") if subdir in self._subdirs]

    def repair(self, platform: str) -> bool:
        """After an error while reading records: leave out the malformed ones, with a warning for each.

        Returns whether anything changed, so that trying again makes sense.

        Raises:
            ChannelUnknownError: the file as a whole is malformed.
        """
        with self._lock:
            fresh = [
                subdir for subdir in (platform, "noarch") if subdir in self._subdirs and subdir not in self._repaired
            ]
            repaired = [self._filter(subdir) for subdir in fresh]
            return any(repaired)

    def load(self, platform: str, names: Iterable[str]) -> list[RepoDataRecord]:
        """The records of these packages; malformed ones are left out with a warning."""
        wanted = list(names)
        try:
            return self._load(platform, wanted)
        except OSError as exc:
            if self.repair(platform):
                return self._load(platform, wanted)
            raise self.broken(platform, exc) from exc

    def names(self, platform: str) -> frozenset[str]:
        """All names of `platform` and noarch."""
        return frozenset(name for sparse in self.sparse(platform) for name in sparse.package_names())

    def removed(self, platform: str, name: str) -> tuple[tuple[str, str], ...]:
        """From the `removed` list of repodata.json."""
        try:
            entries = [entry for sparse in self.sparse(platform) for entry in sparse.load_removed(name)]
        except (OSError, InvalidPackageNameError):
            return ()
        return tuple((str(entry.version), str(entry.build)) for entry in entries)

    def run_exports(self, record: Record) -> RunExports | None:
        """From `<subdir>/run_exports.json` (CEP 12)."""
        with self._lock:
            if record.subdir not in self._exports:
                self._exports[record.subdir] = _read_run_exports(self.folder / record.subdir / "run_exports.json")
        return self._exports[record.subdir].get(record.file)

    def unpack(self, record: PackageRecord, folder: Path) -> bool:
        """From the file beside the repodata, where it is there; raises ChannelUnknownError where it is another one."""
        path = self.folder / record.subdir / str(getattr(record, "file_name", ""))
        if not path.is_file():
            return False
        if record.sha256 is not None and hashlib.sha256(path.read_bytes()).digest() != record.sha256:
            raise ChannelUnknownError(f"{path}: it is not the file that the repodata lists: its SHA-256 differs")
        extract(path, folder)
        return True

    def matching(self, subdir: str, specs: Iterable[MatchSpec]) -> list[RepoDataRecord]:
        """The records in one subdir that match any of these specs."""
        wanted = list(specs)
        return self._opened(subdir).load_matching_records(wanted) if wanted and subdir in self._subdirs else []

    def _load(self, platform: str, names: list[str]) -> list[RepoDataRecord]:
        return [record for sparse in self.sparse(platform) for name in names for record in sparse.load_records(name)]

    def _opened(self, subdir: str) -> SparseRepoData:
        with self._lock:
            if subdir not in self._open:
                path = self.folder / subdir / "repodata.json"
                try:
                    self._open[subdir] = SparseRepoData(self._channel, subdir, path)
                except OSError as exc:
                    self._open[subdir] = self.broken(subdir, exc)
            found = self._open[subdir]
        if isinstance(found, ChannelUnknownError):
            raise found
        return found

    def broken(self, subdir: str, exc: OSError) -> ChannelUnknownError:
        """The error for a file that can't be read."""
        path = self.folder / subdir / "repodata.json"
        return ChannelUnknownError(
            f"{path}: the repodata can't be read: {exc}",
            hint="The file is truncated or malformed: fetch or index the channel again.",
        )

    def _filter(self, subdir: str) -> bool:
        """Open a copy without the malformed records; whether there were any."""
        self._repaired.add(subdir)
        path = self.folder / subdir / "repodata.json"
        try:
            data = json.loads(path.read_bytes())
        except (OSError, ValueError) as exc:
            raise ChannelUnknownError(f"{path}: the repodata can't be read: {exc}") from exc
        bad = 0
        for key in ("packages", "packages.conda"):
            for file_name, entry in list((data.get(key) or {}).items()):
                problem = _problem(entry)
                if problem:
                    bad += 1
                    del data[key][file_name]
                    self._observer.warned(f"{path}: {file_name} is left out: {problem}")
        if not bad:
            return False
        folder = Path(tempfile.mkdtemp(prefix="dirac-forge-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        copy = folder / "repodata.json"
        copy.write_text(json.dumps(data), encoding="utf-8")
        self._open[subdir] = SparseRepoData(self._channel, subdir, copy)
        return True


class Remote:
    """A channel behind a URL, read through the gateway: sharded where the channel has shards, cached on disk."""

    def __init__(
        self,
        channel: rattler.Channel,
        *,
        gateway: Callable[[], Gateway],
        client: Callable[[], Client],
        observer: Observer,
        reachable: Callable[[str], bool] | None,
        store: Store | None,
        offline: bool = False,
        patience: float = 120.0,
    ) -> None:
        """Nothing is asked before the first question; `patience`: seconds for one, all tries together."""
        self._channel = channel
        self._gateway = gateway
        self._client = client
        self._observer = observer
        self._reachable = reachable
        self._store = store or Store(None)
        self._offline = offline
        self._patience = patience
        self._lock = threading.Lock()
        self._failed: ChannelUnknownError | None = None
        self._asked = False
        self._meeting: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._met: dict[str, ChannelUnknownError | None] = {}
        self._exports: dict[tuple[str, str], RunExports | None] = {}

    @property
    def label(self) -> str:
        """The channel's URL without credentials."""
        return redact(self._channel.base_url)

    @property
    def channel(self) -> rattler.Channel:
        """The channel."""
        return self._channel

    def platforms(self) -> tuple[str, ...]:
        """Those of conda-forge, and what was asked about beside them; a channel does not tell which it has."""
        return tuple(dict.fromkeys((*PLATFORMS, *self._met)))

    def meet(self, platform: str) -> None:
        """Make sure, once a run and platform, that the channel answers.

        Raises:
            ChannelUnknownError: it does not; asked again, the same error comes at once.
        """
        with self._lock:
            if not self._asked and self._reachable is not None and not self._reachable(self._channel.base_url):
                self._failed = ChannelUnknownError(
                    f"{self.label}: the channel can't be reached", hint="Check the network, or give a snapshot folder."
                )
            self._asked = True
            if self._failed is not None:
                raise self._failed
            meeting = self._meeting[platform]
        with meeting:
            if platform not in self._met:
                self._met[platform] = self._first_contact(platform)
            failure = self._met[platform]
        if failure is not None:
            raise failure

    def failed(self, platform: str, exc: Exception) -> ChannelUnknownError:
        """Remember that the channel broke off, and the error to raise."""
        error = ChannelUnknownError(f"{self.label}: the channel can't be read for {platform}: {redact(str(exc))}")
        with self._meeting[platform]:
            self._met[platform] = error
        return error

    def load(self, platform: str, names: Iterable[str]) -> list[RepoDataRecord]:
        """The records of these packages."""
        self.meet(platform)
        wanted = [MatchSpec(name) for name in names]
        if not wanted:
            return []
        try:
            found = self._ask(
                self._gateway().query([self._channel], [platform, "noarch"], wanted, recursive=False)  # type: ignore[list-item]
            )
        except (GatewayError, TimeoutError) as exc:
            raise self.failed(platform, exc) from exc
        return [record for part in found for record in part]

    def names(self, platform: str) -> frozenset[str]:
        """All names of `platform` and noarch."""
        self.meet(platform)
        try:
            found = self._ask(self._gateway().names([self._channel], [platform, "noarch"]))  # type: ignore[list-item]
        except (GatewayError, TimeoutError) as exc:
            raise self.failed(platform, exc) from exc
        return frozenset(name.normalized for name in found)

    def removed(self, platform: str, name: str) -> tuple[tuple[str, str], ...]:
        """From the `removed` list of the repodata."""
        self.meet(platform)
        try:
            found = self._ask(
                self._gateway().query([self._channel], [platform, "noarch"], [name], recursive=False)  # type: ignore[list-item]
            )
        except (GatewayError, TimeoutError) as exc:
            raise self.failed(platform, exc) from exc
        return tuple((str(entry.version), str(entry.build)) for part in found.removed for entry in part)

    def run_exports(self, record: Record) -> RunExports | None:
        """Read from the package itself with range requests; kept in the store, since a package never changes."""
        key = (record.subdir, record.file)
        if key not in self._exports:
            self._exports[key] = self._fetch_run_exports(record)
        return self._exports[key]

    def unpack(self, record: PackageRecord, folder: Path) -> bool:
        """Downloaded and checked against the hash of the repodata; raises ChannelUnknownError."""
        url = str(getattr(record, "url", ""))
        try:
            asyncio.run(download_and_extract(self._client(), url, folder, record.sha256))
        except Exception as exc:
            raise ChannelUnknownError(f"{redact(url)}: the package can't be downloaded: {redact(str(exc))}") from exc
        return True

    def _fetch_run_exports(self, record: Record) -> RunExports | None:
        url = f"{self._channel.base_url.rstrip('/')}/{record.subdir}/{record.file}"
        kept_as = hashlib.sha256(redact(url).encode()).hexdigest()
        kept = self._store.get("run-exports", kept_as)
        if kept is not None:
            return RunExports.from_json(json.loads(kept))
        if self._offline:
            return None
        try:
            found = asyncio.run(RunExportsJson.from_remote_url(self._client(), url))
        except Exception as exc:  # noqa: BLE001 - the exceptions of the transport share no base
            self._observer.warned(f"{redact(url)}: run_exports are unknown: {redact(str(exc))}")
            return None
        fields = RunExports.__dataclass_fields__
        entry = {} if found is None else {field: list(getattr(found, field)) for field in fields}
        self._store.put("run-exports", kept_as, json.dumps(entry).encode())
        return RunExports.from_json(entry)

    def _ask(self, question: Coroutine[Any, Any, T]) -> T:
        """The answer; a channel that stops half way, and again on every try, is not waited for longer than patience."""

        async def within() -> T:
            return await asyncio.wait_for(question, self._patience)

        try:
            return asyncio.run(within())
        except TimeoutError as exc:
            raise TimeoutError(f"no answer within {self._patience:.0f} s") from exc

    def _first_contact(self, platform: str) -> ChannelUnknownError | None:
        task = f"repodata of {self.label} for {platform}"
        self._observer.started(task)
        try:
            names = self._ask(self._gateway().names([self._channel], [platform, "noarch"]))  # type: ignore[list-item]
        except (GatewayError, TimeoutError) as exc:
            return ChannelUnknownError(f"{self.label}: the channel can't be read for {platform}: {redact(str(exc))}")
        finally:
            self._observer.finished(task)
        if not names:
            return ChannelUnknownError(
                f"{self.label}: there is no package for {platform} or noarch: is this a channel?",
                hint="Look at the URL in a browser: <URL>/noarch/repodata.json should be there.",
            )
        return None


def client_with_credentials(*, timeout: int, retries: int) -> Client:
    """A client that knows the credentials that conda's own tools keep (auth file, keyring, netrc)."""
    return Client(
        [RetryMiddleware(retries), AuthenticationMiddleware(), OciMiddleware(), GCSMiddleware(), S3Middleware()],
        user_agent="dirac-forge",
        timeout=timeout,
    )


def make_gateway(client: Client, *, cache_dir: Path | None, offline: bool) -> Gateway:
    """The gateway of a run; `offline`, only what is in its cache is used."""
    config = SourceConfig(cache_action="force-cache-only" if offline else "cache-or-fetch")
    return Gateway(cache_dir=cache_dir, default_config=config, client=client)


def _read_run_exports(path: Path) -> Mapping[str, RunExports]:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        raise ChannelUnknownError(f"{path}: the run_exports can't be read: {exc}") from exc
    return {
        file_name: RunExports.from_json(entry.get("run_exports") or {})
        for key in ("packages", "packages.conda")
        for file_name, entry in data.get(key, {}).items()
    }


def _problem(entry: Any) -> str:
    """Why the reader stumbles over this entry of repodata.json; "" where it does not."""
    if not isinstance(entry, dict):
        return f"expected a mapping, not {type(entry).__name__}"
    expected: Sequence[tuple[str, type]] = (("name", str), ("version", str), ("build", str), ("build_number", int))
    for key, kind in expected:
        if not isinstance(entry.get(key), kind):
            return f"{key}: expected {'an integer' if kind is int else 'a string'}, not {entry.get(key)!r}"
    for key in ("depends", "constrains"):
        value = entry.get(key) or []
        if not isinstance(value, list) or not all(isinstance(spec, str) for spec in value):
            return f"{key}: expected a list of strings, not {value!r}"
    try:
        Version(entry["version"])
        PackageName(entry["name"])
    except Exception as exc:  # noqa: BLE001 - the exceptions of the parsers share no base
        return str(exc)
    return ""
