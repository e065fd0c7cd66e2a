"""Patches of a recipe tried on the sources of the new version; they are read and applied to text, nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dirac_forge.build.patches import try_patches
from dirac_forge.bump.patches import (
    AbsentPatch,
    OutsidePatch,
    OversizedPatch,
    PatchedSource,
    PatchResult,
    RepositoryPatch,
    UntriedPatch,
)
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.files import read_bytes
from dirac_forge.http import Http
from dirac_forge.upstream.files.sdist import SDIST_LIMIT

_LARGEST_PATCH = 20_000_000


def tried_patches(
    folder: FeedstockFolder,
    sources: Sequence[PatchedSource],
    *,
    http: Http,
    place: Callable[[str], str],
) -> tuple[PatchResult, ...]:
    """Return what becomes of each patch of a feedstock on its new sources; `place` says where a URL is served."""
    results = (result for source in sources for result in _on_source(folder, source, http, place))
    return tuple(dict.fromkeys(results))


def absent_patches(folder: FeedstockFolder, sources: Sequence[PatchedSource]) -> tuple[PatchResult, ...]:
    """Return the patches of a feedstock that can't be read: the new version gave one another name, say."""
    contents = (_content(folder, name) for source in sources for name in source.patches)
    return tuple(dict.fromkeys(content for content in contents if not isinstance(content, bytes)))


def _on_source(
    folder: FeedstockFolder, source: PatchedSource, http: Http, place: Callable[[str], str]
) -> Sequence[PatchResult]:
    contents: dict[str, bytes] = {}
    untried: list[PatchResult] = []
    for name in source.patches:
        content = _content(folder, name)
        if isinstance(content, bytes):
            contents[name] = content
        else:
            untried.append(content)
    url = source.urls[0]
    if not contents:
        return untried
    if not url:
        return [*untried, *(UntriedPatch(name=name, reason=RepositoryPatch()) for name in contents)]
    try:
        with http.download(place(url), limit=SDIST_LIMIT) as body:
            size = body.seek(0, 2)
            body.seek(0)
            tried = try_patches(body, url.rpartition("/")[2], contents, size=size)
    except ForgeError as error:
        return [*untried, *(UntriedPatch(name=name, reason=error.message) for name in contents)]
    return [*untried, *tried]


def _content(folder: FeedstockFolder, name: str) -> bytes | UntriedPatch:
    """Return the patch's bytes; why not, where the feedstock has no such file here."""
    if folder.given is not None:
        text = folder.patches.get(f"recipe/{name}")
        return UntriedPatch(name=name, reason=AbsentPatch()) if text is None else text.encode()
    path = folder.recipe_path.parent / name
    try:
        if not path.resolve().is_relative_to(_root(folder)):
            return UntriedPatch(name=name, reason=OutsidePatch())
        if path.stat().st_size > _LARGEST_PATCH:
            return UntriedPatch(name=name, reason=OversizedPatch())
        return read_bytes(path)
    except FileNotFoundError:
        return UntriedPatch(name=name, reason=AbsentPatch(folder=str(path.parent)))
    except OSError as error:
        return UntriedPatch(name=name, reason=f"can't be read: {error.strerror or error}")


def _root(folder: FeedstockFolder) -> Path:
    return (folder.path.parent if folder.path.is_file() else folder.path).resolve()
