"""The pinning of a run: the folder that the settings name, else the channel's conda-forge-pinning package."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from dirac_forge.channel.folder import Folder
from dirac_forge.channel.opening import ChannelContext
from dirac_forge.channel.packages import unpacked
from dirac_forge.channel.snapshot import PINNING
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.pinning import ConfigurationError, Pinning, read_pinning, unequal_zips
from dirac_forge.recipe.platforms import PLATFORMS


def pinning_of(context: ChannelContext, channel: Channel | None) -> Pinning | None:
    """Return the pinning in the settings' folder, else in the channel's conda-forge-pinning; None without either.

    A channel that can't be read gives no pinning, and a warning.

    Raises:
        InputError: the folder holds no pinning that can be read.
    """
    folder = context.settings.pinning
    if folder is None and channel is not None:
        try:
            folder = _beside_repodata(channel) or unpacked(channel, "conda-forge-pinning", cache=context.settings.cache)
        except UnknownError as exc:
            context.observer.warned(f"no pinning is used: {exc.message}")
    if folder is None:
        return None
    pinning = read_pinning(folder)
    with suppress(ConfigurationError):  # whoever reads it for a feedstock reports it with more context
        for warning in unequal_zips(pinning, PLATFORMS):
            context.observer.warned(warning)
    return pinning


def _beside_repodata(channel: Channel) -> Path | None:
    """Return the folder with the pinning in a snapshot that has one."""
    folders = (source.folder / PINNING for source in channel.sources if isinstance(source, Folder))
    return next((folder for folder in folders if (folder / "conda_build_config.yaml").is_file()), None)


def pinning_or_warning(context: ChannelContext, channel: Channel) -> Pinning | None:
    """Return `pinning_of`, with a warning if there is none; raises the same."""
    found = pinning_of(context, channel)
    if found is None:
        context.observer.warned(
            "the channel has no conda-forge-pinning and no --pinning is given: what a recipe does not pin is "
            "assumed to be built with its newest version"
        )
    return found
