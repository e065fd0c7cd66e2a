"""What packages of a folder export to those that are built with them: run_exports.json (CEP 12)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dirac_forge.channel.records import RunExports
from dirac_forge.channel.sources import ChannelUnknownError
from dirac_forge.files import read_bytes, unreadable
from dirac_forge.untrusted import parse_json

_LARGEST = 2 * 1024**3
"""Bytes of such a file, as of repodata."""


def read_run_exports(path: Path) -> Mapping[str, RunExports]:
    """Return what a run_exports.json has by file; nothing if there is none.

    Raises:
        ChannelUnknownError: it can't be read.
    """
    try:
        data = parse_json(read_bytes(path, most=_LARGEST))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        raise ChannelUnknownError(f"{path}: the run_exports can't be read: {unreadable(exc)}") from exc
    try:
        return {
            file_name: RunExports.from_json(entry.get("run_exports") or {})
            for key in ("packages", "packages.conda")
            for file_name, entry in data.get(key, {}).items()
        }
    except TypeError as exc:
        raise ChannelUnknownError(f"{path}: the run_exports can't be read: {exc}") from exc
    except AttributeError as exc:
        raise ChannelUnknownError(f"{path}: the run_exports can't be read: they are not as CEP 12 has them") from exc
