"""The files that a package installs: of a package in a folder, or of an installed environment.

https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html: `info/paths.json`, `info/link.json`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from rattler.package_streaming import PackageArchive

from dirac_forge.channel.folder import Folder
from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import UnknownError
from dirac_forge.files import unreadable
from dirac_forge.untrusted import parse_json
from dirac_forge.values import dataclass

_PATHS, _LINK = "info/paths.json", "info/link.json"
_LIMIT = 64 * 1024 * 1024
"""Bytes of one of these files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileList:
    """What one package puts into an environment."""

    paths: Mapping[str, str]
    """Path below the prefix to the file's SHA-256, or "" if it is not noted."""
    commands: tuple[str, ...] = field(default=())
    """The commands that its entry points make at installation (noarch packages)."""

    def placed(self, python: str) -> Mapping[str, str]:
        """Return the paths as they are in an environment with `python` (`X.Y`) on Linux or macOS.

        A noarch package has `site-packages/` and `python-scripts/` instead of the places of one Python.
        """
        found = {_placed(path, python): digest for path, digest in self.paths.items()}
        return {**found, **{f"bin/{command}": "" for command in self.commands}}


def _placed(path: str, python: str) -> str:
    if path.startswith("site-packages/"):
        return f"lib/python{python}/{path}"
    return re.sub(r"^python-scripts/", "bin/", path)


def file_list(channel: Channel, record: Record) -> FileList | None:
    """Return the files of a package, or None if no folder among the channels has the package itself.

    Raises:
        UnknownError: the package is there and can't be read.
    """
    for source in channel.sources:
        path = source.folder / record.subdir / record.file if isinstance(source, Folder) else None
        if path is not None and path.is_file():
            try:
                return asyncio.run(_read(path))
            except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
                raise UnknownError(f"{path}: its list of files can't be read: {unreadable(error)}") from error
    return None


def installed_files(entry: Mapping[str, Any]) -> FileList:
    """Return the files that a record of `conda-meta` notes."""
    listed = (entry.get("paths_data") or {}).get("paths") or ()
    digests = {str(each["_path"]): str(each.get("sha256") or "") for each in listed}
    return FileList(paths={str(path): digests.get(str(path), "") for path in entry.get("files") or ()})


async def _read(path: Path) -> FileList:
    archive = await PackageArchive.from_path(path)
    texts: dict[str, bytes] = {}
    async for entry in archive.stream("info"):
        if entry.name in (_PATHS, _LINK) and entry.is_file:
            if entry.size > _LIMIT:
                raise ValueError(f"{entry.name} has more than {_LIMIT // 1024**2} MB")
            texts[entry.name] = await entry.read()
    paths = parse_json(texts[_PATHS])["paths"]
    points = (parse_json(texts.get(_LINK, b"{}")).get("noarch") or {}).get("entry_points") or ()
    return FileList(
        paths={str(each["_path"]): str(each.get("sha256") or "") for each in paths},
        commands=tuple(str(point).partition("=")[0].strip() for point in points),
    )
