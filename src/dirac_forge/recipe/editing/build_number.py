"""Build numbers in a recipe's text: raised where they are written, whatever output or variable that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dirac_forge.recipe.editing.text_places import Replacement, assignments, closure, replaced
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.recipe.reading import yamlnodes
from dirac_forge.recipe.reading.expressions import braces, expression_names
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.recipe.reading.selectors import selector_of
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, ScalarNode, SequenceNode, YamlError, line_of, pairs
from dirac_forge.untrusted import parse_whole_number

__all__ = ["raised_build_number", "reset_build_number"]

_NUMBER_V0 = re.compile(r"^(\s*(?:-\s+)?number:\s*)(.*?)(\s*)$")
_LITERAL = re.compile(r"(['\"]?)(\d+)(['\"]?)")
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}")

_HUNDRED = 100
"""conda-forge prefers a variant by adding hundreds to its build number."""


def raised_build_number(text: str, *, path: Path | str, by: int) -> str:
    """`text` with every build number raised by `by`, all else as it was, byte for byte.

    Numbers are raised where they are written: after `number:` of any output, and in the variables that they are made
    from. The result is read back: raises RecipeError where a number would not come out `by` higher.
    """
    v1 = Path(path).name == "recipe.yaml"
    try:
        found = list(_places_v1(text, by) if v1 else _places_v0(text, by))
    except YamlError as exc:
        raise RecipeError(exc.message, path=path, line=exc.line) from exc
    if not found:
        raise RecipeError("there is no build number to raise", path=path)
    result = replaced(text, found)
    _prove(text, result, path=path, by=by)
    return result


def reset_build_number(text: str, *, path: Path | str) -> str:
    """`text` with the build number 0, all else as it was, byte for byte.

    Numbers are reset where they are written: after `number:` of any output, and in the variables that they are made
    from; expressions stay (`build + 100` where a variant is preferred). Where one variable is given several numbers,
    the hundreds between them stay for the same reason. A recipe without a build number is returned as it is. Raises
    RecipeError for what is no YAML.
    """
    v1 = Path(path).name == "recipe.yaml"
    try:
        found = set(_places_v1(text, 0, whole=False) if v1 else _places_v0(text, 0))
    except YamlError as exc:
        raise RecipeError(exc.message, path=path, line=exc.line) from exc
    numbers = {_number(number) for _, _, number in found}
    hundreds = len({number // _HUNDRED for number in numbers}) > 1 and min(numbers, default=0) < _HUNDRED
    return replaced(
        text,
        [(start, end, str(_number(number) // _HUNDRED * _HUNDRED if hundreds else 0)) for start, end, number in found],
    )


def _prove(before: str, after: str, *, path: Path | str, by: int) -> None:
    old, new = parse_recipe(before, path=path), parse_recipe(after, path=path)
    for platform in PLATFORMS:
        pairs_of_outputs = zip(
            old.render(platform=platform).packages, new.render(platform=platform).packages, strict=True
        )
        for was, now in pairs_of_outputs:
            if was.build_number is not None and now.build_number != was.build_number + by:
                raise RecipeError(
                    f"the build number of {was.name} would be {now.build_number}, not {was.build_number + by}, "
                    f"on {platform}: raise it by hand",
                    path=path,
                    line=was.line,
                )


def _number(digits: str) -> int:
    """Return the build number; raises YamlError for one that is longer than any."""
    number = parse_whole_number(digits)
    if number is None:
        raise YamlError(f"a build number has {len(digits)} digits")
    return number


def _raised(match: re.Match[str], offset: int, by: int) -> Replacement:
    return offset + match.start(2), offset + match.end(2), str(_number(match[2]) + by)


def _places_v0(text: str, by: int) -> Iterator[Replacement]:
    names: set[str] = set()
    offset = 0
    for line in text.split("\n"):
        content, _ = selector_of(line)
        match = _NUMBER_V0.match(content.partition(" #")[0])
        if match is not None:
            literal = _LITERAL.fullmatch(match[2])
            if literal is not None:
                yield _raised(literal, offset + match.start(2), by)
            for expression in _EXPRESSION.findall(match[2]):
                names |= expression_names(expression)
        offset += len(line) + 1
    assigned = assignments(text, v1=False)
    reached = closure(names, assigned)
    for place in assigned:
        if place.name in reached and (literal := _LITERAL.fullmatch(place.raw)) is not None:
            yield _raised(literal, place.start, by)


def _places_v1(text: str, by: int, *, whole: bool = True) -> Iterator[Replacement]:
    root = yamlnodes.compose(text)
    top = {key: value for key, _, value in pairs(root)}
    numbers = _Numbers(text, by, {key: value for key, _, value in pairs(top.get("context"))})
    for build in _builds(top):
        for key, _, value in pairs(build):
            if key == "number":
                yield from (place for place in numbers.places(value) if whole or place[2].isdigit())


def _builds(top: Mapping[str, Node]) -> Iterator[Node]:
    if "build" in top:
        yield top["build"]
    outputs = top.get("outputs")
    for output in _leaves(outputs) if outputs is not None else ():
        for key, _, value in pairs(output):
            if key == "build":
                yield value


def _leaves(node: Node) -> Iterator[Node]:
    """The values of a list, with both branches of conditions."""
    if isinstance(node, SequenceNode):
        for value in node.value:
            yield from _leaves(value)
        return
    fields = {key: value for key, _, value in pairs(node)}
    if isinstance(node, MappingNode) and "if" in fields:
        for key in ("then", "else"):
            if key in fields:
                yield from _leaves(fields[key])
        return
    yield node


class _Numbers:
    """Where the numbers of one recipe.yaml are written."""

    def __init__(self, text: str, by: int, context: Mapping[str, Node]) -> None:
        self.text = text
        self.by = by
        self.context = context
        self.starts = _line_starts(text)

    def places(self, node: Node, seen: frozenset[str] = frozenset()) -> Iterator[Replacement]:
        """The numbers that a value is made from, in it or in variables."""
        for leaf in _leaves(node):
            if isinstance(leaf, ScalarNode):
                yield from self._scalar(leaf, seen)

    def _scalar(self, leaf: ScalarNode, seen: frozenset[str]) -> Iterator[Replacement]:
        start = self.starts[line_of(leaf) - 1] + leaf.start_mark.column
        end = self.starts[leaf.end_mark.line] + leaf.end_mark.column
        if literal := _LITERAL.fullmatch(self.text[start:end]):
            yield _raised(literal, start, self.by)
            return
        names = {name for _, _, inner in braces(leaf.value) for name in expression_names(inner)} & set(self.context)
        for name in sorted(names - seen):
            yield from self.places(self.context[name], seen | {name})
        if not names:
            # Nothing but an expression: it is raised as a whole.
            for first, last, inner in braces(self.text, start, end):
                yield first + 3, last - 2, f" ({inner.strip()}) + {self.by} "


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]
