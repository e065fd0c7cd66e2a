"""Recipes that this tool generated, as folders of a workspace: written whole, and never over something different."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Edit
from dirac_forge.files import read_bytes, write_files
from dirac_forge.recipe.model import Recipe
from dirac_forge.recipe.writing import v0 as text_v0
from dirac_forge.recipe.writing import v1 as text_v1
from dirac_forge.recipe.writing.forge_config import conda_forge_yml
from dirac_forge.values import dataclass

Format = Literal["v1", "v0"]
RECIPE_FILES: Mapping[Format, str] = {"v1": "recipe/recipe.yaml", "v0": "recipe/meta.yaml"}


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteOutcome:
    """What became of one feedstock's files."""

    folder: Path
    recipe_file: Path
    state: Literal["written", "unchanged", "differs"]
    edits: tuple[Edit, ...] = ()
    """What was written, or would be where it differs."""


def files_of(recipe: Recipe, format_: Format) -> dict[str, str]:
    """Return the texts by their paths in the feedstock; raises InputError for a name that no recipe can have."""
    write = text_v1.write if format_ == "v1" else text_v0.write
    return {RECIPE_FILES[format_]: write(recipe), "conda-forge.yml": conda_forge_yml(recipe, format_)}


def put(output: Path, recipe: Recipe, format_: Format, *, force: bool) -> WriteOutcome:
    """Write `recipe` below `output/<feedstock>/`, unless something different is there and there is no `force`.

    A recipe in the other format is something different, and goes away with `force`. Raises InputError if a file
    can't be read or written; then nothing has changed.
    """
    folder = output / recipe.feedstock
    wanted: dict[str, str | None] = dict(files_of(recipe, format_))
    for other in set(RECIPE_FILES.values()) - wanted.keys():
        wanted[other] = None
    edits = tuple(
        edit for path, text in sorted(wanted.items()) if (edit := _edit(folder, path, text)).before != edit.after
    )
    recipe_file = folder / RECIPE_FILES[format_]
    if not edits:
        return WriteOutcome(folder=folder, recipe_file=recipe_file, state="unchanged")
    if not force and any(edit.before is not None for edit in edits):
        return WriteOutcome(folder=folder, recipe_file=recipe_file, state="differs", edits=edits)
    hint = "Nothing was written. --output names another folder."
    write_files(folder, {edit.path: edit.after for edit in edits}, hint=hint)
    return WriteOutcome(folder=folder, recipe_file=recipe_file, state="written", edits=edits)


def _edit(folder: Path, path: str, text: str | None) -> Edit:
    try:
        before = read_bytes(folder / path).decode("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        before = None
    except OSError as error:
        raise InputError(f"{folder / path} can't be read: {error.strerror or error}") from error
    return Edit(path=path, before=before, after=text)
