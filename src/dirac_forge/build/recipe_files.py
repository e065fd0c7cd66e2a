"""The files of a recipe: what a build gets to see of them, and what decides whether it is built again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from dirac_forge.files import read_bytes

_MOST_BYTES = 200_000_000
_MOST_FILES = 20_000


def recipe_files(recipe: Path) -> tuple[Path, ...]:
    """Return the recipe with what belongs to it, sorted: files and links. Raises OSError if they are too many.

    That is all of a folder `recipe/`. Of another folder hidden files are left out, since it may be a whole project; of
    the home folder, or one above it, everything else is, since it has keys and tokens.
    """
    folder = recipe.absolute().parent
    if folder.name != "recipe" and Path.home().resolve().is_relative_to(folder.resolve()):
        return (recipe,)
    found = []
    for path in recipe.parent.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(recipe.parent).parts)
        if (folder.name == "recipe" or not hidden) and (path.is_symlink() or path.is_file()):
            found.append(path)
        if len(found) > _MOST_FILES:
            raise OSError(f"{recipe.parent}: more files than the limit for recipes")
    return tuple(sorted(found))


def copy_recipe(recipe: Path, folder: Path) -> Path:
    """Copy a recipe with its files into a new folder, links as links, and return the recipe's copy. Raises OSError."""
    folder.mkdir(parents=True)
    for path in recipe_files(recipe):
        place = folder / path.relative_to(recipe.parent)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place, follow_symlinks=False)
    return folder / recipe.name


def digest_of_recipe(recipe: Path, variants: Iterable[Mapping[str, str]]) -> str:
    """Return the SHA-256 of a recipe, its files and the variants. Raises OSError."""
    digest = hashlib.sha256()
    left = _MOST_BYTES
    for path in recipe_files(recipe):
        raw = os.fsencode(path.readlink()) if path.is_symlink() else b""
        if not path.is_symlink():
            raw = read_bytes(path, most=_MOST_BYTES)
            left -= len(raw)
            if left < 0:
                raise OSError(f"{recipe.parent}: exceeds the size limit for recipes")
        kind = "link" if path.is_symlink() else "file"
        digest.update(f"{kind} {path.relative_to(recipe.parent).as_posix()}\0{len(raw)}\0".encode())
        digest.update(raw)
    digest.update(json.dumps([dict(one) for one in variants], sort_keys=True).encode())
    return digest.hexdigest()
