"""Cells by the channels and machines that they are asked of: each channel is opened once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dirac_forge.channel.opening import ChannelContext, open_channel
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.configured import asked_cells, channels_of
from dirac_forge.check.targets import Target

__all__ = ["grouped_cells"]


def grouped_cells(context: ChannelContext, targets: Iterable[Target]) -> list[tuple[Channel, list[Cell]]]:
    """Return the cells of targets, together where they are asked of the same channels and machines.

    Raises:
        InputError: a channel that can't be opened.
    """
    settings = context.settings
    groups: dict[tuple[object, ...], tuple[Channel, list[Cell]]] = {}
    for target in targets:
        cells = asked_cells(settings, target)
        channels = () if "channels" in settings.flags else channels_of(target, settings.channels)
        machine = {platform: tuple(packages.items()) for platform, packages in target.machine.items()}
        key = (channels, tuple(machine.items()))
        if cells and key not in groups:
            channel = open_channel(context, channels)
            for platform, packages in target.machine.items():
                channel = channel.on_machine(platform, packages)
            groups[key] = (channel, [])
        if cells:
            groups[key][1].extend(replace(cell, channels=channels) for cell in cells)
    return list(groups.values())
