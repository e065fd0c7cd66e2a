"""The file of a snapshot that says what it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import rattler
from rattler.exceptions import InvalidChannelError

from dirac_forge.files import read_text
from dirac_forge.untrusted import parse_json
from dirac_forge.values import dataclass

ABOUT = "snapshot.json"
"""Its name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotEnd:
    """The last day that a snapshot knows of."""

    day: date
    folder: str = ""
    """Where it is, or "" for the embedded one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotFile:
    """What the snapshot in a channel folder says of itself."""

    day: date | None = None
    """Its day; None if the folder is not a snapshot."""
    channel: str = ""
    """The URL of the one channel that it is a part of, or "" if it does not say one."""
    platforms: tuple[str, ...] = ()
    """Those that it was made for, or () if it does not say."""
    part: bool = False
    """Whether it is a snapshot of what some targets need: what else the channel has is unknown."""


def read_snapshot_file(folder: Path) -> SnapshotFile:
    """Return what the snapshot in a channel folder says of itself; nothing if the folder is not a snapshot."""
    about = _about(folder)
    platforms = about.get("platforms")
    return SnapshotFile(
        day=_day(about.get("as_of")),
        channel=_one_channel(about.get("channels")),
        platforms=tuple(map(str, platforms)) if isinstance(platforms, list) else (),
        part=bool(about.get("targets")),
    )


def _about(folder: Path) -> Mapping[str, Any]:
    try:
        found = parse_json(read_text(folder / ABOUT))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _one_channel(channels: object) -> str:
    match channels:
        case [str(channel)]:
            try:
                return rattler.Channel(channel).base_url
            except InvalidChannelError:
                return ""
        case _:
            return ""
