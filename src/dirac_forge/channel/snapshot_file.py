"""The file of a snapshot that says what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from pathlib import Path
from typing import Any

import rattler
from rattler.exceptions import InvalidChannelError

from dirac_forge.errors import InputError
from dirac_forge.files import read_text, unreadable
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
    absent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By platform, the packages that its targets may need and that the channel did not have."""


def read_snapshot_file(folder: Path) -> SnapshotFile:
    """Return what the snapshot in a channel folder says of itself; nothing if the folder is not a snapshot.

    Raises:
        InputError: the file can't be read, so that it is unknown whether the folder is a whole channel.
    """
    path = folder / ABOUT
    try:
        about = parse_json(read_text(path))
    except FileNotFoundError:
        return SnapshotFile()
    except (OSError, ValueError) as error:
        raise _unread(path, unreadable(error)) from error
    if not isinstance(about, dict):
        raise _unread(path, "it is not a JSON object")
    return SnapshotFile(
        day=_day(path, about.get("as_of")),
        channel=_one_channel(_names(path, about, "channels")),
        platforms=_names(path, about, "platforms"),
        part=bool(_names(path, about, "targets")),
        absent=_absent(path, about.get("absent", {})),
    )


def _unread(path: Path, problem: str) -> InputError:
    return InputError(
        f"{path}: the description of the snapshot can't be read: {problem}",
        hint="Write it again with `dirac-forge snapshot`; remove this file if the folder is a whole channel.",
    )


def _day(path: Path, text: Any) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise _unread(path, f"as_of is {text!r}, expected a day such as 2026-06-01") from error


def _absent(path: Path, found: Any) -> dict[str, frozenset[str]]:
    if not isinstance(found, dict):
        raise _unread(path, f"absent is {found!r}, expected lists of names by platform")
    return {platform: frozenset(_names(path, found, platform)) for platform in found}


def _names(path: Path, about: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = about.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _unread(path, f"{key} is {names!r}, expected a list of names")
    return tuple(names)


def _one_channel(channels: Sequence[str]) -> str:
    if len(channels) != 1:
        return ""
    try:
        return rattler.Channel(channels[0]).base_url
    except InvalidChannelError:
        return ""
