"""The targets of the settings, and the platforms and Pythons that they are checked for."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.targets import Target, make_target
from dirac_forge.settings import Settings

__all__ = ["asked_cells", "channels_of", "configured_targets", "joined_channels", "specs_of", "target_cells"]


def configured_targets(settings: Settings) -> dict[str, Target]:
    """Return the targets of the settings, by name.

    Raises:
        InputError: a target without specs, a spec that can't be parsed, or an unknown platform.
    """
    return {
        name: make_target(name, target.specs, platforms=target.platforms, pythons=target.pythons)
        for name, target in settings.targets.items()
    }


def asked_cells(settings: Settings, target: Target) -> tuple[Cell, ...]:
    """Return the cells of a target; platforms and Pythons on the command line take the place of the target's own."""
    return cells_of(
        target,
        platforms=settings.platforms if "platforms" in settings.flags else (),
        pythons=settings.pythons if "pythons" in settings.flags else (),
    )


def target_cells(settings: Settings) -> tuple[Cell, ...]:
    """Return the cells of all targets of the settings; raises as `configured_targets`."""
    return tuple(cell for target in configured_targets(settings).values() for cell in asked_cells(settings, target))


def specs_of(settings: Settings, target: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the specs of a target of the settings (or of the spec itself), and the platforms to look at."""
    known = settings.targets.get(target)
    if known is None:
        return (target,), settings.platforms
    return known.specs, settings.platforms if "platforms" in settings.flags else known.platforms


def channels_of(target: Target, channels: Sequence[str]) -> tuple[str, ...]:
    """Return the channels of a target's file, then the others; () where the file names none."""
    return joined_channels(target.channels, channels)


def joined_channels(named: Sequence[str], channels: Sequence[str]) -> tuple[str, ...]:
    """Return `named` and then the other channels, each once; () where none is named."""
    if not named:
        return ()
    spelled: dict[str, str] = {}
    for channel in (*named, *channels):
        spelled.setdefault(channel.removeprefix("https://conda.anaconda.org/").rstrip("/"), channel)
    return tuple(spelled.values())
