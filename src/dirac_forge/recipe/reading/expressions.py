"""Expressions of recipe templates: parsed by Jinja, walked here within a budget; Jinja never compiles or runs one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes

from dirac_forge.recipe.reading.filters import FILTERS, TESTS
from dirac_forge.recipe.reading.methods import attribute, call
from dirac_forge.recipe.reading.operators import arithmetic, compare
from dirac_forge.recipe.reading.selectors import connected
from dirac_forge.recipe.reading.values import (
    Budget,
    EvaluationError,
    Function,
    Namespace,
    Unknown,
    as_text,
    item,
    limited,
    limited_text,
    merged,
    to_float,
    to_int,
    truth,
    weigh,
)

ENVIRONMENT = Environment()  # noqa: S701 — it only parses: nothing is rendered, so there is nothing to escape
_MAX_LENGTH = 20_000
_MAX_RANGE = 1_000
_MAX_NESTED = 100
"""Levels of a syntax tree; each takes several of the interpreter's."""
_ARITHMETIC: dict[type[nodes.Node], str] = {
    nodes.Add: "add",
    nodes.Sub: "sub",
    nodes.Mul: "mul",
    nodes.Div: "div",
    nodes.FloorDiv: "floordiv",
    nodes.Mod: "mod",
    nodes.Pow: "pow",
}


def _range(*bounds: object) -> object:
    if (unknown := merged(*bounds)) is not None:
        return unknown
    numbers = range(*bounds)  # type: ignore[call-overload]
    if len(numbers) > _MAX_RANGE:
        raise EvaluationError(f"range({', '.join(map(str, bounds))}) is too long for a recipe")
    return list(numbers)


GLOBALS: dict[str, object] = {
    "range": Function(_range),
    "dict": Function(dict),
    "namespace": Function(lambda **values: Namespace(dict(values))),
    "int": Function(lambda value=0: value if isinstance(value, Unknown) else to_int(value)),
    "float": Function(lambda value=0.0: value if isinstance(value, Unknown) else to_float(value)),
    "str": Function(lambda value="": value if isinstance(value, Unknown) else as_text(value)),
    "len": Function(lambda value: value if isinstance(value, Unknown) else len(value)),
    "list": Function(lambda value=(): value if isinstance(value, Unknown) else list(value)),
    "none": None,
    "null": None,
}
"""Names that every template has beside its own."""


@lru_cache(maxsize=50_000)
def parse_expression(text: str) -> nodes.Expr:
    """Return the syntax tree of one expression; raises EvaluationError if it is none."""
    if len(text) > _MAX_LENGTH:
        raise EvaluationError("an expression is too long")
    try:
        body = ENVIRONMENT.parse("{{" + text + "\n}}").body
    except (TemplateSyntaxError, ValueError, RecursionError, MemoryError) as exc:
        raise EvaluationError(f"{text.strip()} is not an expression: {exc}") from exc
    match body:
        case [nodes.Output(nodes=[nodes.TemplateData()])] | []:
            raise EvaluationError("an expression is empty")
        case [nodes.Output(nodes=[expression])]:
            check_depth(expression)
            return expression
        case _:
            raise EvaluationError(f"{text.strip()} is not a single expression")


def check_depth(root: nodes.Node) -> None:
    """Raise EvaluationError if a syntax tree is deeper than the evaluation of it may be (`1 + 1 + …`)."""
    level, depth = [root], 0
    while level:
        level = [child for node in level for child in node.iter_child_nodes()]
        depth += 1
        if depth > _MAX_NESTED:
            raise EvaluationError("an expression is nested too deeply")


@lru_cache(maxsize=50_000)
def expression_names(text: str) -> frozenset[str]:
    """Return the variables that an expression reads; nothing if it can't be parsed."""
    try:
        tree = parse_expression(text)
    except EvaluationError:
        return frozenset()
    names = {node.name for node in tree.find_all(nodes.Name)}
    return frozenset(names | ({tree.name} if isinstance(tree, nodes.Name) else set()))


