"""Selectors of meta.yaml and conda_build_config.yaml: `- gcc  # [linux and not ppc64le]`.

A selector is a Python expression. It is parsed and walked here, never compiled or run, and may use names, literals,
comparisons, arithmetic and the listed methods of text, lists and mappings.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from dirac_forge.recipe.reading.methods import attribute, call
from dirac_forge.recipe.reading.operators import arithmetic, compare
from dirac_forge.recipe.reading.values import (
    Budget,
    EvaluationError,
    Function,
    Unknown,
    as_text,
    item,
    merged,
    to_float,
    to_int,
    truth,
)

_MAX_LENGTH = 1_000
_MAX_NESTED = 100
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
SELECTOR_FUNCTIONS: dict[str, Function] = {
    "int": Function(lambda value: value if isinstance(value, Unknown) else to_int(value)),
    "float": Function(lambda value: value if isinstance(value, Unknown) else to_float(value)),
    "str": Function(lambda value: value if isinstance(value, Unknown) else as_text(value)),
    "len": Function(lambda value: value if isinstance(value, Unknown) else len(value)),
    "bool": Function(truth),
    "any": Function(lambda values: any(truth(value) is True for value in values)),
    "all": Function(lambda values: all(truth(value) is True for value in values)),
}


@lru_cache(maxsize=50_000)
def selector_of(line: str) -> tuple[str, str | None]:
    """Return `line` without its selector, and the selector (None if there is none); comment lines come out empty."""
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
        tree = ast.parse(selector.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        raise EvaluationError(f"the selector [{selector}] is not an expression") from exc
    level, depth = [tree], 0
    while level:
        level = [child for node in level for child in ast.iter_child_nodes(node)]  # type: ignore[misc]
        depth += 1
        if depth > _MAX_NESTED:
            raise EvaluationError("a selector is nested too deeply")
    return tree


@lru_cache(maxsize=20_000)
def selector_names(selector: str) -> frozenset[str]:
    """Return the variables in a selector; where it can't be read, the selector itself, which no variable is called."""
    try:
        return frozenset(node.id for node in ast.walk(_parsed(selector)) if isinstance(node, ast.Name))
    except EvaluationError:
        return frozenset({selector})


def select(selector: str, names: Mapping[str, object]) -> bool | Unknown:
    """Whether a selector holds; Unknown if it depends on a variable that `names` lacks.

    Raises EvaluationError if it is not an expression or asks for something that isn't allowed.
    """
    try:
        return truth(_value(_parsed(selector), names, Budget(2_000)))
    except RecursionError:
        raise EvaluationError(f"the selector [{selector}] is nested too deeply") from None


Names = Mapping[str, object]


def _value(node: ast.expr, names: Names, budget: Budget) -> object:
    budget.spend()
    rule = _RULES.get(type(node))
    if rule is None:
        raise EvaluationError(f"{ast.unparse(node)} is not allowed in a selector")
    return rule(node, names, budget)


def _constant(node: ast.Constant, _names: Names, _budget: Budget) -> object:
    if isinstance(node.value, (bytes, complex)):
        raise EvaluationError(f"{ast.unparse(node)} is not allowed in a selector")
    return node.value


def _name(node: ast.Name, names: Names, _budget: Budget) -> object:
    return names[node.id] if node.id in names else SELECTOR_FUNCTIONS.get(node.id) or Unknown((node.id,))


def _connection(node: ast.BoolOp, names: Names, budget: Budget) -> object:
    return connected(isinstance(node.op, ast.And), (_value(value, names, budget) for value in node.values))


def _unary(node: ast.UnaryOp, names: Names, budget: Budget) -> object:
    operand = _value(node.operand, names, budget)
    match node.op:
        case ast.Not():
            holds = truth(operand)
            return holds if isinstance(holds, Unknown) else not holds
        case ast.USub():
            return arithmetic("sub", 0, operand)
        case _:
            raise EvaluationError(f"{ast.unparse(node)} is not allowed in a selector")


def _comparison(node: ast.Compare, names: Names, budget: Budget) -> bool | Unknown:
    left, *others = [_value(part, names, budget) for part in (node.left, *node.comparators)]
    result: bool | Unknown = True
    for op, right in zip(node.ops, others, strict=True):
        holds = compare(_COMPARE[type(op)], left, right)
        if holds is False:
            return False
        if isinstance(holds, Unknown):
            result = holds
        left = right
    return result


def _operation(node: ast.BinOp, names: Names, budget: Budget) -> object:
    if type(node.op) not in _ARITHMETIC:
        raise EvaluationError(f"{ast.unparse(node)} is not allowed in a selector")
    return arithmetic(_ARITHMETIC[type(node.op)], _value(node.left, names, budget), _value(node.right, names, budget))


def _call(node: ast.Call, names: Names, budget: Budget) -> object:
    return call(
        _value(node.func, names, budget),
        [_value(arg, names, budget) for arg in node.args],
        {word.arg: _value(word.value, names, budget) for word in node.keywords if word.arg is not None},
    )


def _attribute(node: ast.Attribute, names: Names, budget: Budget) -> object:
    return attribute(_value(node.value, names, budget), node.attr)


def _subscript(node: ast.Subscript, names: Names, budget: Budget) -> object:
    return item(_value(node.value, names, budget), _key(node.slice, names, budget))


def _list(node: ast.List | ast.Tuple, names: Names, budget: Budget) -> object:
    return [_value(element, names, budget) for element in node.elts]


def _conditional(node: ast.IfExp, names: Names, budget: Budget) -> object:
    holds = truth(_value(node.test, names, budget))
    return holds if isinstance(holds, Unknown) else _value(node.body if holds else node.orelse, names, budget)


_RULES: dict[type[ast.expr], Callable[..., object]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BoolOp: _connection,
    ast.UnaryOp: _unary,
    ast.Compare: _comparison,
    ast.BinOp: _operation,
    ast.Call: _call,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.List: _list,
    ast.Tuple: _list,
    ast.IfExp: _conditional,
}


def _key(node: ast.expr, names: Mapping[str, object], budget: Budget) -> object:
    if not isinstance(node, ast.Slice):
        return _value(node, names, budget)
    bounds = [None if part is None else _value(part, names, budget) for part in (node.lower, node.upper, node.step)]
    return merged(*bounds) or slice(*bounds)


def connected(conjunction: bool, values: object) -> object:
    """Return `and` (or `or`) of `values`, three-valued: an Unknown decides nothing that a known value decides."""
    unknowns: list[Unknown] = []
    last: object = conjunction
    for last in values:  # type: ignore[attr-defined]
        holds = truth(last)
        if isinstance(holds, Unknown):
            unknowns.append(holds)
        elif holds is not conjunction and (conjunction or not unknowns or last is True):
            return last
    return merged(*unknowns) if unknowns else last
