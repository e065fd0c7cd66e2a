"""How records of one channel are read: a snapshot in a folder, or a channel behind a URL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from rattler import Channel, Client, Gateway, MatchSpec, RepoDataRecord, SparseRepoData
from rattler.exceptions import GatewayError, InvalidChannelError
from rattler.repo_data.gateway import SourceConfig

from dirac_forge.errors import InputError, UnknownError

__all__ = ["ChannelUnreadableError", "Reader", "RemoteChannel", "Snapshot", "open_reader", "without_credentials"]

_LONGEST_READ = 180.0
"""Seconds for one question to a channel that answers: a channel without shards sends some 50 MB for each platform."""


class ChannelUnreadableError(UnknownError):
    """A channel could not be read, so what it has is unknown."""


class Reader(Protocol):
    """One channel."""

    @property
    def label(self) -> str:
        """What messages call the channel; without credentials."""
        ...

    def load(self, platform: str, names: Iterable[str]) -> list[RepoDataRecord]:
        """The records of these packages for `platform` and noarch; an `UnknownError` where they can't be read."""
        ...


class Snapshot:
    """A channel in a folder: `<subdir>/repodata.json` each, opened once and read sparsely."""

    def __init__(self, folder: Path) -> None:
        """Raises `InputError` where the folder is missing or holds no repodata.json."""
        self._folder = folder.expanduser().absolute()
        if not self._folder.is_dir():
            raise InputError(f"{folder}: there is no such folder", hint="A channel is a name, a URL or a folder.")
        self._subdirs = frozenset(path.parent.name for path in self._folder.glob("*/repodata.json"))
        if not self._subdirs:
            raise InputError(
                f"{folder}: this is no channel: no <subdir>/repodata.json is in it",
                hint="Give the folder above noarch/, or index it with `conda index` or `rattler-index`.",
            )
        self._channel = Channel(self._folder.as_uri())
        self._opened: dict[str, SparseRepoData] = {}

    @property
    def label(self) -> str:
        """The folder."""
        return str(self._folder)

    def load(self, platform: str, names: Iterable[str]) -> list[RepoDataRecord]:
        """See `Reader`; a malformed repodata.json is an `InputError` that names the file."""
        wanted = list(names)
        found: list[RepoDataRecord] = []
        for subdir in dict.fromkeys((platform, "noarch")):
            if subdir not in self._subdirs:
                continue
            path = self._folder / subdir / "repodata.json"
            try:
                repodata = self._open(subdir, path)
                found += [record for name in wanted for record in repodata.load_records(name)]
            except OSError as exc:
                raise InputError(
                    f"{path}: not readable as repodata: {exc}", hint="Fetch or index the channel again."
                ) from exc
        return found

    def _open(self, subdir: str, path: Path) -> SparseRepoData:
        if subdir not in self._opened:
            self._opened[subdir] = SparseRepoData(self._channel, subdir, path)
        return self._opened[subdir]


class RemoteChannel:
    """A channel behind a URL, read through py-rattler's gateway: by shards where there are any, cached on disk."""

    def __init__(
        self,
        channel: Channel,
        *,
        gateway: Gateway,
        reachable: Callable[[str], bool] | None,
    ) -> None:
        """`reachable` tells within seconds whether a host answers (`Http.reachable`); None: it is not asked first."""
        self._channel = channel
        self._gateway = gateway
        self._reachable = reachable
        self._met = False

    @property
    def label(self) -> str:
        """The name on conda.anaconda.org, else the URL."""
        url = without_credentials(self._channel.base_url).rstrip("/")
        return url.removeprefix("https://conda.anaconda.org/")

    def load(self, platform: str, names: Iterable[str]) -> list[RepoDataRecord]:
        """See `Reader`; raises `ChannelUnreadableError`."""
        specs = [MatchSpec(name) for name in names]
        if not self._met and self._reachable is not None and not self._reachable(self._channel.base_url):
            raise ChannelUnreadableError(f"the channel {self.label} can't be reached")
        try:
            found = asyncio.run(asyncio.wait_for(self._ask(platform, specs), _LONGEST_READ))
        except TimeoutError as exc:
            raise ChannelUnreadableError(f"the channel {self.label} gave no answer in {_LONGEST_READ:.0f} s") from exc
        except GatewayError as exc:
            raise ChannelUnreadableError(f"the channel {self.label} can't be read: {_cause(exc)}") from exc
        self._met = True
        return found

    async def _ask(self, platform: str, specs: list[MatchSpec]) -> list[RepoDataRecord]:
        subdirs = list(dict.fromkeys((platform, "noarch")))
        if not self._met and not await self._gateway.names([self._channel], subdirs):  # type: ignore[arg-type]
            raise ChannelUnreadableError(f"the channel {self.label} has no package for {platform} or noarch")
        found = await self._gateway.query([self._channel], subdirs, specs, recursive=False)  # type: ignore[arg-type]
        return [record for part in found for record in part]


def open_reader(
    channel: str | Path,
    *,
    gateway: Callable[[], Gateway],
    reachable: Callable[[str], bool] | None = None,
) -> Reader:
    """The channel that a user names: a folder (also as `file:` URL), a URL, or a name on conda.anaconda.org.

    Raises `InputError` where there is no such folder, or it is no channel's name.
    """
    text = str(channel)
    if isinstance(channel, Path):
        return Snapshot(channel)
    if text.startswith("file:"):
        return Snapshot(Path(unquote(urlsplit(text).path)))
    if "://" not in text and (text.startswith((".", "/", "~")) or Path(text).is_dir()):
        return Snapshot(Path(text))
    try:
        parsed = Channel(text)
    except InvalidChannelError as exc:
        raise InputError(
            f"{without_credentials(text)!r} is no channel: {without_credentials(str(exc))}",
            hint="A channel is a name, a URL or a folder.",
        ) from exc
    return RemoteChannel(parsed, gateway=gateway(), reachable=reachable)


def make_gateway(*, cache_dir: Path | None, offline: bool, timeout: int = 60) -> Gateway:
    """The gateway of a run; `offline`: only what its cache has. `timeout`: seconds for each request."""
    config = SourceConfig(cache_action="force-cache-only" if offline else "cache-or-fetch")
    return Gateway(cache_dir=cache_dir, default_config=config, client=Client(timeout=timeout))


def _cause(exc: Exception) -> str:
    """The innermost of the causes that py-rattler lists, one a line: it says what a user can act on."""
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return without_credentials(lines[-1].removeprefix("Caused by: ")) if lines else type(exc).__name__


def without_credentials(text: str) -> str:
    """`text` without what URLs in it carry of passwords and tokens (`user:password@`, `/t/TOKEN/`)."""
    return re.sub(r"/t/[^/\s]+", "/t/***", re.sub(r"(?<=://)[^/@\s]+@", "***@", text))
