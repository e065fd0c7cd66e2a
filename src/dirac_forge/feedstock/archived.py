"""Archived feedstocks: nothing is built from them any more, so plans leave them out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from dirac_forge.files import write_file

__all__ = ["ARCHIVED", "note_archived", "read_archived"]

ARCHIVED = "its repository is archived"
_NAME = "archived.txt"
_HEAD = "# Written by `dirac-forge sync`: feedstocks whose repository is archived. Plans leave them out.\n"


def read_archived(folder: Path) -> frozenset[str]:
    """Return the names that `sync` noted in a `feedstocks/` folder."""
    try:
        lines = (folder / _NAME).read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def note_archived(folder: Path, archived: Collection[str], *, among: Collection[str]) -> None:
    """Note which of some feedstocks are archived; what is noted of others stays."""
    before = read_archived(folder)
    after = before.difference(among).union(archived)
    if after != before:
        write_file(folder / _NAME, _HEAD + "".join(f"{name}\n" for name in sorted(after)))
