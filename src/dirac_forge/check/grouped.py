"""Cells by the channels and machines that they are asked of: each channel is opened once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dirac_forge.channel.opening import ChannelAddress, ChannelContext, channel_address, open_channel
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.configured import asked_cells, channels_of
from dirac_forge.check.targets import Target

__all__ = ["ChannelCells", "grouped_cells"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelCells:
    """The cells that are asked of the same channels and machines."""

    channel: Channel
    address: ChannelAddress
    cells: tuple[Cell, ...]


def grouped_cells(context: ChannelContext, targets: Iterable[Target]) -> list[ChannelCells]:
    """Return the cells of targets, together where they are asked of the same channels and machines.

    Raises:
        InputError: a channel that can't be opened.
    """
    settings = context.settings
    groups: dict[ChannelAddress, ChannelCells] = {}
    for target in targets:
        cells = asked_cells(settings, target)
        if not cells:
            continue
        channels = () if "channels" in settings.flags else channels_of(target, settings.channels)
        address = channel_address(settings, channels, target.machine)
        known = groups.get(address) or ChannelCells(
            channel=_opened(context, channels, target), address=address, cells=()
        )
        mine = tuple(replace(cell, channels=channels) for cell in cells)
        groups[address] = replace(known, cells=(*known.cells, *mine))
    return list(groups.values())


def _opened(context: ChannelContext, channels: tuple[str, ...], target: Target) -> Channel:
    channel = open_channel(context, channels)
    for platform, packages in target.machine.items():
        channel = channel.on_machine(platform, packages)
    return channel
