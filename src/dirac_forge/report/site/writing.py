"""The site in a folder: written next to it and swapped in, so that a killed run leaves the old one."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dirac_forge.errors import InputError
from dirac_forge.files import read_bytes
from dirac_forge.untrusted import parse_json

_MARK = "data/site.json"
"""Every site has it: a folder without it is someone else's."""
_LARGEST = 50_000_000


def read_past(path: Path) -> dict[str, Any] | None:
    """Return the history that an earlier run left, or None if there is none that can be read."""
    try:
        past = parse_json(read_bytes(path, most=_LARGEST))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError):
        return None
    return past if isinstance(past, dict) else None


def write_site(output: Path, files: Mapping[str, bytes]) -> None:
    """Put the files, by path below the folder, instead of the site that is in `output`.

    Raises InputError if the folder has something else than a site, or can't be written.
    """
    place = output.resolve()
    aside = place.with_name(f".{place.name}.old")
    try:
        if aside.exists() and not place.exists():
            # A run was killed between the two renames below.
            aside.rename(place)
        _check(output, place)
        place.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.new-"))
        try:
            _fill(new, files)
            shutil.rmtree(aside, ignore_errors=True)
            if place.exists():
                place.rename(aside)
            new.rename(place)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"{error.filename or output} can't be written: {error.strerror or error}",
            hint="The old site is unchanged. Free space there, or use another folder (--output).",
        ) from error


def _check(output: Path, place: Path) -> None:
    if place.is_dir() and any(place.iterdir()) and not (place / _MARK).is_file():
        raise InputError(
            f"{output} has files that are not part of a dirac-forge site",
            hint="Use a new or empty folder: it is replaced at each run.",
        )
    if place.exists() and not place.is_dir():
        raise InputError(f"{output} is not a folder")


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.chmod(0o755)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
