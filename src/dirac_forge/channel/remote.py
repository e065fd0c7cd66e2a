"""Channels behind URLs, read through the gateway: by shards if there are any, cached on disk."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import tempfile
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, TypeVar

import rattler
from rattler import Client, Gateway, MatchSpec, PackageRecord, RepoDataRecord
from rattler.exceptions import GatewayError
from rattler.networking import (
    AuthenticationMiddleware,
    GCSMiddleware,
    OciMiddleware,
    RetryMiddleware,
    S3Middleware,
)
from rattler.package_streaming import download_to_writer
from rattler.platform import Subdir
from rattler.repo_data.gateway import SourceConfig

from dirac_forge.channel.archives import DOWNLOAD_LIMIT, LargePackageError, unpack
from dirac_forge.channel.parts import NewClient, read_remote_info
from dirac_forge.channel.records import Record, RunExports
from dirac_forge.channel.sources import ChannelUnknownError
from dirac_forge.channel.virtual import PLATFORMS
from dirac_forge.channel.watched import watched
from dirac_forge.errors import redact
from dirac_forge.files import private_folder
from dirac_forge.progress import Observer
from dirac_forge.store import Store
from dirac_forge.untrusted import parse_json

T = TypeVar("T")
_NONE: Mapping[str, str] = MappingProxyType({})
_NO_REPODATA = re.compile(r"struct LazyRepoData|^expected value at line 1 column 1$")
"""How the reader says that a file is no JSON object."""
_FAULTS = (
    ("is empty", re.compile(r"^EOF while parsing a value at line 1 column 0$")),
    ("is cut off", re.compile(r"^EOF while parsing .* at line \d+ column \d+$")),
    ("is damaged, cut off or not repodata", re.compile(r" at line \d+ column \d+$")),
)
"""What came, by how the reader puts it, which alone has seen the file."""
_TIMEOUT = 60
"""Seconds for one request."""


class Remote:
    """A channel behind a URL, read through the gateway: sharded if the channel has shards, cached on disk."""

    def __init__(
        self,
        channel: rattler.Channel,
        *,
        gateway: Callable[[], Gateway],
        client: Callable[[], Client],
        new_client: NewClient,
        cache: Path | None,
        observer: Observer,
        reachable: Callable[[str], bool] | None,
        store: Store | None,
        offline: bool = False,
        patience: float = 120.0,
    ) -> None:
        """Ask nothing before the first question; `new_client` makes clients with more headers, `cache` is the
        folder that the gateway downloads to, and `patience` the seconds for one question, all tries together.
        """
        self._channel = channel
        self._gateway = gateway
        self._client = client
        self._new_client = new_client
        self._cache = cache
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

    def gap(self, platform: str, name: str) -> None:
        """Return None: it is whole."""

    @property
    def label(self) -> str:
        """The name on conda.anaconda.org, else the URL; without credentials."""
        return redact(self._channel.base_url).rstrip("/").removeprefix("https://conda.anaconda.org/")

    @property
    def channel(self) -> rattler.Channel:
        """The channel."""
        return self._channel

    def platforms(self) -> tuple[str, ...]:
        """Return those of conda-forge, and what was asked about beside them; a channel does not tell which it has."""
        return tuple(dict.fromkeys((*PLATFORMS, *self._met)))

    def meet(self, platform: str) -> None:
        """Make sure, once a run and platform, that the channel answers.

        Raises:
            ChannelUnknownError: it does not; asked again, the same error comes at once.
        """
        with self._lock:
            if not self._asked and self._reachable is not None and not self._reachable(self._channel.base_url):
                self._failed = self._unreached()
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

    def _unreached(self) -> ChannelUnknownError:
        """Return the error for a host that does not answer; an unusual name may have meant a folder."""
        label = self.label
        doubtful = label != "conda-forge" and "/" not in label
        meant = (
            f" at {redact(self._channel.base_url).rstrip('/')} (there is no folder of this name)" if doubtful else ""
        )
        return ChannelUnknownError(
            f"the channel {label} can't be reached{meant}", hint="Check the network, or give a snapshot folder."
        )

    def failed(self, platform: str, exc: Exception) -> ChannelUnknownError:
        """Remember that the channel broke off, and the error to raise."""
        error = ChannelUnknownError(f"the channel {self.label} can't be read for {platform}: {_told(exc)}")
        with self._meeting[platform]:
            self._met[platform] = error
        return error

    def load(self, platform: str, names: Iterable[str], *, noarch: bool = True) -> list[RepoDataRecord]:
        """Return the records of these packages. Raises ChannelUnknownError."""
        self.meet(platform)
        wanted = [MatchSpec(name) for name in names]
        if not wanted:
            return []
        try:
            subdirs = _subdirs(platform) if noarch else [Subdir(platform)]
            found = self._ask(self._gateway().query([self._channel], subdirs, wanted, recursive=False))
        except (GatewayError, TimeoutError) as exc:
            raise self.failed(platform, exc) from exc
        return [record for part in found for record in part]

    def matching(self, subdir: str, specs: Iterable[MatchSpec]) -> list[RepoDataRecord]:
        """Return the records in one subdir that match any of these specs; none if the channel breaks off."""
        wanted = list(specs)
        if not wanted:
            return []
        try:
            found = self._ask(self._gateway().query([self._channel], [Subdir(subdir)], wanted, recursive=False))
        except (GatewayError, TimeoutError):
            return []  # asked only to warn of what a solution passed over
        return [record for part in found for record in part]

    def names(self, platform: str) -> frozenset[str]:
        """Return all names of `platform` and noarch. Raises ChannelUnknownError."""
        self.meet(platform)
        try:
            found = self._ask(self._gateway().names([self._channel], _subdirs(platform)))
        except (GatewayError, TimeoutError) as exc:
            raise self.failed(platform, exc) from exc
        return frozenset(name.normalized for name in found)

    def removed(self, platform: str, name: str) -> tuple[tuple[str, str], ...]:
        """Return the `removed` list of the repodata. Raises ChannelUnknownError."""
        self.meet(platform)
        try:
            found = self._ask(self._gateway().query([self._channel], _subdirs(platform), [name], recursive=False))
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
        """Download a package and check it against the hash of the repodata. Raises ChannelUnknownError."""
        url = str(getattr(record, "url", ""))
        name = "package.tar.bz2" if url.endswith(".tar.bz2") else "package.conda"
        try:
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as temporary:
                package = Path(temporary, name)
                with package.open("wb") as file:
                    bounded = _Bounded(file)
                    self._ask(download_to_writer(self._client(), url, bounded))
                if record.sha256 is not None and bounded.digest() != record.sha256:
                    raise OSError("it is not the file that the repodata lists: its SHA-256 differs")
                unpack(package, folder)
        except Exception as exc:
            raise ChannelUnknownError(f"{redact(url)}: the package can't be used: {redact(str(exc))}") from exc
        return True

    def _fetch_run_exports(self, record: Record) -> RunExports | None:
        url = f"{self._channel.base_url.rstrip('/')}/{record.subdir}/{record.file}"
        kept_as = hashlib.sha256(redact(url).encode()).hexdigest()
        kept = self._store.get("run-exports", kept_as)
        if kept is not None:
            with suppress(ValueError):  # a broken entry is as good as none
                return RunExports.from_json(_run_exports(kept))
        if self._offline:
            return None
        try:
            read = read_remote_info(url, "run_exports.json", client=self._new_client, ask=self._ask)
            exports = RunExports.from_json(_run_exports(read))
        except Exception as exc:  # noqa: BLE001 - the exceptions of the transport share no base
            self._observer.warned(f"{redact(url)}: run_exports are unknown: {redact(str(exc))}")
            return None
        self._store.put("run-exports", kept_as, json.dumps(asdict(exports)).encode())
        return exports

    def _ask(self, question: Awaitable[T]) -> T:
        """Return the answer; raises TimeoutError for a channel that stops half way, or sends without end."""
        return asyncio.run(watched(question, seconds=self._patience, cache=self._cache))

    def _first_contact(self, platform: str) -> ChannelUnknownError | None:
        task = f"repodata of {self.label} for {platform}"
        self._observer.started(task)
        try:
            names = self._ask(self._gateway().names([self._channel], _subdirs(platform)))
        except (GatewayError, TimeoutError) as exc:
            return ChannelUnknownError(f"the channel {self.label} can't be read for {platform}: {_told(exc)}")
        finally:
            self._observer.finished(task)
        if not names:
            return ChannelUnknownError(
                f"the channel {self.label} has no package for {platform} or noarch: is this a channel?",
                hint="Look at the URL in a browser: <URL>/noarch/repodata.json should be there.",
            )
        return None


class _Bounded:
    """Takes the bytes of a download up to the limit, with their hash."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = DOWNLOAD_LIMIT
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write bytes. Raises LargePackageError beyond the limit."""
        self._left -= len(data)
        if self._left < 0:
            raise LargePackageError(f"it has more than {DOWNLOAD_LIMIT // 1024**2} MB")
        self._hash.update(data)
        return self._file.write(data)

    def digest(self) -> bytes:
        """Return the SHA-256 of everything that was written."""
        return self._hash.digest()


def _subdirs(platform: str) -> list[Subdir]:
    return [Subdir(subdir) for subdir in dict.fromkeys((platform, "noarch"))]


def _told(exc: Exception) -> str:
    """Return why repodata can't be read."""
    text = innermost(exc)
    if _NO_REPODATA.search(text):
        return "the answer is not repodata: check for a proxy or a login page"
    fault = next((words for words, said in _FAULTS if said.search(text)), "")
    return f"the answer {fault} ({text}); try again, or report it to the channel's operators" if fault else text


