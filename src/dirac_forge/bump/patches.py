"""Patches that a recipe carries: after a bump they may not apply any more, or not be needed."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.build.patches import TriedPatch
from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchedSource:
    """A file of upstream's, and the patches for it."""

    urls: tuple[str, ...]
    """Mirrors of one file."""
    patches: tuple[str, ...]
    """Below the recipe's folder, in the order in which they are applied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AbsentPatch:
    """There is no such file."""

    folder: str = ""
    """Where it was looked for; "" for the feedstock's repository."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsidePatch:
    """The path of the patch leads out of the feedstock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OversizedPatch:
    """The file is larger than any patch that is read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryPatch:
    """The patch is for a repository that is checked out, which is not downloaded."""


UntriedReason = AbsentPatch | OutsidePatch | OversizedPatch | RepositoryPatch | str
"""Text is the message of an error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UntriedPatch:
    """A patch that could not be tried."""

    name: str
    reason: UntriedReason


PatchResult = TriedPatch | UntriedPatch


def patches_of(text: str, *, path: str, settings: Sequence[Setting]) -> tuple[str, ...]:
    """Return each patch of the recipe once, as it writes them, over all builds. Raises RecipeError."""
    sources = patched_sources(text, path=path, settings=settings)
    return tuple(dict.fromkeys(patch for source in sources for patch in source.patches))


def patched_sources(text: str, *, path: str, settings: Sequence[Setting]) -> tuple[PatchedSource, ...]:
    """Return the patched sources with the patches that one build or another applies to them. Raises RecipeError."""
    if "patches" not in text:
        return ()
    recipe = parse_recipe(text.replace("\r\n", "\n"), path=path)
    urls: dict[tuple[object, ...], dict[str, None]] = {}
    patches: dict[tuple[object, ...], dict[str, None]] = {}
    for platform, variant in settings:
        for output in recipe.render(platform=platform, variant=variant).outputs:
            for source in output.sources:
                if source.patches:
                    key = (source.entry, *source.digests.items(), source.git)
                    urls.setdefault(key, {})[source.url or ""] = None
                    patches.setdefault(key, {}).update(dict.fromkeys(source.patches))
    return tuple(PatchedSource(urls=tuple(urls[key]), patches=tuple(patches[key])) for key in urls)
