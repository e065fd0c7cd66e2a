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


def snapshot_day(folder: Path) -> date | None:
    """Return the day of the snapshot in a channel folder, or None if it is not a snapshot."""
    try:
        return date.fromisoformat(_about(folder)["as_of"])
    except (ValueError, TypeError, KeyError):
        return None


def snapshot_channel(folder: Path) -> str:
    """Return the URL of the one channel that the snapshot in a folder is a part of, or "" if it does not say one."""
    match _about(folder).get("channels"):
        case [str(channel)]:
            try:
                return rattler.Channel(channel).base_url
            except InvalidChannelError:
                return ""
        case _:
            return ""


def snapshot_platforms(folder: Path) -> tuple[str, ...]:
    """Return the platforms that the snapshot in a folder was made for, or () if it does not say."""
    listed = _about(folder).get("platforms")
    return tuple(map(str, listed)) if isinstance(listed, list) else ()


def is_part(folder: Path) -> bool:
    """Return whether a channel folder is a snapshot of what some targets need: what else the channel has is unknown."""
    return bool(_about(folder).get("targets"))


def _about(folder: Path) -> Mapping[str, Any]:
    try:
        found = parse_json(read_text(folder / ABOUT))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
