"""The repository of a feedstock, and those of its files that decide what is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from dirac_forge.feedstock.change import ADMIN_REQUESTS
from dirac_forge.feedstock.repositories import safe_name
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.recipe.reading.recipe_text import RECIPE_NAMES, chosen_recipe
from dirac_forge.settings import Settings
from dirac_forge.untrusted import split_url

_PATCHES = (".patch", ".diff")
_LARGEST_BESIDE = 200_000
_BESIDE = ("recipe/conda_build_config.yaml", "recipe/variants.yaml", "conda-forge.yml")


def full_name_of(settings: Settings, name: str) -> tuple[str, str]:
    """Return `owner/name` of a feedstock's repository, and where it is cloned from.

    For a folder of repositories the owner is the folder's name. Raises InputError for what is not a feedstock's name.
    """
    url = settings.feedstock_url.format(name=safe_name(name))
    if name == ADMIN_REQUESTS:
        url = url.replace(f"{name}-feedstock", name)  # the one repository beside the feedstocks that has no such ending
    path = split_url(url).path if "://" in url else Path(url).absolute().as_posix()
    *_, owner, repository = ["", "local", *(part for part in path.split("/") if part)][-2:]
    return f"{owner}/{repository.removesuffix('.git')}", url


def folder_of(name: str, full_name: str, branch: str, files: Mapping[str, str]) -> FeedstockFolder:
    """Return a feedstock's files as the decisions take them; messages name its repository."""
    line = None if branch in {"main", "master"} else branch
    patches = {path: text for path, text in files.items() if path.startswith("recipe/") and path.endswith(_PATCHES)}
    given = kept(files)
    others = {path: text for path, text in files.items() if _is_beside(path, text) and path not in given}
    return FeedstockFolder(name, Path(full_name), line, given=given, patches=patches, others=others)


def _is_beside(path: str, text: str) -> bool:
    """Whether a file lies in the recipe's folder and is neither a patch nor very large."""
    folder, _, name = path.rpartition("/")
    return folder == "recipe" and not name.endswith(_PATCHES) and len(text) <= _LARGEST_BESIDE


def recipe_in(files: Mapping[str, str]) -> str | None:
    """Return the path of the recipe that is built from a feedstock's files, None if there is none."""
    there = [path for name in RECIPE_NAMES if (path := f"recipe/{name}") in files]
    if len(there) < 2:
        return there[0] if there else None
    return f"recipe/{chosen_recipe(files.get('conda-forge.yml', ''))}"


def kept(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that decide what is built, the recipe first."""
    first = recipe_in(files)
    support = sorted(path for path in files if _is_support(path))
    paths: Iterable[str] = [*([first] if first else []), *(path for path in _BESIDE if path in files), *support]
    return {path: files[path] for path in paths}


def _is_support(path: str) -> bool:
    parts = path.split("/")
    yaml = path.endswith((".yaml", ".yml"))
    return yaml and parts[0] == ".ci_support" and (len(parts) == 2 or parts[1:-1] == ["migrations"])
