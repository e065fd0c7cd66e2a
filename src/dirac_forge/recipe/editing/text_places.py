"""Where a recipe's text says what an edit changes: assignments, `version:`, and what sources are made of.

Every byte around a value stays. The readers judge the result afterwards: what is overlooked or mistaken here shows
there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from dirac_forge.recipe.editing.text_nodes import last_line, leaves, span, text_root, values_of
from dirac_forge.recipe.reading.expressions import expression_names
from dirac_forge.recipe.reading.recipe_text import HASH_KEY
from dirac_forge.recipe.reading.selectors import selector_names, selector_of
from dirac_forge.recipe.reading.yamlnodes import Node, YamlError, line_of, pairs
from dirac_forge.values import dataclass

_SET = re.compile(r"\{%[-+]?\s*set\s+([A-Za-z_][\w, ]*?)\s*=(?!=)\s*(.*?)\s*[-+]?%\}", re.DOTALL)
_CONDITION = re.compile(r"\{%[-+]?\s*(?:el)?if\b")
_COMPARED = re.compile(
    r"\b([A-Za-z_]\w*)(?:\s*==\s*|(?:\s+or\s+['\"]\w*['\"]\s*\))?\.startswith\(\s*)(['\"])([^'\"]+)\2"
)
"""`mpi == "openmpi"`, `(cuda_compiler_version or "").startswith("13")`."""
_LOOP = re.compile(r"\{%[-+]?\s*for\s+([A-Za-z_][\w, ]*?)\s+in\s+(.*?)\s*[-+]?%\}", re.DOTALL)
BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_SOURCE_KEYS = frozenset(
    [
        "url",
        "fn",
        "file_name",
        "folder",
        "target_directory",
        "git_rev",
        "git_tag",
        "git_url",
        "git",
        "tag",
        "rev",
        "branch",
        "hg_tag",
        "svn_rev",
    ]
)

Replacement = tuple[int, int, str]
"""Start and end in the text, and what goes there."""


class OverlapError(ValueError):
    """Two replacements are at the same place, in `line`, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"two edits in line {line}")
        self.line = line


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A value in the text, quotes included, without what surrounds it."""

    start: int
    end: int
    raw: str
    line: int
    """From 1."""
    name: str = ""
    """The variable that it is assigned to, or the key."""
    expression: bool = False
    """Whether `raw` is an expression as a whole, as after `{% set x =`."""
    block: bool = False
    """Whether it is a block scalar's text, in which quotes are text too."""

    @property
    def names(self) -> frozenset[str]:
        """The variables that it is made from."""
        if self.expression:
            return expression_names(self.raw)
        return frozenset(name for inner in BRACES.findall(self.raw) for name in expression_names(inner))

    @property
    def literal(self) -> str | None:
        """The text that it is, unquoted; None for what is made of variables."""
        text = self.raw.strip()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            text = text[1:-1]
            return None if "'" in text or '"' in text or "{{" in text else text
        if "{{" in text or (self.expression and not re.fullmatch(r"[\d.]+", text)):
            return None
        return text


def assignments(text: str, *, v1: bool) -> list[TextPlace]:
    """Return what `{% set %}` and `{% for %}` (v0) or `context` (v1) assign, in the file's order.

    The variables of a loop have the whole that it goes through.

    Raises YamlError.
    """
    if v1:
        contexts = (value for name, _, value in pairs(text_root(text, v1=True)) if name == "context")
        return places_below(text, contexts, "context")
    return [
        TextPlace(match.start(2), match.end(2), match[2], text.count("\n", 0, match.start(2)) + 1, name.strip(), True)
        for match in sorted((*_SET.finditer(text), *_LOOP.finditer(text)), key=lambda match: match.start())
        for name in match[1].split(",")
    ]


def places_below(text: str, nodes: Iterable[Node], name: str) -> list[TextPlace]:
    """Return the values below nodes with their keys: those of lists and of branches belong to the key above."""
    found = []
    for key, leaf in (pair for node in nodes for pair in leaves(node, name)):
        start, end = span(text, leaf)
        if start < end:
            found.append(TextPlace(start, end, text[start:end], line_of(leaf), key, block=leaf.style in {"|", ">"}))
    return found


