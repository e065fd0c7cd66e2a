"""Build numbers in a recipe's text: raised where they are written, whatever output or variable that is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

_NUMBER_V0 = re.compile(r"^(\s*(?:-\s+)?number:\s*)(.*?)(\s*)$")
_COMMENT = re.compile(r"[ \t]#")
_LITERAL = re.compile(r"(['\"]?)(\d+)(['\"]?)")
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}")

_PARTS = tuple(map(re.compile, (r"^\s*(\d+)\s*\+", r"\+\s*(\d+)\s*$", r"^\s*(\d+)\s+if\b", r"\belse\s+(\d+)\s*$")))
"""What an expression adds, or chooses between."""
_HUNDRED = 100
"""conda-forge prefers a variant by adding hundreds to its build number."""


def raised_build_number(text: str, *, path: Path | str, by: int) -> str:
    """Return `text` with every build number raised by `by`, all else as it was, byte for byte.

    Numbers are raised where they are written: after `number:` of any output, and in the variables that they are made
    from. The result is read back: raises RecipeError if a number would not come out `by` higher.
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


def reset_build_number(text: str, *, path: Path | str, kept: Iterable[int] = ()) -> str:
    """Return `text` with the build number 0, everything else as it was, byte for byte.

    `kept` are the lines where outputs begin whose own numbers stay, because their version does.

    Numbers are reset where they are written: after `number:` of any output, in the variables that they are made from,
    and as what an expression adds (`100 * cuda + 3`). Hundreds between numbers stay, because they prefer a variant;
    `unreset_number` checks whether that came out right. A recipe without a build number is returned as it is. Raises
    RecipeError for what is not YAML.
    """
    v1 = Path(path).name == "recipe.yaml"
    try:
        found = set(_places_v1(text, 0, whole=False) if v1 else _places_v0(text, 0))
        addends = set(_addends_v1(text) if v1 else _addends_v0(text))
    except YamlError as exc:
        raise RecipeError(exc.message, path=path, line=exc.line) from exc
    spans = [_span(text, line) for line in kept]
    found, addends = _outside(found, spans), _outside(addends, spans)
    hundreds = {_number(number) // _HUNDRED * _HUNDRED for _, _, number in found}
    least = min(hundreds, default=0)
    numbers = [(start, end, str(_number(number) // _HUNDRED * _HUNDRED - least)) for start, end, number in found]
    return replaced(text, [*numbers, *addends])


def _outside(places: Iterable[Replacement], spans: Sequence[tuple[int, int]]) -> set[Replacement]:
    return {place for place in places if not any(begin <= place[0] < end for begin, end in spans)}


def _span(text: str, line: int) -> tuple[int, int]:
    """Return where an item of a list begins that has something on a line (from 1), and where it ends."""
    lines = text.split("\n")
    starts = _line_starts(text)
    if line > len(lines):  # YAML knows more ends of lines (U+2028)
        return len(text), len(text)
    first = lines[line - 1].lstrip()
    # A dash may be alone on the line before: keys that are as far in belong to the item.
    outer = len(lines[line - 1]) - len(first) - (not first.startswith("-"))
    for number in range(line, len(lines)):
        content = lines[number].lstrip()
        inside = not content or content.startswith(("#", "{%")) or len(lines[number]) - len(content) > outer
        if not inside:
            return starts[line - 1], starts[number]
    return starts[line - 1], len(text)


def unreset_number(numbers: Iterable[tuple[int, int]]) -> int | None:
    """Return a build number that is wrong after an edit, of the numbers before and after in all builds.

    Numbers that differ by hundreds have to do so afterwards, and a number that is not a hundred has to change.
    """
    pairs_of_numbers = sorted(set(numbers))
    if not pairs_of_numbers:
        return None
    old, new = pairs_of_numbers[0]
    if old == new and new % _HUNDRED:
        return new
    for was, now in pairs_of_numbers:
        if now - new not in {was - old, (was // _HUNDRED - old // _HUNDRED) * _HUNDRED}:
            return now
    return None


def _addends_v0(text: str) -> Iterator[Replacement]:
    for start, end in _expressions_v0(text):
        yield from _addend(text, start, end)


def _expressions_v0(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the expressions begin and end that build numbers are made from."""
    names: set[str] = set()
    for offset, match in _numbers_v0(text):
        for expression in _EXPRESSION.finditer(match[2]):
            names |= expression_names(expression[1])
            begin = offset + match.start(2)
            yield begin + expression.start(1), begin + expression.end(1)
    assigned = assignments(text, v1=False)
    reached = closure(names, assigned)
    for place in assigned:
        if place.name in reached and place.names:
            yield place.start, place.end


def _addends_v1(text: str) -> Iterator[Replacement]:
    for start, end, _ in _places_v1(text, 0, whole=True):
        if text[start - 3 : start] == "${{":
            yield from _addend(text, start, end)


def _addend(text: str, start: int, end: int) -> Iterator[Replacement]:
    """Yield the numbers that an expression adds or chooses between, in hundreds; round ones prefer a variant."""
    for pattern in _PARTS:
        match = pattern.search(text[start:end])
        if match is not None and _number(match[1]) % 10:
            first, last = start + match.start(1), start + match.end(1)
            yield first, last, str(_number(match[1]) // _HUNDRED * _HUNDRED)


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


def _numbers_v0(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield where the lines with `number:` begin, and what they say."""
    offset = 0
    for line in text.split("\n"):
        content, _ = selector_of(line)
        match = _NUMBER_V0.match(_COMMENT.split(content, maxsplit=1)[0])
        if match is not None:
            yield offset, match
        offset += len(line) + 1


def _places_v0(text: str, by: int) -> Iterator[Replacement]:
    names: set[str] = set()
    for offset, match in _numbers_v0(text):
        if literal := _LITERAL.fullmatch(match[2]):
            yield _raised(literal, offset + match.start(2), by)
        for expression in _EXPRESSION.findall(match[2]):
            names |= expression_names(expression)
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
    """Yield the values of a list, with both branches of conditions."""
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
        """Yield the numbers that a value is made from, in it or in variables."""
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
