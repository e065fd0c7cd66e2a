"""The workspace of a folder: the nearest folder upwards that says that it is one."""

from __future__ import annotations

import tomllib
from pathlib import Path

from dirac_forge.errors import InputError
from dirac_forge.files import read_text
from dirac_forge.untrusted import parse_toml


def find_workspace(folder: Path) -> Path | None:
    """Return the nearest folder, from `folder` upwards, that is a workspace, or None if there is none.

    A workspace has `[tool.dirac-forge]` in its pyproject.toml, or a folder `feedstocks/`.
    """
    start = folder.absolute()
    return next((each for each in (start, *start.parents) if _is_workspace(each)), None)


def require_workspace(folder: Path, *, named: bool) -> None:
    """Raise InputError if the folder is not a workspace; `named`: the user gave it, else it is the current one."""
    if not _is_workspace(folder):
        raise InputError(
            f"There is no workspace in {folder}{'' if named else ' or above it'}",
            hint="--workspace DIR names one: a folder with feedstocks/, which `dirac-forge sync NAME` fills.",
        )


def no_feedstocks(workspace: Path, *, otherwise: str = "") -> InputError:
    """Return the error for a workspace without a feedstock, where one is needed; `otherwise` is another way."""
    fetches = "`dirac-forge sync NAME...` (or `--closure TARGET`, or `--all`) fetches them."
    return InputError(
        f"there are no feedstocks in {workspace / 'feedstocks'}",
        hint=f"{fetches} {otherwise}" if otherwise else fetches,
    )


def _is_workspace(folder: Path) -> bool:
    try:
        if (folder / "feedstocks").is_dir():
            return True
        text = read_text(folder / "pyproject.toml")
    except (OSError, UnicodeDecodeError):
        return False
    if "dirac-forge" not in text:
        return False
    try:
        return "dirac-forge" in parse_toml(text).get("tool", {})
    except (tomllib.TOMLDecodeError, AttributeError):
        return "[tool.dirac-forge" in text  # the mistake in it is reported when the settings are read
