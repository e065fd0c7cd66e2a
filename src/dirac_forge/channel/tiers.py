"""What the solver reads of channels, in priority order: with records laid over them, or as they were on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import rattler
from rattler import SparseRepoData
from rattler.repo_data.multi_source import MultiSource

from dirac_forge.channel.engine import Tier
from dirac_forge.channel.overlay import Overlay
from dirac_forge.channel.repodata import Folder, Remote


def tiers_of(
    sources: Sequence[Folder | Remote], platform: str, *, overlay: Overlay | None, as_of: datetime | None
) -> list[Tier]:
    """Return what the solver reads for a platform; the overlay stands in the tier of the channel it belongs to.

    Raises:
        ChannelUnknownError: a channel can't be read.
    """
    over = overlay.sparse(platform) if overlay else []
    home = _home(sources, platform, overlay) if overlay and over else 0
    tiers: list[Tier] = []
    for position, source in enumerate(sources):
        mine = _read_of(source, platform, None if source is sources[-1] else as_of)
        if over and position == home:
            tiers.append(MultiSource(source.channel.name or source.channel.base_url, [*over, *mine]))
        else:
            tiers.extend(mine)
    return tiers


def _read_of(source: Folder | Remote, platform: str, as_of: datetime | None) -> list[SparseRepoData | rattler.Channel]:
    """Return what a channel has; for an earlier day without names that came later, which would hide other channels'."""
    if not isinstance(source, Folder):
        source.meet(platform)
        return [source.channel]
    if as_of is None:
        return [source.channel] if source.is_kept(platform) else list(source.sparse(platform))
    return list(source.sparse_without(platform, source.later(platform, as_of)))


def _home(sources: Sequence[Folder | Remote], platform: str, overlay: Overlay) -> int:
    """Return where the overlay belongs: the first channel that has one of its names."""
    if len(sources) == 1:
        return 0
    having = (at for at, source in enumerate(sources) if source.load(platform, sorted(overlay.names)))
    return next(having, 0)
