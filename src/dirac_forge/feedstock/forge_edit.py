"""Edits of conda-forge.yml: single values are replaced, every other byte stays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.recipe.reading.yamlnodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    YamlError,
    compose,
    line_of,
    pairs,
    plain,
)


def patched(text: str, patches: Mapping[str, Node], *, path: Path) -> str:
    """Return a conda-forge.yml with some values replaced; a dot in a key goes one level down.

    Keys that the file does not have are not added. Raises RecipeError if the file can't be read, and where a value
    can't be replaced in its place.
    """
    try:
        for key, value in patches.items():
            text = _replaced(text, key.split("."), value, path)
    except YamlError as exc:
        raise RecipeError(exc.message, path=path, line=exc.line) from exc
    return text


def _replaced(text: str, key: list[str], value: Node, path: Path) -> str:
    root = compose(text)
    old = _at(root, key)
    if old is None or plain(old) == plain(value):
        return text
    result = f"{text[: old.start_mark.index]}{_spelled(value)}{text[_end(old) :]}"
    whole: Any = plain(root)
    table = whole
    for part in key[:-1]:
        table = table[part]
    table[key[-1]] = plain(value)
    if plain(compose(result)) != whole:
        raise RecipeError(f"{'.'.join(key)} can't be replaced: edit it by hand", path=path, line=line_of(old))
    return result


def _end(node: Node) -> int:
    """Return where the text of a value ends; the mark of a block is where the next key begins, after comments."""
    while isinstance(node, MappingNode | SequenceNode) and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _at(node: Node | None, key: list[str]) -> Node | None:
    for part in key:
        node = {name: value for name, _, value in pairs(node)}.get(part)
    return node


def _spelled(value: Node) -> str:
    """Return a value on one line, quoted as it was."""
    if isinstance(value, MappingNode | SequenceNode):
        return yaml.safe_dump(plain(value, typed=True), default_flow_style=True, width=4096).strip()
    style = value.style if isinstance(value, ScalarNode) and value.style in {"'", '"'} else None
    return yaml.serialize(ScalarNode(value.tag, value.value, style=style), width=4096).removesuffix("\n...\n").strip()