def evaluate(text: str, names: Mapping[str, object], budget: Budget | None = None) -> object:
    """Return the value of one expression; Unknown if it depends on a variable that is not in `names`.

    Raises EvaluationError if it is not an expression, asks for something that isn't allowed, or for too much work.
    """
    try:
        return value_of(parse_expression(text), names, budget or Budget(20_000))
    except RecursionError:
        raise EvaluationError("an expression is nested too deeply") from None


def braces(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, str]]:
    """Yield the `${{ }}` of a text: where each begins and ends, and the expression. One pass, whatever the text."""
    position = text.find("${{", start, end)
    while position >= 0:
        closing = text.find("}}", position + 3, end)
        if closing < 0:
            return
        yield position, closing + 2, text[position + 3 : closing]
        position = text.find("${{", closing + 2, end)


Names = Mapping[str, object]


def value_of(node: nodes.Node, names: Names, budget: Budget) -> object:
    """Return the value of a parsed expression. Raises EvaluationError."""
    budget.spend()
    kind = type(node)
    if kind is nodes.Name:
        return _name(node, names)  # type: ignore[arg-type]
    if kind is nodes.Const:
        return node.value  # type: ignore[attr-defined]
    rule = _RULES.get(kind)
    if rule is None and kind not in _ARITHMETIC:
        raise EvaluationError(f"{kind.__name__.lower()} is not allowed in a recipe")
    value = rule(node, names, budget) if rule is not None else _binary(node, names, budget)
    if isinstance(value, (list, tuple, dict)):
        budget.spend(weigh(value) // 64)
    return value


def _binary(node: nodes.Node, names: Names, budget: Budget) -> object:
    left = value_of(node.left, names, budget)  # type: ignore[attr-defined]
    right = value_of(node.right, names, budget)  # type: ignore[attr-defined]
    return arithmetic(_ARITHMETIC[type(node)], left, right)


def _name(node: nodes.Name, names: Names) -> object:
    if node.name in names:
        return names[node.name]
    return GLOBALS[node.name] if node.name in GLOBALS else Unknown((node.name,))


def _data(node: nodes.TemplateData, *_: object) -> object:
    return node.data


def _and(node: nodes.And, names: Names, budget: Budget) -> object:
    return connected(True, (value_of(part, names, budget) for part in (node.left, node.right)))


def _or(node: nodes.Or, names: Names, budget: Budget) -> object:
    return connected(False, (value_of(part, names, budget) for part in (node.left, node.right)))


def _not(node: nodes.Not, names: Names, budget: Budget) -> object:
    holds = truth(value_of(node.node, names, budget))
    return holds if isinstance(holds, Unknown) else not holds


def _compare(node: nodes.Compare, names: Names, budget: Budget) -> object:
    left, result = value_of(node.expr, names, budget), True
    unknown: Unknown | None = None
    for operand in node.ops:
        right = value_of(operand.expr, names, budget)
        holds = compare(operand.op, left, right)
        if isinstance(holds, Unknown):
            unknown = holds
        elif not holds:
            return False
        left = right
    return unknown or result


def _call(node: nodes.Call, names: Names, budget: Budget) -> object:
    args, kwargs = _arguments(node, names, budget)
    return call(value_of(node.node, names, budget), args, kwargs)


def _arguments(
    node: nodes.Call | nodes.Filter | nodes.Test, names: Names, budget: Budget
) -> tuple[list[object], dict[str, object]]:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise EvaluationError("* and ** are not allowed in a recipe")
    args = [value_of(arg, names, budget) for arg in node.args]
    return args, {as_text(word.key): value_of(word.value, names, budget) for word in node.kwargs}


def _filter(node: nodes.Filter, names: Names, budget: Budget) -> object:
    value = value_of(node.node, names, budget) if node.node is not None else ""
    args, kwargs = _arguments(node, names, budget)
    if node.name not in FILTERS and node.name in ENVIRONMENT.filters:
        return Unknown((f"the filter {node.name}",))
    if node.name not in FILTERS:
        raise EvaluationError(f"the filter {node.name} is not known")
    return call(Function(FILTERS[node.name]), [value, *args], kwargs)


def _test(node: nodes.Test, names: Names, budget: Budget) -> object:
    value = value_of(node.node, names, budget)
    args, kwargs = _arguments(node, names, budget)
    if node.name in {"defined", "undefined"}:
        known = not isinstance(value, Unknown)
        # A pin that is undefined here may well be defined where the recipe is built.
        return (known is (node.name == "defined")) if known else value
    if node.name not in TESTS and node.name in ENVIRONMENT.tests:
        return Unknown((f"the test {node.name}",))
    if node.name not in TESTS:
        raise EvaluationError(f"the test {node.name} is not known")
    return call(Function(TESTS[node.name]), [value, *args], kwargs)


def _conditional(node: nodes.CondExpr, names: Names, budget: Budget) -> object:
    holds = truth(value_of(node.test, names, budget))
    if not isinstance(holds, Unknown):
        chosen = node.expr1 if holds else node.expr2
        return "" if chosen is None else value_of(chosen, names, budget)
    one = value_of(node.expr1, names, budget)
    other = "" if node.expr2 is None else value_of(node.expr2, names, budget)
    return one if one == other else holds


def _concat(node: nodes.Concat, names: Names, budget: Budget) -> object:
    parts = [value_of(part, names, budget) for part in node.nodes]
    return merged(*parts) or limited_text("".join(map(as_text, parts)))


def _getattr(node: nodes.Getattr, names: Names, budget: Budget) -> object:
    return attribute(value_of(node.node, names, budget), node.attr)


def _getitem(node: nodes.Getitem, names: Names, budget: Budget) -> object:
    value = value_of(node.node, names, budget)
    if isinstance(node.arg, nodes.Slice):
        parts = (node.arg.start, node.arg.stop, node.arg.step)
        bounds = [None if part is None else value_of(part, names, budget) for part in parts]
        return item(value, merged(*bounds) or slice(*bounds))
    return item(value, value_of(node.arg, names, budget))


def _list(node: nodes.List | nodes.Tuple, names: Names, budget: Budget) -> object:
    return limited([value_of(part, names, budget) for part in node.items])


def _dict(node: nodes.Dict, names: Names, budget: Budget) -> object:
    return {_key(pair, names, budget): value_of(pair.value, names, budget) for pair in node.items}


def _key(pair: nodes.Pair, names: Names, budget: Budget) -> object:
    key = value_of(pair.key, names, budget)
    if not isinstance(key, (str, int, float, bool, Unknown)) and key is not None:
        raise EvaluationError(f"{key!r} is not a key")
    return key


def _negative(node: nodes.Neg, names: Names, budget: Budget) -> object:
    return arithmetic("sub", 0, value_of(node.node, names, budget))


def _positive(node: nodes.Pos, names: Names, budget: Budget) -> object:
    return value_of(node.node, names, budget)


_RULES: dict[type[nodes.Node], Callable[..., object]] = {
    nodes.TemplateData: _data,
    nodes.And: _and,
    nodes.Or: _or,
    nodes.Not: _not,
    nodes.Compare: _compare,
    nodes.Call: _call,
    nodes.Filter: _filter,
    nodes.Test: _test,
    nodes.CondExpr: _conditional,
    nodes.Concat: _concat,
    nodes.Getattr: _getattr,
    nodes.Getitem: _getitem,
    nodes.List: _list,
    nodes.Tuple: _list,
    nodes.Dict: _dict,
    nodes.Neg: _negative,
    nodes.Pos: _positive,
}


def assign(target: nodes.Node, value: object, names: MutableMapping[str, object]) -> None:
    """Bind `value` to the target of `set` or `for`: a name, a tuple of names, or an attribute of a namespace.

    Raises EvaluationError.
    """
    match target:
        case nodes.Name(name=name):
            names[name] = value
        case nodes.NSRef(name=name, attr=attr):
            holder = names.get(name)
            if not isinstance(holder, Namespace):
                raise EvaluationError(f"{name} is not a namespace")
            holder.values[attr] = value
        case nodes.Tuple(items=items):
            parts = list(value) if isinstance(value, (list, tuple)) else [value] * len(items)
            if len(parts) != len(items):
                raise EvaluationError(f"{len(items)} names for {len(parts)} values")
            for part, piece in zip(items, parts, strict=True):
                assign(part, piece, names)
        case _:
            raise EvaluationError("only names can be set")
