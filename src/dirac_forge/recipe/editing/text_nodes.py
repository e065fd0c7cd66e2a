"""The YAML of a recipe's text as it is written, so that every value has its place; templates stay unread.

In a meta.yaml, templates are hidden from YAML: every tag becomes as many other characters, so that all places stay.
Lines under selectors and in both branches of a condition are there at once. A few lines that are YAML only with their
templates are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from dirac_forge.recipe.reading import yamlnodes
from dirac_forge.recipe.reading.templates import tags
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, ScalarNode, SequenceNode, YamlError

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
"""An anchor and a tag in front of a value."""
_BLOCK = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\r?\n\s*")
"""What a block scalar begins with."""
_ALONE = re.compile(r"^[ \t]*(?:-[ \t]+)?(?:x+|#{3,399})[ \t]*(?:#.*)?$", re.MULTILINE)
_STATEMENT = re.compile(r"^\{%[-+]?\s*(\w+)")
_BODIES = frozenset({"macro", "raw", "call", "filter"})
_BLOCK_SET = re.compile(r"\{%[-+]?\s*set\b[^=]*%\}")
_CONTENT = re.compile(r"[ \t]*[^ \t\r#]")
_SIGN = re.compile(r"[^\r\n]")
_LINE = re.compile(r"[^\r\n]+")
_MARK = "\ufeff"
_MAX_DEPTH = 40
_MOST_DROPPED = 12
"""Lines of one recipe that are not read because they are YAML only with their templates."""


@lru_cache(maxsize=8)
def text_root(text: str, *, v1: bool) -> Node | None:
    """Return the root node of a recipe's text; raises YamlError for what is not YAML."""
    plain = text.removeprefix(_MARK)
    if v1:
        return yamlnodes.compose(plain)
    hidden = _hidden(plain)
    try:
        return yamlnodes.compose(hidden)
    except YamlError:
        # A tag alone on its line may make any number of lines, or be inside of a text of several lines.
        return _composed_mostly(_ALONE.sub(lambda match: " " * len(match[0]), hidden))


def _composed_mostly(hidden: str) -> Node | None:
    """Return the root node without the lines that are no YAML; raises YamlError, the first one, if they are too many.

    What is overlooked for that shows where an edit is read back.
    """
    first: YamlError | None = None
    for _ in range(_MOST_DROPPED):
        try:
            return yamlnodes.compose(hidden)
        except YamlError as error:
            first = first or error
            shorter = _without_line(hidden, error.line)
            if shorter == hidden:
                break
            hidden = shorter
    raise first or YamlError("this is not YAML")


def _without_line(text: str, number: int) -> str:
    """Return `text` with spaces for the line `number`, from 1, or for the last one before it that has any text."""
    lines = text.split("\n")
    last = next((index for index in range(min(number, len(lines)), 0, -1) if _CONTENT.match(lines[index - 1])), 0)
    if last:
        lines[last - 1] = _SIGN.sub(" ", lines[last - 1])
    return "\n".join(lines)


def _hidden(text: str) -> str:
    parts: list[str] = []
    position = 0
    for start, end in _tags(text):
        parts += [text[position:start], _without_tag(text, start, end)]
        position = end
    return "".join([*parts, text[position:]])


def _tags(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the tags begin and end; a macro and the like as a whole, because its body is used somewhere else."""
    begin, closing = 0, ""
    for start, end in tags(text):
        if end < 0:
            return
        word = "".join(_STATEMENT.findall(text[start:end]))
        if not closing and word not in _BODIES and not _BLOCK_SET.match(text, start, end):
            yield start, end
        elif not closing:
            begin, closing = start, f"end{word}"
        elif word == closing:
            yield begin, end
            closing = ""


def _without_tag(text: str, start: int, end: int) -> str:
    """Return as many characters as a tag has: a word for an expression, a comment or spaces for a statement."""
    if text.startswith("{{", start):
        return _SIGN.sub("x", text[start:end])
    before = text[text.rfind("\n", 0, start) + 1 : start]
    after = text[end:].partition("\n")[0]
    alone = not before.strip() and not after.split("#")[0].strip()
    return _LINE.sub(lambda line: "#" * len(line[0]), text[start:end]) if alone else _SIGN.sub(" ", text[start:end])


def span(text: str, node: ScalarNode) -> tuple[int, int]:
    """Return where a value begins and ends, quotes included, without anchor and tag; of a block its lines."""
    shift = len(_MARK) if text.startswith(_MARK) else 0
    start, end = node.start_mark.index + shift, node.end_mark.index + shift
    start += len(_first(_PROPERTIES, text, start, end))
    start += len(_first(_BLOCK, text, start, end))
    return start, start + len(text[start:end].rstrip())


def _first(pattern: re.Pattern[str], text: str, start: int, end: int) -> str:
    match = pattern.match(text, start, end)
    return match[0] if match is not None else ""


def last_line(text: str, node: Node) -> int:
    """Return the last line, from 1, that a node and the comments after it take."""
    line = int(node.end_mark.line)
    block = isinstance(node, (MappingNode, SequenceNode)) and not node.flow_style
    return line if block and node.end_mark.index < len(text.rstrip()) else line + 1


def values_of(node: Node | None, key: str, *, outside: frozenset[str] = frozenset()) -> Iterator[Node]:
    """Yield every value of a key, wherever it is but below the keys `outside`, in the text's order."""
    for name, value in _entries(node, outside, 0):
        if name == key:
            yield value


def keys_without_value(node: Node | None) -> Iterator[tuple[str, int]]:
    """Yield the keys that have no value, each with its line, from 1."""
    for name, value in _entries(node, frozenset(), 0):
        if isinstance(value, ScalarNode) and yamlnodes.scalar(value) is None:
            yield name, yamlnodes.line_of(value)


def _entries(node: Node | None, outside: frozenset[str], depth: int) -> Iterator[tuple[str, Node]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, SequenceNode):
        for item in node.value:
            yield from _entries(item, outside, depth + 1)
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value not in outside:
                yield str(key.value), value
                yield from _entries(value, outside, depth + 1)


def leaves(node: Node, name: str, depth: int = 0) -> Iterator[tuple[str, ScalarNode]]:
    """Yield the scalars below a node, each with its key; those of lists and branches have the key of the whole.

    The tests of conditions are left out.
    """
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, ScalarNode):
        yield name, node
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from leaves(item, name, depth + 1)
    elif isinstance(node, MappingNode):
        conditional = any(key.value == "if" for key, _ in node.value)
        for key, value in node.value:
            if not conditional:
                yield from leaves(value, name if key.value == "<<" else str(key.value), depth + 1)
            elif key.value in {"then", "else"}:
                yield from leaves(value, name, depth + 1)