def closure(names: Iterable[str], assigned: Iterable[TextPlace]) -> frozenset[str]:
    """Return the variables that `names` are made from, themselves included."""
    made: dict[str, set[str]] = {}
    for place in assigned:
        made.setdefault(place.name, set()).update(place.names)
    reached: set[str] = set()
    waiting = set(names)
    while waiting:
        reached |= waiting
        waiting = {other for name in waiting for other in made.get(name, ())} - reached
    return frozenset(reached)


def versions(text: str, *, v1: bool) -> list[TextPlace]:
    """Return the values of `version:` keys, but not those of variables. Raises YamlError."""
    outside = frozenset({"context"}) if v1 else frozenset[str]()
    return places_below(text, values_of(text_root(text, v1=v1), "version", outside=outside), "version")


def source_values(text: str, *, v1: bool) -> list[TextPlace]:
    """Return the places that name upstream's files in the sources: URLs, tags, files, folders; no patches.

    Raises YamlError.
    """
    return [place for place in _in_sources(text, v1=v1) if place.name in _SOURCE_KEYS or "://" in place.raw]


def hash_values(text: str, *, v1: bool) -> list[TextPlace]:
    """Return where the sources say hashes. Raises YamlError."""
    return [place for place in _in_sources(text, v1=v1) if HASH_KEY.fullmatch(place.name)]


def _in_sources(text: str, *, v1: bool) -> list[TextPlace]:
    return places_below(text, values_of(text_root(text, v1=v1), "source"), "source")


def source_selectors(text: str) -> frozenset[str]:
    """Return the variables in selectors of a meta.yaml on lines of its sources and of what they are made from.

    Nothing for what is not YAML.
    """
    selectors = (selector_of(line)[1] for line in _source_lines(text, v1=False))
    return frozenset[str]().union(*(selector_names(one) for one in selectors if one is not None))


def compared_values(text: str, *, v1: bool) -> frozenset[tuple[str, str]]:
    """Return the variables that conditions of the sources compare with a text, and the text: `mpi == "openmpi"`.

    Nothing for what is not YAML.
    """
    lines = _source_lines(text, v1=v1)
    return frozenset((match[1], match[3]) for line in lines for match in _COMPARED.finditer(line))


def _source_lines(text: str, *, v1: bool) -> list[str]:
    """Return the lines of the sources and of what they are made from, and those with statements."""
    try:
        sections = _sections(text, v1=v1)
        places = _in_sources(text, v1=v1)
        assigned = assignments(text, v1=v1)
    except YamlError:
        return []
    reached = closure((name for place in places for name in place.names), assigned)
    numbers = {place.line for place in assigned if place.name in reached}
    numbers.update(number for first, last in sections for number in range(first, last + 1))
    lines = enumerate(text.split("\n"), start=1)
    return [line for number, line in lines if number in numbers or _CONDITION.search(line)]


def sources_end(text: str, line: int, *, v1: bool) -> int:
    """Return the last line of the `source` section that holds `line`; `line` itself where there is none."""
    return next((last for first, last in _sections(text, v1=v1) if first <= line <= last), line)


@lru_cache(maxsize=4)
def _sections(text: str, *, v1: bool) -> tuple[tuple[int, int], ...]:
    """Return the first and the last line of each `source` section."""
    nodes = values_of(text_root(text, v1=v1), "source")
    return tuple((line_of(node), last_line(text, node)) for node in nodes)


def replaced(text: str, places: Iterable[Replacement]) -> str:
    """Return `text` with other text in these places, which must not overlap; the same replacement twice is one.

    Raises OverlapError.
    """
    parts, position = [], 0
    for start, end, new in sorted(set(places)):
        if start < position:
            raise OverlapError(text.count("\n", 0, start) + 1)
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])
