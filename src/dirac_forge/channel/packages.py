"""Packages of a channel as files: downloaded once, checked, unpacked into the cache."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from dirac_forge.channel.sealed import put, whole
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import UnknownError
from dirac_forge.files import private_folder


def unpacked(channel: Channel, name: str, *, cache: Path, platform: str = "linux-64") -> Path | None:
    """Return the folder with the files of the newest build of a package, below `cache`; nothing in it is ever run.

    None if no channel has the package, or a snapshot has its record and not its file.

    Raises:
        UnknownError: the channel can't be read, or what it sends is not what its repodata lists.
    """
    found = channel.index(platform).group(name).found
    if not found:
        return None
    record = found[0]
    if record.sha256 is None:
        return None
    folder = cache / "packages" / record.sha256.hex()
    if whole(folder):
        return folder
    private_folder(folder.parent)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        for source in channel.sources:
            if source.channel.base_url == getattr(record, "channel", None) and source.unpack(record, fresh):
                put(fresh, folder)
                return folder
    except OSError as exc:
        raise UnknownError(f"{name}: its package can't be unpacked below {cache}: {exc}") from exc
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return None
