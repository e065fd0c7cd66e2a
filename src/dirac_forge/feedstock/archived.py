"""Archived feedstocks: nothing is built from them any more, so plans leave them out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from dirac_forge.errors import InputError
from dirac_forge.files import read_text, unreadable, write_file

ARCHIVED = "its repository is archived"
_NAME = "archived.txt"
_HEAD = "# Written by `dirac-forge sync`: feedstocks whose repository is archived. Plans leave them out.\n"


def read_archived(folder: Path) -> frozenset[str]:
    """Return the names that `sync` noted in a `feedstocks/` folder. Raises InputError if they can't be read."""
    path = folder / _NAME
    try:
        lines = read_text(path).splitlines()
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} can't be read: {unreadable(error)}", hint="Remove it: `sync` writes it again."
        ) from error
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def note_archived(folder: Path, archived: Collection[str], *, among: Collection[str]) -> None:
    """Note which of some feedstocks are archived; what is noted of others stays."""
    before = read_archived(folder)
    after = before.difference(among).union(archived)
    if after != before:
        write_file(folder / _NAME, _HEAD + "".join(f"{name}\n" for name in sorted(after)))
