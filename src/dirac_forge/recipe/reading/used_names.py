"""Which variables a recipe.yaml reads and which packages pins reach.

Read from the nodes, not from the lines: block or flow style, quotes and comments make no difference to rattler-build.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from dirac_forge.recipe.reading.expressions import braces, expression_names
from dirac_forge.recipe.reading.functions import called_names
from dirac_forge.recipe.reading.schema import mappings
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, ScalarNode, SequenceNode, pairs

_WORD = re.compile(r"[A-Za-z_]\w*")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_BARE = re.compile(r"[A-Za-z0-9_.-]+")
_CONDITIONS = ("if", "skip")
_BRANCHES = frozenset({"then", "else"})
_PARTS = _BRANCHES | {"cache", "outputs"}
"""The keys above the requirements of an output; those of a test are another thing."""


def variables(root: Node) -> frozenset[str]:
    """Return every variable that conditions and templates read, and the keys that variants are to use."""
    found = set[str]()
    for text in _texts(root):
        found |= called_names(text)
        for _, _, expression in braces(text):
            found |= expression_names(expression)
    for condition in _below(root, *_CONDITIONS):
        found |= expression_names(condition) or set(_WORD.findall(_QUOTED.sub("", condition)))
    for key in _below(root, "use_keys"):
        found.update(_WORD.findall(key))
    return frozenset(found)


def evaluated(root: Node) -> frozenset[str]:
    """Return the names in `${{ }}` and in conditions, as far as they are expressions."""
    expressions = (expression for text in _texts(root) for _, _, expression in braces(text))
    return frozenset(name for each in (*expressions, *_below(root, *_CONDITIONS)) for name in expression_names(each))


def pinned(root: Node) -> frozenset[str]:
    """Return the packages that build and host ask for without a version; run requirements make no variants."""
    requirements = _under([root], _PARTS, "requirements")
    listed = _under(_under(requirements, frozenset(), "build", "host"), _BRANCHES)
    names = (str(node.value).strip() for node in listed if isinstance(node, ScalarNode))
    return frozenset(name.lower() for name in names if _BARE.fullmatch(name))


def _texts(*roots: Node) -> Iterator[str]:
    """Yield every scalar that is not a key, each once."""
    return (str(node.value) for node in _once(roots, _inside) if isinstance(node, ScalarNode))


def _inside(node: Node) -> list[Node]:
    """Return what a list has, or the values of a mapping."""
    if isinstance(node, SequenceNode):
        return list(node.value)
    return [value for _, value in node.value] if isinstance(node, MappingNode) else []


def _below(root: Node, *keys: str) -> Iterator[str]:
    """Yield the scalars in the values of these keys, wherever they are."""
    return _texts(*(value for node in mappings(root) for key, _, value in pairs(node) if key in keys))


def _under(roots: Iterable[Node], through: Collection[str], *keys: str) -> list[Node]:
    """Return the values of these keys, in lists and below the keys of `through`, too; without `keys`, all nodes."""

    def inside(node: Node) -> list[Node]:
        if isinstance(node, SequenceNode):
            return list(node.value)
        return [value for key, _, value in pairs(node) if key in through]

    nodes = _once(roots, inside)
    return [value for node in nodes for key, _, value in pairs(node) if key in keys] if keys else list(nodes)


def _once(roots: Iterable[Node], inside: Callable[[Node], list[Node]]) -> Iterator[Node]:
    """Yield the nodes and what is inside of them, each once: aliases make a few lines into many values."""
    stack, seen = list(roots), set[int]()
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack += inside(node)
