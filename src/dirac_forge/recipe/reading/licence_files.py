"""The licence files that a recipe lists, compared with its sources where these are folders of this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Literal

from dirac_forge.recipe.reading.functions import marked
from dirac_forge.recipe.reading.recipe_text import Mistake, RecipeText
from dirac_forge.recipe.reading.schema import mappings
from dirac_forge.recipe.reading.v0 import RecipeV0
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, SequenceNode, compose, line_of, pairs, scalar
from dirac_forge.values import dataclass

_OPEN = re.compile(r"\$\{\{|[*?\[{]")
"""What a template makes, or a pattern matches, is not known before a build."""
_SCRIPTS = ("build.sh", "build.bat", "bld.bat")
"""What may make files before their licences are looked for, if it is next to the recipe; so may what `script` names."""
_ENDINGS = ("", ".sh", ".bat")
_LOCAL = "path"
_REMOTE = frozenset({"url", "git", "git_url", "hg_url", "svn_url"})
_FOLDERS = ("target_directory", "folder")
"""Where a source is put, in a recipe.yaml and in a meta.yaml."""
KindOf = Callable[[str], Literal["file", "folder", ""]]
"""What there is at a path from the recipe's own folder; "" for nothing."""


@dataclass(frozen=True, slots=True)
class _LocalSource:
    path: str
    folder: str
    """Where it is put, below the folder of the sources."""


def missing_licence_files(recipe: RecipeText, platform: str, kind_of: KindOf) -> Iterator[Mistake]:
    """Yield the entries of `license_file` that are neither next to the recipe nor in a source.

    Nothing is said where that is not known: of a recipe with a source that is not a folder of this machine, and of
    files that the build makes. Of a meta.yaml only what is there on `platform` counts.

    Raises:
        RecipeError: it can't be read.
    """
    if isinstance(recipe, RecipeV0):
        root, lines = recipe.document(platform=platform, variant={}, variables={})
        numbers = {at: line.number for at, line in enumerate(lines, start=1)}
        yield from _missing(root, recipe.text, kind_of, lambda node: numbers.get(line_of(node), 0))
    else:
        yield from _missing(compose(recipe.text), recipe.text, kind_of, line_of)


def _missing(root: Node | None, text: str, kind_of: KindOf, line: Callable[[Node], int]) -> Iterator[Mistake]:
    if any(map(kind_of, _scripts(root))):
        return
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
                    yield Mistake(problem, line(place))


def _scripts(root: Node | None) -> Iterator[str]:
    """Yield where scripts of the build may be, from the recipe's own folder."""
    yield from _SCRIPTS
    for node in _values(root, "script"):
        values = _values_of(node, "file") if isinstance(node, MappingNode) else _items(node)
        yield from (f"{name}{ending}" for value in values if (name := scalar(value)) for ending in _ENDINGS)


def _is_given(path: str, text: str) -> bool:
    """Whether an entry is a plain path that the recipe does not name elsewhere, as a script that writes it does."""
    return not _is_open(path) and text.count(PurePosixPath(path).name) == 1


def _is_open(path: str) -> bool:
    return _OPEN.search(path) is not None or marked(path)


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
        keys: Mapping[str, str | None] = {name: scalar(value) for name, _, value in pairs(each)}
        path = keys.get(_LOCAL)
        if path and not _is_open(path):
            yield _LocalSource(path, next(filter(None, map(keys.get, _FOLDERS)), ""))
        elif _LOCAL in keys or keys.keys() & _REMOTE:
            yield None


def _places(path: str, sources: list[_LocalSource]) -> Iterator[str]:
    """Yield where a build looks for a file: next to the recipe, and in each source."""
    yield str(PurePosixPath(path))
    for source in sources:
        if PurePosixPath(path).is_relative_to(source.folder or "."):
            yield f"{source.path}/{PurePosixPath(path).relative_to(source.folder or '.')}"