def innermost(exc: Exception) -> str:
    """Return the innermost of the causes that py-rattler lists, one a line: it says what a user can act on."""
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return redact(lines[-1].removeprefix("Caused by: ")) if lines else type(exc).__name__


def _run_exports(read: bytes | None) -> Mapping[str, Any]:
    """Return what info/run_exports.json of a package says; a list has what is `weak`. Raises ValueError."""
    told = {} if read is None else parse_json(read)
    if isinstance(told, list):
        return {"weak": told}
    if isinstance(told, dict):
        return told
    raise ValueError("info/run_exports.json is neither a mapping nor a list")


def client_with_credentials(*, retries: int, headers: Mapping[str, str] = _NONE) -> Client:
    """Return a client that knows the credentials that conda's own tools keep (auth file, keyring, netrc)."""
    return Client(
        [RetryMiddleware(retries), AuthenticationMiddleware(), OciMiddleware(), GCSMiddleware(), S3Middleware()],
        headers=dict(headers),
        user_agent="dirac-forge",
        timeout=_TIMEOUT,
    )


def make_gateway(client: Client, *, cache_dir: Path | None, offline: bool) -> Gateway:
    """Return the gateway of a run; `offline`, only what is in its cache is used.

    It downloads and decompresses repodata by itself and takes no limit on their bytes: ask it `watched`. It writes
    URLs, with credentials, into files that everybody may read: their folder is closed to others.
    """
    if cache_dir is not None:
        with suppress(OSError):  # what can't be written is told by the gateway
            private_folder(cache_dir)
            cache_dir.chmod(0o700)
    config = SourceConfig(cache_action="force-cache-only" if offline else "cache-or-fetch")
    return Gateway(cache_dir=cache_dir, default_config=config, client=client)
