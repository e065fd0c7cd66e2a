"""Build numbers in a recipe's text: raised or reset where they are written, whatever output or variable that is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from dirac_forge.recipe.editing.text_nodes import text_root, values_of
from dirac_forge.recipe.editing.text_places import (
    BRACES,
    Replacement,
    TextPlace,
    assignments,
    closure,
    places_below,
    replaced,
)
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RecipeError, RecipeText
from dirac_forge.recipe.reading.yamlnodes import MappingNode, YamlError, pairs
from dirac_forge.untrusted import parse_whole_number
from dirac_forge.values import dataclass

_LITERAL = re.compile(r"(['\"]?)(\d+)(['\"]?)")
_PLAIN = re.compile(r"\s*(\d+)\s*")
_INTEGER = re.compile(r"'(?P<single>\d*)[^']*'|\"(?P<double>\d*)[^\"]*\"|(?<![\w.])(?P<bare>\d+)(?![\w.])")
"""A number in an expression; of a text in quotes what it begins with."""
_SUBSCRIPT = re.compile(r"[\w)\]]\[\s*$")
_PARTS = tuple(map(re.compile, (r"^\s*(\d+)\s*\+", r"\+\s*(\d+)\s*$", r"^\s*(\d+)\s+if\b", r"\belse\s+(\d+)\s*$")))
"""What an expression adds, or chooses between."""
_HUNDRED = 100
"""conda-forge prefers a variant by adding hundreds to its build number."""
_MOST_NUMBERS = 40
"""Numbers in the expressions of one recipe that are tried one by one."""
_ELSEWHERE = frozenset({"context", "about", "extra"})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Written:
    """Where the build numbers of a recipe are written."""

    values: tuple[TextPlace, ...]
    """After `number:`."""
    literals: tuple[Replacement, ...]
    """The digits of plain numbers (`3`, `{{ 3 }}`), there and in the variables that build numbers are made from."""
    expressions: tuple[tuple[int, int], ...]
    """Begin and end of expressions, there and in variables."""


def raised_build_number(text: str, *, path: Path | str, by: int) -> str:
    """Return `text` with every build number raised by `by`, all else as it was, byte for byte.

    Numbers are raised where they are written: after `number:` of any output, and in the variables that they are made
    from; else the expressions after `number:` as a whole. The result is read back: raises RecipeError if a number would
    not come out `by` higher.
    """
    written = _written(text, path)
    found = [(start, end, str(_number(number) + by)) for start, end, number in written.literals]
    whole = list(_whole(written, text, by))
    if not found and not whole:
        raise RecipeError("there is no build number to raise", path=path)
    first: RecipeError | None = None
    for places in filter(None, (found, whole)):
        result = replaced(text, places)
        try:
            _prove(text, result, path=path, by=by)
        except RecipeError as error:
            first = first or error
        else:
            return result
    raise first or RecipeError("there is no build number to raise", path=path)


def _whole(written: _Written, text: str, by: int) -> Iterator[Replacement]:
    """Yield the build numbers raised as wholes: plain ones, and what is added to expressions."""
    for place in written.values:
        if _LITERAL.fullmatch(place.raw):
            begin, end, number = _digits(place)
            yield begin, end, str(_number(number) + by)
        for begin, end in _braces(place):
            yield begin, end, f" ({text[begin:end].strip()}) + {by} "


def reset_build_number(
    text: str, *, path: Path | str, kept: Iterable[int] = (), accepted: Callable[[str], bool] = lambda _: True
) -> str:
    """Return `text` with the build number 0, everything else as it was, byte for byte.

    `kept` are the lines where outputs begin whose own numbers stay, because their version does. `accepted` says whether
    a text has the build numbers that it should; if no way of resetting them does, the likeliest one is returned.

    Numbers are reset where they are written: after `number:` of any output, in the variables that they are made from,
    and as what an expression adds (`100 * cuda + 3`). Hundreds between numbers stay, because they prefer a variant;
    `unreset_number` checks whether that came out right. A recipe without a build number is returned as it is. Raises
    RecipeError for what is not YAML.
    """
    written = _written(text, path)
    spans = [_span(text, line) for line in kept]
    literals = _outside(written.literals, spans)
    addends = _outside((one for start, end in written.expressions for one in _addends(text, start, end)), spans)
    inner = _outside((one for start, end in written.expressions for one in _integers(text, start, end)), spans)
    # The least number is 0, unless an expression has a lower one.
    least = min((_hundreds(number) for _, _, number in literals), default=0)
    ways = [
        [(start, end, str(_hundreds(number) - base)) for start, end, number in literals]
        for base in dict.fromkeys((least, 0))
    ]
    likely = [replaced(text, [*numbers, *addends]) for numbers in ways]
    found = next((one for one in likely if accepted(one)), None)
    tried = (_tried(text, numbers, sorted(inner), accepted) for numbers in ways)
    return found or next(filter(None, tried), likely[0])


def _tried(
    text: str, numbers: Sequence[Replacement], inner: Sequence[Replacement], accepted: Callable[[str], bool]
) -> str | None:
    """Return the text with those numbers in expressions reset that have to be; None if that does not help."""
    if len(inner) > _MOST_NUMBERS or not accepted(replaced(text, [*numbers, *inner])):
        return None
    needed = list(inner)
    for one in inner:
        fewer = [other for other in needed if other != one]
        if accepted(replaced(text, [*numbers, *fewer])):
            needed = fewer
    # What is as high as one of them, hundreds aside, is so for a platform or variant that is not built.
    heights = {_number(text[start:end]) % _HUNDRED for start, end, _ in needed}
    alike = replaced(text, [*numbers, *(one for one in inner if _number(text[one[0] : one[1]]) % _HUNDRED in heights)])
    return alike if accepted(alike) else replaced(text, [*numbers, *needed])


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

    Numbers that differ by hundreds have to do so afterwards, a number that is not a hundred has to change, and none
    rises.
    """
    pairs_of_numbers = sorted(set(numbers))
    if not pairs_of_numbers:
        return None
    old, new = pairs_of_numbers[0]
    if old == new and new % _HUNDRED:
        return new
    for was, now in pairs_of_numbers:
        if now > was or now - new not in {was - old, (was // _HUNDRED - old // _HUNDRED) * _HUNDRED}:
            return now
    return None


def _addends(text: str, start: int, end: int) -> Iterator[Replacement]:
    """Yield the numbers that an expression adds or chooses between, in hundreds; round ones prefer a variant."""
    for pattern in _PARTS:
        match = pattern.search(text[start:end])
        if match is not None and _number(match[1]) % 10:
            yield start + match.start(1), start + match.end(1), str(_hundreds(match[1]))


def _integers(text: str, start: int, end: int) -> Iterator[Replacement]:
    """Yield all numbers in an expression that are not round, in hundreds; also those in quotes."""
    for match in _INTEGER.finditer(text, start, end):
        group = match.lastgroup or ""
        digits = match[group] if group else ""
        whole = group == "bare" or len(match[0]) == len(digits) + 2
        if digits and whole and _number(digits) % _HUNDRED and not _SUBSCRIPT.search(text, start, match.start()):
            yield match.start(group), match.end(group), str(_hundreds(digits))


def _prove(before: str, after: str, *, path: Path | str, by: int) -> None:
    new = parse_recipe(after, path=path)
    for platform, was_outputs in _readable(parse_recipe(before, path=path)).items():
        try:
            now_outputs = new.render(platform=platform).packages
        except RecipeError as error:
            problem = f"the build number can't be raised reliably ({error.problem}): raise it by hand"
            raise RecipeError(problem, path=path, line=error.line) from error
        pairs_of_outputs = zip(was_outputs, now_outputs, strict=True)
        for was, now in pairs_of_outputs:
            if was.build_number is not None and now.build_number != was.build_number + by:
                raise RecipeError(
                    f"the build number of {was.name} would be {now.build_number}, not {was.build_number + by}, "
                    f"on {platform}: raise it by hand",
                    path=path,
                    line=was.line,
                )


def _readable(recipe: RecipeText) -> Mapping[str, tuple[ReadOutput, ...]]:
    """Return the packages on each platform for which the recipe can be read; raises RecipeError if there is none."""
    found: dict[str, tuple[ReadOutput, ...]] = {}
    first: RecipeError | None = None
    for platform in PLATFORMS:
        try:
            found[platform] = recipe.render(platform=platform).packages
        except RecipeError as error:
            first = first or error
    if first is not None and not found:
        raise first
    return found


def _written(text: str, path: Path | str) -> _Written:
    """Return where build numbers are written. Raises RecipeError for what is not YAML."""
    v1 = Path(path).name == "recipe.yaml"
    try:
        values = number_values(text, v1=v1)
        assigned = assignments(text, v1=v1)
    except YamlError as exc:
        raise RecipeError(exc.message, path=path, line=exc.line) from exc
    reached = closure((name for place in values for name in place.names), assigned)
    places = (*values, *(place for place in assigned if place.name in reached))
    plain = [_digits(place) for place in places if _LITERAL.fullmatch(place.raw)]
    spans = [span for place in places if not _LITERAL.fullmatch(place.raw) for span in _braces(place)]
    alone = [match for span in spans if (match := _PLAIN.fullmatch(text, *span)) is not None]
    return _Written(
        values=tuple(values),
        literals=(*plain, *((match.start(1), match.end(1), match[1]) for match in alone)),
        expressions=tuple(span for span in spans if _PLAIN.fullmatch(text, *span) is None),
    )


def number_values(text: str, *, v1: bool) -> list[TextPlace]:
    """Return the values of `number:` in the `build` sections of a recipe. Raises YamlError."""
    builds = values_of(text_root(text, v1=v1), "build", outside=_ELSEWHERE)
    fields = (pair for build in builds if isinstance(build, MappingNode) for pair in pairs(build))
    return places_below(text, (value for key, _, value in fields if key == "number"), "number")


def _digits(place: TextPlace) -> Replacement:
    """Return where the digits of a plain number are, and which they are."""
    quote = place.raw[0] in "'\""
    return place.start + quote, place.end - quote, place.raw[quote : len(place.raw) - quote]


def _braces(place: TextPlace) -> Iterator[tuple[int, int]]:
    """Yield where the expressions in a value begin and end, without their braces."""
    if place.expression:
        yield place.start, place.end
        return
    for match in BRACES.finditer(place.raw):
        yield place.start + match.start(1), place.start + match.end(1)


def _number(digits: str) -> int:
    """Return the build number; raises YamlError for one that is longer than any."""
    number = parse_whole_number(digits)
    if number is None:
        raise YamlError(f"a build number has {len(digits)} digits")
    return number


def _hundreds(digits: str) -> int:
    return _number(digits) // _HUNDRED * _HUNDRED


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]
