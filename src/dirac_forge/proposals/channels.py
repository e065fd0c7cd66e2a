"""The channels of the settings, and the pinning that goes with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from dirac_forge.channel.packages import unpacked
from dirac_forge.channel.solver import Channel
from dirac_forge.check.matrix import Cell, cells_of
from dirac_forge.check.targets import make_target
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.pinning import Pinning, read_pinning
from dirac_forge.feedstock.variants import rendered_variants
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.recipe.reading.recipe_text import ReadRunExport

__all__ = ["exports_at_hand", "open_channel", "pinning_of", "pinning_or_warning", "specs_of", "target_cells"]


def open_channel(world: ProposalContext) -> Channel | None:
    """The channels of the settings; offline only the folders among them, None where there is none."""
    settings = world.settings
    channels = [each for each in settings.channels if not settings.offline or Path(each).is_dir()]
    if not channels:
        world.observer.warned("offline, and no channel is a folder: the recipes alone tell what is done")
        return None
    return Channel.open(
        channels,
        machines=settings.virtual_packages,
        observer=world.observer,
        cache_dir=settings.cache / "repodata",
        store=world.store,
        offline=settings.offline,
        reachable=world.http.reachable,
    )


def pinning_of(world: ProposalContext, channel: Channel | None) -> Pinning | None:
    """The pinning's folder that is given, else what the channel has as conda-forge-pinning; None without either.

    A channel that can't be read is no pinning, and a warning.
    """
    folder = world.settings.pinning
    if folder is None and channel is not None:
        try:
            folder = unpacked(channel, "conda-forge-pinning", cache=world.settings.cache)
        except UnknownError as exc:
            world.observer.warned(f"without a pinning, since {exc.message}")
    return read_pinning(folder) if folder is not None else None


def pinning_or_warning(world: ProposalContext, channel: Channel) -> Pinning | None:
    """`pinning_of`, with a warning where there is none."""
    found = pinning_of(world, channel)
    if found is None:
        world.observer.warned(
            "the channel has no conda-forge-pinning and no --pinning is given: "
            "what recipes do not pin themselves is taken at its newest version"
        )
    return found


def specs_of(world: ProposalContext, target: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The specs of a target of the settings (or of the spec itself), and the platforms to look at."""
    settings = world.settings
    known = settings.targets.get(target)
    if known is None:
        return (target,), settings.platforms
    return known.specs, settings.platforms if "platforms" in settings.flags else known.platforms


def exports_at_hand(
    folders: Iterable[FeedstockFolder], pinning: Pinning | None
) -> Callable[[str], tuple[ReadRunExport, ...] | None]:
    """What the recipes at hand export; they are read when the first package asks."""

    @cache
    def known() -> dict[str, tuple[ReadRunExport, ...]]:
        found: dict[str, tuple[ReadRunExport, ...] | None] = {}
        for folder in folders:
            try:
                rendered = [one for _, one in rendered_variants(folder.read(), pinning, platform="linux-64")]
            except ForgeError:
                continue
            mine: dict[str, tuple[ReadRunExport, ...] | None] = {}
            for output in (output for one in rendered for output in one.packages):
                # Where variants export different things, which of them a build is can't be told.
                same = mine.setdefault(output.name, output.run_exports) == output.run_exports
                mine[output.name] = output.run_exports if same else None
            found = mine | found
        return {name: exports for name, exports in found.items() if exports is not None}

    return lambda name: known().get(name)


def target_cells(world: ProposalContext) -> tuple[Cell, ...]:
    """What must be installable: the targets of the settings on their platforms, with their Pythons.

    What a person types goes before what a target says.
    """
    settings = world.settings
    return tuple(
        cell
        for name, target in settings.targets.items()
        for cell in cells_of(
            make_target(name, target.specs, platforms=target.platforms, pythons=target.pythons),
            platforms=settings.platforms if "platforms" in settings.flags else (),
            pythons=settings.pythons if "pythons" in settings.flags else (),
        )
    )
