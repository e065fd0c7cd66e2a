"""Where records come from: the channels that a user names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from urllib.parse import unquote

import rattler
from rattler import Client, Gateway
from rattler.exceptions import InvalidChannelError

from dirac_forge.channel.embedded import NAME, EmbeddedFolder, embedded_folder, embedded_place, is_embedded
from dirac_forge.channel.folder import Folder
from dirac_forge.channel.remote import Remote, client_with_credentials, innermost, make_gateway
from dirac_forge.channel.sources import ChannelUnknownError, RecordSource
from dirac_forge.errors import InputError, redact
from dirac_forge.progress import Observer, Silent
from dirac_forge.store import Store
from dirac_forge.untrusted import split_url
from dirac_forge.values import dataclass

__all__ = ["ChannelUnknownError", "Folder", "RecordSource", "Remote", "Sources", "innermost"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Opens channels; those behind URLs share one client and one gateway, made when the first of them is asked."""

    observer: Observer = field(default_factory=Silent)
    """Who watches downloads and hears warnings."""
    cache_dir: Path | None = None
    """For downloaded repodata; None shares the cache of pixi and rattler-build."""
    store: Store | None = None
    """Keeps the run_exports of remote packages."""
    offline: bool = False
    """Only what the cache has."""
    reachable: Callable[[str], bool] | None = None
    """Asks, once for each channel, whether a URL's host answers; None goes straight to the channel."""
    retries: int = 2
    """How often a request that failed is made again."""
    patience: float = 120.0
    """Seconds for one question to a remote channel, all tries together."""
    embedded_dir: Path | None = None
    """Where the embedded snapshot is unpacked, to answer if conda-forge can't be reached; None: it is not used."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _made: list[tuple[Client, Gateway]] = field(default_factory=list)

    def open(self, channels: Iterable[str | Path]) -> tuple[Folder | Remote, ...]:
        """Return the channels by name on conda.anaconda.org, URL (`file:` too) or folder, each once.

        Raises:
            InputError: there is no such folder, or it holds no channel, or it is not a channel's name.
        """
        return tuple(self._open(channel) for channel in dict.fromkeys(channels))

    def gateway(self) -> Gateway:
        """Return the gateway to all remote channels, and to folders that it may keep."""
        return self._network()[1]

    def _network(self) -> tuple[Client, Gateway]:
        with self._lock:
            if not self._made:
                client = client_with_credentials(retries=self.retries)
                self._made.append((client, make_gateway(client, cache_dir=self.cache_dir, offline=self.offline)))
        return self._made[0]

    def _open(self, named: str | Path) -> Folder | Remote:
        text = str(named)
        if text == NAME and self.embedded_dir is not None:
            return self._embedded(self.embedded_dir)
        if text.startswith("file:"):
            return self._folder(Path(unquote(split_url(text).path)))
        folder = Path(text).expanduser()
        spelled_as_path = isinstance(named, Path) or text.startswith((".", "/", "~"))
        if spelled_as_path or ("://" not in text and folder.is_dir()):
            return self._folder(folder)
        channel = _named_channel(text)
        if self.embedded_dir is not None and _is_conda_forge(channel) and not self._answers(channel):
            found = self._embedded(self.embedded_dir)
            why = "offline" if self.offline else "conda-forge can't be reached"
            self.observer.warned(f"{why}: the embedded snapshot of {found.as_of} is used instead")
            return found
        return self._remote(channel)

    def _remote(self, channel: rattler.Channel) -> Remote:
        return Remote(
            channel,
            gateway=self.gateway,
            client=lambda: self._network()[0],
            new_client=self._new_client,
            cache=self.cache_dir,
            observer=self.observer,
            reachable=None if self.offline else self.reachable,
            store=self.store,
            offline=self.offline,
            patience=self.patience,
        )

    def _new_client(self, headers: Mapping[str, str]) -> Client:
        return client_with_credentials(retries=self.retries, headers=headers)

    def _answers(self, channel: rattler.Channel) -> bool:
        """Whether the channel can be asked: its host answers, or offline the cache has repodata."""
        if self.offline:
            return self.cache_dir is None or any(self.cache_dir.glob("*"))
        return self.reachable is None or self.reachable(channel.base_url)

    def _folder(self, folder: Path) -> Folder:
        if self.embedded_dir is not None and is_embedded(folder, self.embedded_dir) and folder.is_dir():
            current = folder.absolute() == embedded_place(self.embedded_dir).absolute()
            return self._embedded(self.embedded_dir) if current else self._dated(folder)
        found = Folder(folder, observer=self.observer)
        if found.snapshot.day is not None:
            self.observer.dated(found.snapshot.day, str(folder))
        return found

    def _embedded(self, folder: Path) -> EmbeddedFolder:
        return self._dated(embedded_folder(folder))

    def _dated(self, folder: Path) -> EmbeddedFolder:
        found = EmbeddedFolder(folder, observer=self.observer)
        self.observer.dated(found.as_of)
        return found


def _is_conda_forge(channel: rattler.Channel) -> bool:
    return split_url(channel.base_url).path.strip("/") == "conda-forge"


def _named_channel(text: str) -> rattler.Channel:
    try:
        return rattler.Channel(text)
    except InvalidChannelError as exc:
        raise InputError(
            f"{redact(text)!r} is not a channel: {innermost(exc)}", hint="Give a name, a URL or a folder."
        ) from exc
