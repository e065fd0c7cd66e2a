"""YAML from strangers, as nodes that know their line: no objects, no bombs, no deep nesting.

libyaml (through PyYAML) parses, about ten times faster than a pure Python parser; nothing is constructed but text,
mappings and lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import yaml

from dirac_forge.errors import InputError
from dirac_forge.untrusted import parse_whole_number

MappingNode = yaml.MappingNode
Node = yaml.Node
ScalarNode = yaml.ScalarNode
SequenceNode = yaml.SequenceNode

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_SIZE = 4_000_000
_MAX_FLOW = 50
_MAX_VALUES = 200_000
_MAX_MERGED = 20_000
_MAX_DEPTH = 60
_INDICATORS = re.compile(r"^[ \t?:-]{400}", re.MULTILINE)
_FLOW = re.compile(r"[\[\]{}]")


class YamlError(InputError):
    """A text is not YAML, or YAML that nobody writes for a good purpose; `line` counts from 1, 0 if not known."""

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def compose(text: str) -> Node | None:
    """Return the root node of a text with one document, None for an empty one.

    Raises YamlError for what is not YAML, has several documents, is larger than 4 MB or nested too deeply.
    """
    _check(text)
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        raise YamlError(exc.problem or "this is not YAML", line=mark.line + 1 if mark else 0) from exc
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise YamlError(f"this is not YAML: {exc}") from exc
    if root is not None and "*" in text and "&" in text:
        _check_aliases(root)
    return root


def _merged_size(node: Node, inner: Iterable[tuple[Node, bool]], sizes: Mapping[int, int]) -> int:
    size = 1 + sum(sizes.get(id(each), 1) for each, merged in inner if merged)
    if isinstance(node, MappingNode) and size > _MAX_MERGED:
        raise YamlError("merges expand this beyond the limit", line=line_of(node))
    return size


def _check_aliases(root: Node) -> None:
    """Raise YamlError if a node is part of itself, or merges make a few lines into too many."""
    sizes: dict[int, int] = {}
    inside: set[int] = set()
    waiting = [(root, False)]
    while waiting:
        node, done = waiting.pop()
        inner = _inner(node)
        if done:
            inside.discard(id(node))
            sizes[id(node)] = _merged_size(node, inner, sizes)
        elif id(node) in inside:
            raise YamlError("this is part of itself", line=line_of(node))
        elif id(node) not in sizes and not isinstance(node, ScalarNode):
            inside.add(id(node))
            waiting.append((node, True))
            waiting += [(each, False) for each, _ in inner]


def _inner(node: Node) -> list[tuple[Node, bool]]:
    """Return what is directly inside a node, and whether `<<` merges it; a list that is merged counts as its items."""
    if isinstance(node, SequenceNode):
        return [(each, True) for each in node.value]
    if not isinstance(node, MappingNode):
        return []
    return [(value, key.tag == "tag:yaml.org,2002:merge") for key, value in node.value]


def _check(text: str) -> None:
    if len(text) > _MAX_SIZE:
        raise YamlError(f"{len(text):,} characters exceed the limit for recipes")
    if _INDICATORS.search(text):
        raise YamlError("a line begins with hundreds of indicators")
    if text.count("[") + text.count("{") <= _MAX_FLOW:
        return
    # Brackets in text and comments count too: as many open ones at a time as this only a bomb has.
    depth = 0
    for match in _FLOW.finditer(text):
        depth = max(0, depth + (1 if match[0] in "[{" else -1))
        if depth > 20 * _MAX_FLOW:
            raise YamlError("brackets are nested too deeply", line=text.count("\n", 0, match.start()) + 1)


def line_of(node: Node) -> int:
    """Return where a node begins, from 1."""
    return int(node.start_mark.line) + 1


def scalar(node: Node | None) -> str | None:
    """Return the text of a scalar, None for null and for what is not a scalar."""
    if not isinstance(node, ScalarNode) or node.tag == "tag:yaml.org,2002:null":
        return None
    return str(node.value)


def pairs(node: Node | None) -> Iterator[tuple[str, Node, Node]]:
    """Yield key, key's node and value of a mapping in the file's order; nothing for what is not a mapping.

    `<<` puts another mapping's pairs in front, as YAML 1.1 says.
    """
    if not isinstance(node, MappingNode):
        return
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            for other in value.value if isinstance(value, SequenceNode) else [value]:
                yield from pairs(other)
    for key, value in node.value:
        if key.tag != "tag:yaml.org,2002:merge" and isinstance(key, ScalarNode):
            yield str(key.value), key, value


def lines_of(node: Node | None, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Yield path and line of every key of the mappings and every item of the lists below a node."""
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield (*at, index), line_of(item)
            yield from lines_of(item, (*at, index))
    for key, place, value in pairs(node):
        yield (*at, key), line_of(place)
        yield from lines_of(value, (*at, key))


def repeated_keys(node: Node | None, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Yield path and line of every key that a mapping has already, which YAML, conda-smithy and constructor refuse."""
    if not isinstance(node, MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if isinstance(key, ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            name = str(key.value)
            if name in seen:
                yield (*at, name), line_of(key)
            seen.add(name)
            yield from repeated_keys(value, (*at, name))


class _Count:
    def __init__(self) -> None:
        self.values = 0

    def add(self, node: Node | None, depth: int) -> None:
        """Raise YamlError if aliases make a few lines into too many values."""
        self.values += 1
        if self.values > _MAX_VALUES or depth > _MAX_DEPTH:
            raise YamlError("aliases expand this beyond the limit", line=line_of(node) if node is not None else 0)


def plain(node: Node | None, *, typed: bool = False, count: _Count | None = None, depth: int = 0) -> object:
    """Return mappings, lists and text of a node; with `typed` also numbers and booleans, as YAML 1.1 reads them.

    A key that comes twice has its last value. Raises YamlError if aliases make a few lines into too many values.
    """
    count = count or _Count()
    count.add(node, depth)
    match node:
        case MappingNode():
            return {key: plain(value, typed=typed, count=count, depth=depth + 1) for key, _, value in pairs(node)}
        case SequenceNode():
            return [plain(value, typed=typed, count=count, depth=depth + 1) for value in node.value]
        case ScalarNode() if typed and (text := scalar(node)) is not None:
            return typed_scalar(node, text)
        case _:
            return scalar(node)


def typed_scalar(node: Node, text: str) -> object:
    """Return a scalar's text as bool or int where it is one; other text, floats included, stays as written."""
    if node.tag == "tag:yaml.org,2002:bool":
        return text.lower() in {"true", "yes", "on"}
    if node.tag == "tag:yaml.org,2002:int":
        number = parse_whole_number(text.replace("_", "").removeprefix("-"))
        return text if number is None else -number if text.startswith("-") else number
    return text
