"""From feedstocks of a workspace to recipes that can be built on this machine."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from rattler import VirtualPackage

from dirac_forge.build.conversion import converted_recipe
from dirac_forge.build.failures import NotBuildable
from dirac_forge.build.model import PackageResult, not_rendered
from dirac_forge.build.planning import RecipeToBuild, variants_here
from dirac_forge.build.recipe_files import copy_recipe, digest_of_recipe, recipe_files
from dirac_forge.channel.repodata import Folder
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.files import read_bytes
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What can be built, and what can't."""

    recipes: tuple[RecipeToBuild, ...]
    refused: tuple[PackageResult, ...]


def machine_packages() -> dict[str, str]:
    """Return the virtual packages of this machine, as settings write them."""
    found = {}
    for one in VirtualPackage.detect():
        package = one.into_generic()
        found[package.name.normalized] = f"{package.version} {package.build_string}"
    return found


def channels_signature(channel: Channel, platform: str) -> str | None:
    """Return the SHA-256 of the repodata of all channels; None if one of them is behind a network. Raises OSError."""
    digest = hashlib.sha256()
    for source in channel.sources:
        if not isinstance(source, Folder):
            return None
        for subdir in (platform, "noarch"):
            path = source.folder / subdir / "repodata.json"
            digest.update(f"{path}\n".encode())
            if path.is_file():
                digest.update(read_bytes(path, most=2 * 1024**3))
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Machine:
    """What all recipes of a run are prepared for."""

    channel: Channel
    pinning: Pinning | None
    platform: str
    pythons: Sequence[str]
    available: Sequence[str]
    chosen: Mapping[str, str]
    converted: Path
    """Where recipes are written that take the place of a meta.yaml."""


def prepared(
    folders: Sequence[FeedstockFolder],
    channel: Channel,
    pinning: Pinning | None,
    *,
    platform: str,
    pythons: Sequence[str],
    available: Sequence[str],
    chosen: Mapping[str, str],
    converted: Path,
) -> Prepared:
    """Return each feedstock with its variants for this machine; a meta.yaml is converted below `converted`.

    Raises UnknownError if the channel can't be read.
    """
    machine = _Machine(
        channel=channel,
        pinning=pinning,
        platform=platform,
        pythons=pythons,
        available=available,
        chosen=chosen,
        converted=converted,
    )
    recipes: list[RecipeToBuild] = []
    refused: list[PackageResult] = []
    for folder in folders:
        try:
            recipes.append(_prepared(folder, machine))
        except ForgeError as error:
            refused.append(_refused(folder, platform, error.message))
        except OSError as error:
            refused.append(_refused(folder, platform, str(error)))
    return Prepared(recipes=tuple(recipes), refused=tuple(refused))


def _prepared(folder: FeedstockFolder, machine: _Machine) -> RecipeToBuild:
    """Raise ForgeError or OSError for what can't be built here."""
    path, recipe, platform = folder.recipe_path, folder.read(), machine.platform
    found, without = variants_here(
        recipe,
        machine.pinning,
        machine.channel,
        platform=platform,
        pythons=machine.pythons,
        available=machine.available,
        chosen=machine.chosen,
    )
    live = [one for one in found if recipe.text.render(platform=platform, variant=one.values).skipped is not True]
    if not live:
        why = f"the channel has no Python {', '.join(without)}" if without and not found else "the recipe skips it"
        raise InputError(f"nothing to build on {platform}: {why}")
    values = tuple(one.values for one in live)
    original = None
    if recipe.text.format == "v0":
        original, path = path, _converted(folder, recipe.text.text, values, machine)
    digest = digest_of_recipe(path, values)
    return RecipeToBuild(
        feedstock=folder.name,
        recipe=path.absolute(),
        home=(folder.path.parent if folder.path.is_file() else folder.path).absolute(),
        digest=digest,
        variants=values,
        without=without,
        original=original,
    )


def _converted(folder: FeedstockFolder, text: str, variants: Sequence[Mapping[str, str]], machine: _Machine) -> Path:
    """Write the recipe.yaml that is built in the place of a meta.yaml, with the files next to it."""
    path = folder.recipe_path
    files = [each.name for each in recipe_files(path)]
    try:
        texts = {
            converted_recipe(text, path=path.name, platform=machine.platform, variant=values, files=files)
            for values in variants
        }
        if len(texts) > 1:
            raise RecipeError(
                "its variants are different recipes: choose one with --python or --variant", path=path.name
            )
    except RecipeError as error:
        raise InputError(
            f"it is not built as a recipe.yaml: {error.message}; {_CONDA_BUILD[_has_conda_build()]}"
        ) from error
    place = machine.converted / folder.name / "recipe"
    shutil.rmtree(place, ignore_errors=True)
    copy_recipe(path, place)
    for name in (path.name, "recipe.yaml"):  # which may be a link to what is not there
        (place / name).unlink(missing_ok=True)
    (place / "recipe.yaml").write_text(texts.pop(), encoding="utf-8")
    return place / "recipe.yaml"


def _has_conda_build() -> bool:
    return shutil.which("conda-build") is not None


_CONDA_BUILD = {
    True: "conda-build is on PATH and builds it",
    False: "conda-build, which builds it, is not on PATH",
}


def _refused(folder: FeedstockFolder, platform: str, reason: str) -> PackageResult:
    return not_rendered(folder.name, platform, "skipped", NotBuildable(phase="render", reason=reason))
