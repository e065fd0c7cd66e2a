"""Where the feedstocks of a workspace come from: `feedstocks/sources.toml`, and whether a copy was changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from dirac_forge.errors import InputError
from dirac_forge.files import read_bytes, read_text, unreadable, write_file
from dirac_forge.untrusted import parse_json, parse_toml
from dirac_forge.values import dataclass

_NAME = "sources.toml"
_JOURNAL = ".sources-journal"
_HEAD = """\
# Written by `dirac-forge sync`: where each folder comes from.
# A folder whose files differ from `files` has local changes, and is left alone.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockSource:
    """Where one folder comes from."""

    repository: str
    branch: str
    """"" for the repository's default branch."""
    commit: str
    files: str
    """SHA-256 over the files as they were copied."""


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a copied feedstock, by path relative to it; what `sync` does not copy counts too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and not path.name.endswith(".new")
    }


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over names and contents, in hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def read_sources(folder: Path) -> dict[str, FeedstockSource]:
    """Return the sources of a `feedstocks/` folder, by folder name; entries of a run that was killed are taken in.

    Raises InputError if sources.toml can't be read.
    """
    path = folder / _NAME
    found: dict[str, FeedstockSource] = {}
    if path.is_file():
        try:
            entries = parse_toml(read_text(path))
            found = {name: _source(entry) for name, entry in entries.items()}
        except (OSError, ValueError, TypeError) as exc:
            hint = "Remove it to have all feedstocks looked at again."
            raise InputError(f"{path}: can't be read: {unreadable(exc)}", hint=hint) from exc
    for name, source in _journalled(folder):
        # The line is written before the folder is put in place: it counts where the folder made it.
        if (folder / name).is_dir() and digest_of(files_of(folder / name)) == source.files:
            found[name] = source
    return found


def _source(entry: object) -> FeedstockSource:
    if not isinstance(entry, dict):
        raise TypeError("expected a table for each folder")
    return FeedstockSource(
        **{field.name: str(entry[field.name]) for field in fields(FeedstockSource) if field.name in entry}
    )


def _journalled(folder: Path) -> list[tuple[str, FeedstockSource]]:
    try:
        path = folder / _JOURNAL
        text = read_bytes(path).decode("utf-8", "replace")
    except OSError:
        return []
    lines = text.splitlines()
    found = []
    for line in lines:
        try:
            name, entry = parse_json(line)
            found.append((str(name), _source(entry)))
        except (ValueError, TypeError):
            continue  # the line that the kill cut off
    return found


def journal(folder: Path, name: str, source: FeedstockSource) -> None:
    """Note what is about to be put in place; cheap, so that it can be done for each of many folders."""
    entry = {field.name: getattr(source, field.name) for field in fields(FeedstockSource)}
    path = folder / _JOURNAL
    if path.is_symlink():
        path.unlink()  # it would be written somewhere else
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps([name, entry]) + "\n")


def write_sources(folder: Path, sources: Mapping[str, FeedstockSource]) -> None:
    """Write sources.toml whole or not at all; the journal has done its work then."""
    blocks = [_HEAD]
    for name in sorted(sources):
        lines = [
            f"{field.name} = {json.dumps(getattr(sources[name], field.name))}" for field in fields(FeedstockSource)
        ]
        blocks.append("\n".join([f"[{json.dumps(name)}]", *lines, ""]))
    write_file(folder / _NAME, "\n".join(blocks))
    (folder / _JOURNAL).unlink(missing_ok=True)
