"""What the solver reads of channels, in priority order: with records laid over them, or as they were on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import rattler
from rattler import SparseRepoData
from rattler.repo_data.multi_source import MultiSource

from dirac_forge.channel.engine import Tier
from dirac_forge.channel.overlay import Overlay
from dirac_forge.channel.repodata import ChannelUnknownError, Folder, Remote
from dirac_forge.errors import redact


def tiers_of(
    sources: Sequence[Folder | Remote], platform: str, *, overlays: Mapping[int, Overlay], as_of: datetime | None
) -> list[Tier]:
    """Return what the solver reads for a platform; `overlays` stand in the tiers of these channels.

    Raises:
        ChannelUnknownError: a channel can't be read.
    """
    tiers: list[Tier] = []
    for position, source in enumerate(sources):
        mine = _read_of(source, platform, None if source is sources[-1] else as_of)
        over = overlays[position].sparse(platform) if position in overlays else []
        if over:
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


def overlays_of(sources: Sequence[Folder | Remote], platform: str, overlay: Overlay) -> Mapping[int, Overlay]:
    """Return what lies over each channel, by position: records lie over the first that has their name, else the first.

    Raises:
        ChannelUnknownError: a channel can't be read.
    """
    if len(sources) == 1:
        return {0: overlay}
    homes: dict[int, set[str]] = {}
    left = set(overlay.names)
    for position, source in enumerate(sources):
        found = {record.name.normalized for record in source.load(platform, sorted(left))}
        homes[position] = found & left
        left -= found
    homes[0] |= left
    return {position: overlay.only(names) for position, names in homes.items() if names}


def failure(sources: Sequence[Folder | Remote], platform: str, error: Exception) -> ChannelUnknownError:
    """Return the error for channels that can't be read, in the words of the one that it is about, if known."""
    for source in sources:
        if isinstance(source, Remote) and (len(sources) == 1 or source.channel.base_url in str(error)):
            return source.failed(platform, error)
    return ChannelUnknownError(f"a channel can't be read for {platform}: {redact(str(error))}")
