"""From feedstocks of a workspace to recipes that can be built on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rattler import VirtualPackage
from rattler.platform import Subdir

from dirac_forge.build.failures import NotBuildable
from dirac_forge.build.model import PackageResult
from dirac_forge.build.planning import RecipeToBuild, digest_of_folder, variants_here
from dirac_forge.channel.repodata import Folder
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.workspace import FeedstockFolder

__all__ = ["Prepared", "channels_signature", "machine_packages", "prepared", "this_platform"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What can be built, and what can't."""

    recipes: tuple[RecipeToBuild, ...]
    refused: tuple[PackageResult, ...]


def this_platform() -> str:
    """The platform of the machine that this runs on."""
    return str(Subdir.current())


def machine_packages() -> dict[str, str]:
    """The virtual packages of this machine, as settings write them."""
    found = {}
    for one in VirtualPackage.detect():
        package = one.into_generic()
        found[package.name.normalized] = f"{package.version} {package.build_string}"
    return found


def channels_signature(channel: Channel, platform: str) -> str | None:
    """SHA-256 of the repodata of all channels; None where one of them is behind a network. Raises OSError."""
    digest = hashlib.sha256()
    for source in channel.sources:
        if not isinstance(source, Folder):
            return None
        for subdir in (platform, "noarch"):
            path = source.folder / subdir / "repodata.json"
            digest.update(f"{path}\n".encode())
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()


def prepared(
    folders: Sequence[FeedstockFolder],
    channel: Channel,
    pinning: Pinning | None,
    *,
    platform: str,
    pythons: Sequence[str],
    chosen: Mapping[str, str],
) -> Prepared:
    """Each feedstock with its variants for this machine. Raises UnknownError where the channel can't be read."""
    recipes: list[RecipeToBuild] = []
    refused: list[PackageResult] = []
    for folder in folders:
        found = _prepared(folder, channel, pinning, platform, pythons, chosen)
        if isinstance(found, RecipeToBuild):
            recipes.append(found)
        else:
            refused.append(found)
    return Prepared(recipes=tuple(recipes), refused=tuple(refused))


def _prepared(
    folder: FeedstockFolder,
    channel: Channel,
    pinning: Pinning | None,
    platform: str,
    pythons: Sequence[str],
    chosen: Mapping[str, str],
) -> RecipeToBuild | PackageResult:
    try:
        path = folder.recipe_path
        recipe = folder.read()
        if recipe.text.format == "v0":
            return _refused(
                folder, platform, "a meta.yaml (format v0) is not built: convert it to recipe.yaml, or use conda-build"
            )
        found, without = variants_here(recipe, pinning, channel, platform=platform, pythons=pythons, chosen=chosen)
        live = [one for one in found if recipe.text.render(platform=platform, variant=one.values).skipped is not True]
        if not live:
            why = f"the channel has no Python {', '.join(without)}" if without and not found else "the recipe skips it"
            return _refused(folder, platform, f"nothing to build on {platform}: {why}")
        values = tuple(one.values for one in live)
        digest = digest_of_folder(path.parent if path.parent.name == "recipe" else path, values)
    except ForgeError as error:
        return _refused(folder, platform, error.message)
    except OSError as error:
        return _refused(folder, platform, str(error))
    return RecipeToBuild(feedstock=folder.name, recipe=path.absolute(), digest=digest, variants=values, without=without)


def _refused(folder: FeedstockFolder, platform: str, reason: str) -> PackageResult:
    return PackageResult(
        feedstock=folder.name,
        output=folder.name,
        version="",
        build="",
        platform=platform,
        status="skipped",
        failure=NotBuildable(phase="render", reason=reason),
    )
