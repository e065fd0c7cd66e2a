"""Where channels are opened: those of the settings, for the solver or for questions about names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dirac_forge.cache import usable
from dirac_forge.progress import Observer
from dirac_forge.settings import Settings
from dirac_forge.store import Store
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.channel.catalogue import RattlerCatalogue
    from dirac_forge.channel.solver import Channel


class ChannelContext(Protocol):
    """The settings, and what opening a channel needs of a run."""

    @property
    def settings(self) -> Settings:
        """The settings of the workspace."""
        ...

    @property
    def observer(self) -> Observer:
        """Who watches downloads and hears warnings."""
        ...

    @property
    def http(self) -> Any:
        """A session with `reachable(url) -> bool`; not made if all channels are folders."""
        ...

    @property
    def store(self) -> Store:
        """Keeps run_exports, and solutions if all channels are folders."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelAddress:
    """Everything that is needed to open the same channels elsewhere, in another process or on another machine."""

    channels: tuple[str, ...]
    """Folders with their full path."""
    machines: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """By platform, virtual packages that differ from conda-forge's floor."""
    cache: str
    offline: bool
    until: datetime | None = None
    """Packages that were uploaded later are left out."""

    def open(self, observer: Observer) -> Channel:
        """Open them.

        Raises:
            InputError: a folder that is not there, or without a channel.
        """
        from dirac_forge.channel.solver import Channel  # noqa: PLC0415  # the solver's library is large

        cache, _ = usable(Path(self.cache))  # another machine may not have it
        channel = Channel.open(
            self.channels,
            machines={platform: dict(packages) for platform, packages in self.machines},
            observer=observer,
            cache_dir=cache / "repodata",
            store=Store(cache),
            offline=self.offline,
            embedded_dir=cache,
        )
        return channel.as_of(self.until) if self.until is not None else channel


def channel_address(
    settings: Settings,
    channels: Sequence[str] = (),
    machine: Mapping[str, Mapping[str, str]] | None = None,
    *,
    until: datetime | None = None,
) -> ChannelAddress:
    """Return the address of `channels` (default: those of the settings).

    `machine` has by platform what a target's file asks for of a machine; it goes before the settings. `until` leaves
    out what was uploaded later.
    """
    machines = dict(settings.virtual_packages)
    for platform, packages in (machine or {}).items():
        machines[platform] = {**machines.get(platform, {}), **packages}
    return ChannelAddress(
        channels=tuple(
            str(Path(each).absolute()) if Path(each).is_dir() else each for each in channels or settings.channels
        ),
        machines=tuple((platform, tuple(packages.items())) for platform, packages in machines.items()),
        cache=str(settings.cache.absolute()),
        offline=settings.offline,
        until=until,
    )


def open_channel(
    context: ChannelContext, channels: Sequence[str] = (), *, machine: tuple[str, Mapping[str, str]] | None = None
) -> Channel:
    """Open `channels` (default: those of the settings) for the solver.

    `machine` has a platform and the virtual packages of a real machine of it; the settings' go before these.

    Raises:
        InputError: a folder without a channel, or a text that names none.
    """
    from dirac_forge.channel.solver import Channel  # noqa: PLC0415  # the solver's library is large

    settings = context.settings
    machines = dict(settings.virtual_packages)
    if machine is not None:
        platform, packages = machine
        machines[platform] = {**packages, **machines.get(platform, {})}
    return Channel.open(
        channels or settings.channels,
        machines=machines,
        observer=context.observer,
        cache_dir=settings.cache / "repodata",
        store=context.store,
        offline=settings.offline,
        reachable=_reachable(context),
        embedded_dir=settings.cache,
    )


def open_readable_channel(context: ChannelContext) -> Channel | None:
    """Open the channels of the settings; offline only the folders among them, None (with a warning) without any.

    Raises:
        InputError: a folder without a channel, or a text that names none.
    """
    settings = context.settings
    channels = [each for each in settings.channels if not settings.offline or Path(each).is_dir()]
    if not channels:
        context.observer.warned("offline, and no channel is a folder: the state is read from the recipes alone")
        return None
    return open_channel(context, channels)


def open_catalogue(context: ChannelContext, platforms: Sequence[str]) -> RattlerCatalogue:
    """Open the channels of the settings for questions about names.

    Raises:
        InputError: a folder without a channel, or a text that names none.
    """
    from dirac_forge.channel.catalogue import RattlerCatalogue  # noqa: PLC0415  # the solver's library is large

    settings = context.settings
    return RattlerCatalogue.open(
        settings.channels,
        platforms,
        offline=settings.offline,
        cache_dir=settings.cache / "repodata",
        reachable=_reachable(context),
        observer=context.observer,
        embedded_dir=settings.cache,
    )


def _reachable(context: ChannelContext) -> Callable[[str], bool]:
    def reachable(url: str) -> bool:
        found: bool = context.http.reachable(url)  # the session is made here, not if all channels are folders
        return found

    return reachable
