"""Cells by the channels and machines that they are asked of: each channel is opened once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dirac_forge.channel.opening import ChannelAddress, ChannelContext, channel_address, open_channel
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.configured import asked_cells, asked_channels, replaced_channels
from dirac_forge.check.targets import Target
from dirac_forge.errors import redact
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelCells:
    """The cells that are asked of the same channels and machines."""

    channel: Channel
    address: ChannelAddress
    cells: tuple[Cell, ...]


def grouped_cells(
    context: ChannelContext, targets: Iterable[Target], *, opened: Channel | None = None
) -> list[ChannelCells]:
    """Return the cells of targets, together where they are asked of the same channels and machines.

    `opened` are the channels of the settings, if they are open already.

    Raises:
        InputError: a channel that can't be opened.
    """
    settings = context.settings
    groups: dict[ChannelAddress, ChannelCells] = {}
    replaced: list[str] = []
    for target in targets:
        cells = asked_cells(settings, target)
        _warn_of_absent(context, target)
        if not cells:
            continue
        channels = asked_channels(settings, target.channels)
        replaced += replaced_channels(settings, target.channels)
        address = channel_address(settings, channels, target.machine, until=target.until)
        known = groups.get(address) or ChannelCells(
            channel=_opened(context, channels, target, opened), address=address, cells=()
        )
        mine = tuple(replace(cell, channels=channels) for cell in cells)
        groups[address] = replace(known, cells=(*known.cells, *mine))
    warn_of_replaced(context, replaced)
    return list(groups.values())


def _warn_of_absent(context: ChannelContext, target: Target) -> None:
    """Say on which of the platforms that --platform asks for a target asks for nothing."""
    settings = context.settings
    asked = settings.platforms if "platforms" in settings.flags else ()
    if without := [platform for platform in asked if not target.specs_for(platform)]:
        context.observer.warned(f"{target.name}: it has no specs for {', '.join(without)}")


def warn_of_replaced(context: ChannelContext, channels: Sequence[str]) -> None:
    """Say that --channel takes the place of channels that files name."""
    if channels:
        named = ", ".join(map(redact, dict.fromkeys(channels)))
        context.observer.warned(f"--channel replaces the channels of the file: {named}")


def _opened(context: ChannelContext, channels: tuple[str, ...], target: Target, opened: Channel | None) -> Channel:
    channel = opened if opened is not None and not channels else open_channel(context, channels)
    for platform, packages in target.machine.items():
        channel = channel.on_machine(platform, packages)
    return channel.as_of(target.until) if target.until is not None else channel
