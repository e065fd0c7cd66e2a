"""Comparison and arithmetic of template values, within limits; what is `Unknown` spreads."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence

from dirac_forge.recipe.reading.values import (
    MAX_ITEMS,
    MAX_NUMBER,
    WIDE_FIELD,
    EvaluationError,
    Unknown,
    limited,
    limited_text,
    merged,
    weigh,
)
from dirac_forge.untrusted import parse_whole_number

_COMPARISONS: dict[str, Callable[..., object]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def compare(name: str, left: object, right: object) -> bool | Unknown:
    """Return one comparison by name: eq, ne, lt, lteq, gt, gteq, in, notin, is or isnot. Raises EvaluationError."""
    if (unknown := merged(left, right)) is not None:
        return unknown
    if name in {"in", "notin"}:
        _weigh_containers(left, right)
        return _contains(left, right) is (name == "in")
    if name in {"is", "isnot"}:
        return (left is right) is (name == "is")
    _weigh_containers(left, right)
    left, right = _as_versions(left, right)
    try:
        return bool(_COMPARISONS[name](left, right))
    except TypeError:
        raise EvaluationError(f"{left!r} and {right!r} have no order") from None


def _weigh_containers(*values: object) -> None:
    for value in values:
        if isinstance(value, (list, tuple, Mapping)):
            weigh(value)


def _as_versions(left: object, right: object) -> tuple[object, object]:
    """Return text and a number as versions: `python < 3.11` compares the variant's `3.10.*` with a number."""
    if isinstance(left, str) is isinstance(right, str):
        return left, right
    one, other = _numbers(left), _numbers(right)
    return (left, right) if one is None or other is None else (one, other)


def _numbers(value: object) -> list[int | None] | None:
    """Return the numbers that a version begins with; None for what is not a version."""
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    match = re.match(r"\d+(?:\.\d+)*", str(value)) if plain else None
    return None if match is None else [parse_whole_number(part) for part in match[0].split(".")]


def _contains(left: object, right: object) -> bool:
    if isinstance(right, str):
        return isinstance(left, str) and left in right
    if isinstance(right, (Mapping, Sequence)):
        return left in right
    raise EvaluationError(f"{right!r} contains nothing")


def arithmetic(name: str, left: object, right: object) -> object:
    """Return `left name right` for add, sub, mul, div, floordiv, mod, pow; sizes stay within limits.

    Raises EvaluationError.
    """
    if (unknown := merged(left, right)) is not None:
        return unknown
    match name, left, right:
        case "add", str(), str():
            return limited(left + right)
        case "add", list() | tuple(), list() | tuple():
            return limited([*left, *right])
        case "mul", str() | list() | tuple(), int():
            if len(left) * max(right, 0) > MAX_ITEMS:
                raise EvaluationError("a template repeats a value too often")
            return left * right
        case "mul", int(), str() | list() | tuple():
            return arithmetic(name, right, left)
        case "mod", str(), _:
            return _formatted(left, right)
        case _, int() | float(), int() | float():
            return _number(name, left, right)
        case _:
            raise EvaluationError(f"no arithmetic between {left!r} and {right!r}")


def _number(name: str, left: float, right: float) -> object:
    if name == "pow" and (abs(right) > 64 or abs(left) > 1_000_000):
        raise EvaluationError("a power is too large")
    operations: dict[str, Callable[[float, float], float]] = {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "floordiv": operator.floordiv,
        "mod": operator.mod,
        "pow": operator.pow,
    }
    try:
        result = operations[name](left, right)
    except (ZeroDivisionError, OverflowError) as exc:
        raise EvaluationError(str(exc)) from None
    if isinstance(result, complex) or abs(result) > MAX_NUMBER:
        raise EvaluationError("a number is out of bounds")
    return result


def _formatted(pattern: str, arguments: object) -> str:
    if WIDE_FIELD.search(pattern):
        raise EvaluationError("a format asks for too wide a field")
    try:
        return limited_text(pattern % (tuple(arguments) if isinstance(arguments, (list, tuple)) else (arguments,)))
    except (TypeError, ValueError, OverflowError) as exc:
        raise EvaluationError(str(exc)) from None
