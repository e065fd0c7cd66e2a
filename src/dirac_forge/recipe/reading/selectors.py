"""Selectors of meta.yaml and conda_build_config.yaml: `- gcc  # [linux and not ppc64le]`.

A selector is a Python expression. It is parsed and walked here, never compiled or run, and may use names, literals,
comparisons, arithmetic and the listed methods of text, lists and mappings.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

from dirac_forge.recipe.reading.values import (
    Budget,
    EvaluationError,
    Function,
    Unknown,
    arithmetic,
    as_text,
    attribute,
    call,
    compare,
    item,
    merged,
    truth,
)

__all__ = ["select", "selector_names", "selector_of"]

_MAX_LENGTH = 1_000
# The pattern that conda-build's documentation gives for selectors: at the end of a line, or anywhere in its comment.
_SELECTOR = re.compile(r"(.+?)\s*(#.*)?\[([^\[\]]+)\](?(2)[^\(\)]*)$")
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "lteq",
    ast.Gt: "gt",
    ast.GtE: "gteq",
    ast.In: "in",
    ast.NotIn: "notin",
    ast.Is: "is",
    ast.IsNot: "isnot",
}
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
}
_FUNCTIONS: dict[str, Function] = {
    "int": Function(lambda value: value if isinstance(value, Unknown) else int(value)),
    "float": Function(lambda value: value if isinstance(value, Unknown) else float(value)),
    "str": Function(lambda value: value if isinstance(value, Unknown) else as_text(value)),
    "len": Function(lambda value: value if isinstance(value, Unknown) else len(value)),
    "bool": Function(truth),
    "any": Function(lambda values: any(truth(value) is True for value in values)),
    "all": Function(lambda values: all(truth(value) is True for value in values)),
}


@lru_cache(maxsize=50_000)
def selector_of(line: str) -> tuple[str, str | None]:
    """`line` without its selector, and the selector (None where there is none); comment lines come out empty."""
    stripped = line.rstrip()
    if stripped.lstrip().startswith("#"):
        return "", None
    if "[" not in stripped or "]" not in stripped or len(stripped) > _MAX_LENGTH:
        return stripped, None
    quote = stripped[-1] if stripped[-1] in "'\"" else ""
    match = _SELECTOR.match(stripped)
    if match is None:
        return stripped, None
    return (match[1] + quote).rstrip(), match[3].strip()


@lru_cache(maxsize=20_000)
def _parsed(selector: str) -> ast.expr:
    if len(selector) > _MAX_LENGTH:
        raise EvaluationError("a selector is too long")
    try:
        return ast.parse(selector.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        raise EvaluationError(f"the selector [{selector}] is no expression") from exc


@lru_cache(maxsize=20_000)
def selector_names(selector: str) -> frozenset[str]:
    """The variables in a selector; where it can't be read, the selector itself, which is no variable of anyone."""
    try:
        return frozenset(node.id for node in ast.walk(_parsed(selector)) if isinstance(node, ast.Name))
    except EvaluationError:
        return frozenset({selector})


def select(selector: str, names: Mapping[str, object]) -> bool | Unknown:
    """Whether a selector holds; Unknown where it hangs on a variable that `names` lacks.

    Raises EvaluationError where it is no expression or asks for something that isn't allowed.
    """
    try:
        return truth(_value(_parsed(selector), names, Budget(2_000)))
    except RecursionError:
        raise EvaluationError(f"the selector [{selector}] is nested too deeply") from None


def _value(node: ast.expr, names: Mapping[str, object], budget: Budget) -> object:  # noqa: C901 — one case a node
    budget.spend()
    match node:
        case ast.Constant(value=value) if not isinstance(value, (bytes, complex)):
            return value
        case ast.Name(id=name):
            if name in names:
                return names[name]
            return _FUNCTIONS.get(name) or Unknown((name,))
        case ast.BoolOp(op=op, values=values):
            return connected(isinstance(op, ast.And), (_value(value, names, budget) for value in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            holds = truth(_value(operand, names, budget))
            return holds if isinstance(holds, Unknown) else not holds
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return arithmetic("sub", 0, _value(operand, names, budget))
        case ast.Compare(left=left, comparators=comparators):
            return _comparison(
                node, _value(left, names, budget), [_value(other, names, budget) for other in comparators]
            )
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return arithmetic(_ARITHMETIC[type(op)], _value(left, names, budget), _value(right, names, budget))
        case ast.Call(func=function, args=args, keywords=keywords):
            return call(
                _value(function, names, budget),
                [_value(arg, names, budget) for arg in args],
                {word.arg: _value(word.value, names, budget) for word in keywords if word.arg is not None},
            )
        case ast.Attribute(value=value, attr=name):
            return attribute(_value(value, names, budget), name)
        case ast.Subscript(value=value, slice=key):
            return item(_value(value, names, budget), _key(key, names, budget))
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_value(element, names, budget) for element in elements]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            holds = truth(_value(test, names, budget))
            if isinstance(holds, Unknown):
                return holds
            return _value(body if holds else orelse, names, budget)
        case _:
            raise EvaluationError(f"{ast.unparse(node)} is not allowed in a selector")


def _key(node: ast.expr, names: Mapping[str, object], budget: Budget) -> object:
    if not isinstance(node, ast.Slice):
        return _value(node, names, budget)
    bounds = [None if part is None else _value(part, names, budget) for part in (node.lower, node.upper, node.step)]
    return merged(*bounds) or slice(*bounds)


def _comparison(node: ast.Compare, left: object, others: list[object]) -> bool | Unknown:
    result: bool | Unknown = True
    for op, right in zip(node.ops, others, strict=True):
        holds = compare(_COMPARE[type(op)], left, right)
        if holds is False:
            return False
        if isinstance(holds, Unknown):
            result = holds
        left = right
    return result


def connected(conjunction: bool, values: object) -> object:
    """`and` (or `or`) of `values`, three-valued: an Unknown decides nothing that a known value decides."""
    unknowns: list[Unknown] = []
    last: object = conjunction
    for last in values:  # type: ignore[attr-defined]
        holds = truth(last)
        if isinstance(holds, Unknown):
            unknowns.append(holds)
        elif holds is not conjunction and (conjunction or not unknowns or last is True):
            return last
    return merged(*unknowns) if unknowns else last
