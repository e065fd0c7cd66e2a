"""Extensions that setup.py builds only where a variable of the environment asks for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from dirac_forge.upstream.files.literals import parse

_COMPILES = re.compile(r"ext_modules|Extension|cythonize|mypycify|cffi_modules")
_TAKES_AWAY = re.compile(r"(?:^|_)(?:NO|SKIP|DISABLE|WITHOUT|PURE)(?:_|$)", re.IGNORECASE)
_OFF = (None, False, 0, "", "0", "no", "No", "false", "False", "off")


def asked_by_variable(setup: str) -> str:
    """Return the variable without which setup.py compiles nothing, "" if there is none or it is not clear."""
    tree = parse(setup.encode()) if _COMPILES.search(setup) else None
    if tree is None:
        return ""
    flags = dict(_flags(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp) and _COMPILES.search(_source(node.body)):
            variable = _asked(node.test, flags)
            if variable:
                return variable
    return ""


def _source(body: list[ast.stmt] | ast.expr) -> str:
    return ast.unparse(body) if isinstance(body, ast.expr) else "\n".join(map(ast.unparse, body))


def _flags(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield names that are true only where a variable of the environment is set, to the variable."""
    assigned: dict[str, list[tuple[ast.expr, str]]] = {}
    for node, test in _assignments(tree):
        for target in node.targets:
            if isinstance(target, ast.Name):
                assigned.setdefault(target.id, []).append((node.value, test))
    for name, values in assigned.items():
        # What is False takes nothing away: the others decide.
        variables = [_variable_of(value, test) for value, test in values if not _is(value, False)]
        if variables and all(variables):
            yield name, variables[0]


def _variable_of(value: ast.expr, test: str) -> str:
    """Return the variable that an assigned value depends on; `test` is that of the `if` around the assignment."""
    return _asked(value, {}) or (test if _is(value, True) else "")


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _assignments(tree: ast.Module) -> Iterator[tuple[ast.Assign, str]]:
    """Yield assignments, those under `if os.environ…:` with its variable."""
    under: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.If):
            under |= dict.fromkeys(map(id, node.body), _asked(node.test, {}))
    yield from ((node, under.get(id(node), "")) for node in ast.walk(tree) if isinstance(node, ast.Assign))


def _asked(test: ast.expr, flags: dict[str, str]) -> str:
    """Return the variable that makes a test true where it is set, "" for any other test."""
    match test:
        case ast.Name(id=name):
            return flags.get(name, "")
        case ast.BoolOp(values=values):
            return next(filter(None, (_asked(value, flags) for value in values)), "")
        case (
            ast.Compare(left=inner, ops=[ast.Eq() | ast.In()])
            | ast.Call(func=ast.Name(id="bool" | "int" | "strtobool"), args=[inner, *_])
            | ast.Call(func=ast.Attribute(value=inner, attr="lower" | "strip" | "upper"))
        ):
            return _asked(inner, flags)
        case ast.Call(func=function, args=[ast.Constant(value=str(name)), *default]):
            return name if _reads_environment(function, default) and not _TAKES_AWAY.search(name) else ""
        case _:
            return ""


def _reads_environment(function: ast.expr, default: Sequence[ast.expr]) -> bool:
    """Whether a call gives a variable of the environment that is off where it is not set."""
    read = ast.unparse(function).endswith(("os.getenv", "environ.get", "getenv"))
    return read and (not default or (isinstance(default[0], ast.Constant) and default[0].value in _OFF))
