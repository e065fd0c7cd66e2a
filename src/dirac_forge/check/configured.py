"""The targets of the settings, and the platforms and Pythons that they are checked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.targets import Target, make_target
from dirac_forge.settings import Settings


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


def asked_channels(settings: Settings, named: Sequence[str]) -> tuple[str, ...]:
    """Return the channels that a file names, each once, or () if those of the settings are asked instead.

    A file that names channels means these alone, as for conda, pixi and constructor: the settings' are not added.
    --channel takes the place of both.
    """
    if "channels" in settings.flags:
        return ()
    spelled: dict[str, str] = {}
    for channel in named:
        spelled.setdefault(_plain(channel), channel)
    return tuple(spelled.values())


def replaced_channels(settings: Settings, named: Iterable[str]) -> tuple[str, ...]:
    """Return the channels of files in whose place --channel puts others, or () if it doesn't, or names the same."""
    found = tuple(dict.fromkeys(named))
    if "channels" not in settings.flags or [*map(_plain, found)] == [*map(_plain, settings.channels)]:
        return ()
    return found


def _plain(channel: str) -> str:
    if Path(channel).is_dir():
        return Path(channel).resolve().as_uri()
    return channel.removeprefix("https://conda.anaconda.org/").rstrip("/")
