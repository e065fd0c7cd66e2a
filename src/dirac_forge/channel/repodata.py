"""Where records come from: the channel that a user names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import rattler
from rattler import Client, Gateway
from rattler.exceptions import InvalidChannelError

from dirac_forge.channel.folder import Folder
from dirac_forge.channel.remote import Remote, client_with_credentials, make_gateway
from dirac_forge.channel.sources import ChannelUnknownError, Source
from dirac_forge.errors import InputError, redact
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
