"""The licence files that a recipe lists, compared with its sources where these are folders of this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Literal

from dirac_forge.recipe.reading.recipe_text import Mistake
from dirac_forge.recipe.reading.schema import mappings
from dirac_forge.recipe.reading.yamlnodes import Node, SequenceNode, compose, line_of, pairs, scalar
from dirac_forge.values import dataclass

_OPEN = re.compile(r"\$\{\{|[*?\[{]")
"""What a template makes, or a pattern matches, is not known before a build."""

_SCRIPTS = ("build.sh", "build.bat", "bld.bat")
"""What may make files before their licences are looked for."""
KindOf = Callable[[str], Literal["file", "folder", ""]]
"""What there is at a path from the recipe's own folder; "" for nothing."""


@dataclass(frozen=True, slots=True)
class _LocalSource:
    path: str
    folder: str
    """Where it is put, below the folder of the sources."""


def missing_licence_files(text: str, kind_of: KindOf) -> Iterator[Mistake]:
    """Yield the entries of `license_file` of a recipe.yaml that are neither next to it nor in a source.

    Nothing is said where that is not known: of a recipe with a source that is not a folder of this machine, and of
    files that the build makes.
    """
    if any(map(kind_of, _SCRIPTS)):
        return
    root = compose(text)
    found = [one for node in _values(root, "source") for one in _sources(node)]
    local = [one for one in found if one is not None and kind_of(one.path) == "folder"]
    if len(local) < len(found):
        return
    for about in _values(root, "about"):
        for listed in _values_of(about, "license_file"):
            for place in _items(listed):
                path = scalar(place)
                if path and _is_given(path, text) and not any(map(kind_of, _places(path, local))):
                    problem = f"license_file: {path} is neither next to the recipe nor in its source"
                    yield Mistake(problem, line_of(place))


def _is_given(path: str, text: str) -> bool:
    """Whether an entry is a plain path that the recipe does not name elsewhere, as a script that writes it does."""
    return not _OPEN.search(path) and text.count(PurePosixPath(path).name) == 1


def _values(root: Node | None, key: str) -> Iterator[Node]:
    """Yield what a key has, wherever it stands."""
    return (value for node in mappings(root) for value in _values_of(node, key))


def _values_of(node: Node | None, key: str) -> Iterator[Node]:
    return (value for name, _, value in pairs(node) if name == key)


def _items(node: Node) -> Iterator[Node]:
    """Yield a value, or those of a list; what is behind a condition is there on some platforms only."""
    yield from (node.value if isinstance(node, SequenceNode) else [node])


def _sources(node: Node) -> Iterator[_LocalSource | None]:
    """Yield the sources of a recipe: None for one that is not known to be a folder."""
    for each in mappings(node):
        keys = {name: scalar(value) for name, _, value in pairs(each)}
        if "path" in keys and keys["path"] and not _OPEN.search(keys["path"]):
            yield _LocalSource(keys["path"], keys.get("target_directory") or "")
        elif keys.keys() & {"url", "git", "path"}:
            yield None


def _places(path: str, sources: list[_LocalSource]) -> Iterator[str]:
    """Yield where a build looks for a file: next to the recipe, and in each source."""
    yield str(PurePosixPath(path))
    for source in sources:
        if PurePosixPath(path).is_relative_to(source.folder or "."):
            yield f"{source.path}/{PurePosixPath(path).relative_to(source.folder or '.')}"
