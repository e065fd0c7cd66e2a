"""What setup.py does where neither the environment nor the command line asks for something: read, never run."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.literals import parse
from dirac_forge.upstream.files.modules import insists
from dirac_forge.values import dataclass

_OPEN: Final = object()
"""A value that is not known without running setup.py."""
_SET_BY_BUILDS: Final = ("CC", "CFLAGS", "CI", "CONDA", "CXX", "HOME", "LDFLAGS", "PATH", "PREFIX", "PYTHON")
"""How variables begin that conda's builds may set."""
_OTHER_COMMANDS: Final = frozenset({"develop", "egg_info", "sdist", "test"})
"""Commands of setup.py that do not make a wheel."""
_MOST_ITEMS: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainBuild:
    """What a plain build does."""

    imports: tuple[str, ...] = ()
    """Modules that it imports at the first level, and in branches that are certainly taken: `a.b` as `a`."""
    setup_requires: tuple[str, ...] = ()
    """The argument of setup(), where a variable holds it that branches assign; () if it is not known."""


def imported_by_setup(sdist: SdistFacts) -> tuple[str, ...]:
    """Return the modules that setup.py imports in a plain build, `a` for `a.b`."""
    return plain_build(sdist.texts.get("setup.py", "")).imports


@lru_cache(maxsize=64)
def plain_build(setup: str) -> PlainBuild:
    """Return what the text of a setup.py does; a branch whose condition is not known is not taken."""
    tree = parse(setup.encode()) if setup else None
    if tree is None:
        return PlainBuild()
    walk = _Walk()
    walk.run(tree.body, certain=True)
    return PlainBuild(imports=tuple(dict.fromkeys(walk.imports)), setup_requires=tuple(walk.setup_requires))


class _Walk:
    """The statements in their order, with the values that names have so far."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {}
        self.imports: list[str] = []
        self.setup_requires: list[str] = []

    def run(self, body: Sequence[ast.stmt], *, certain: bool) -> None:
        for node in body:
            self._statement(node, certain=certain)

    def _statement(self, node: ast.stmt, *, certain: bool) -> None:
        match node:
            case ast.If(test=test, body=body, orelse=other):
                taken = self._value(test)
                if taken is _OPEN:
                    self.run([*body, *other], certain=False)
                else:
                    self.run(body if taken else other, certain=certain)
            case ast.Import() | ast.ImportFrom(level=0) if certain:
                named = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
                self.imports += (name.partition(".")[0] for name in named)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, self._value(value) if certain else _OPEN)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self._value(value) if certain else _OPEN)
            case ast.AugAssign(target=target, value=value):
                self._extend(target, [value], certain=certain)
            case ast.Expr(value=ast.Call() as call):
                self._call(call, certain=certain)
            case ast.With(body=body):
                self.run(body, certain=certain)
            case _ if insists(node):
                self.run(node.body, certain=certain)
            case _:
                self.run(_inner(node), certain=False)

    def _assign(self, target: ast.expr, value: object) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self.names[node.id] = value if node is target else _OPEN

    def _extend(self, target: ast.expr, more: Sequence[ast.expr], *, certain: bool) -> None:
        """Add to a list; what may or may not be added leaves it open."""
        if not isinstance(target, ast.Name):
            return
        had, added = self.names.get(target.id, _OPEN), [self._value(each) for each in more]
        lists = all(isinstance(each, list) for each in (had, *added))
        self.names[target.id] = _together([had, *added]) if certain and lists else _OPEN

    def _call(self, call: ast.Call, *, certain: bool) -> None:
        match call:
            case ast.Call(func=ast.Attribute(value=owner, attr="append"), args=[item]):
                self._extend(owner, [ast.List(elts=[item], ctx=ast.Load())], certain=certain)
            case ast.Call(func=ast.Attribute(value=owner, attr="extend"), args=[more]):
                self._extend(owner, [more], certain=certain)
            case ast.Call(func=ast.Name(id="setup") | ast.Attribute(attr="setup"), keywords=words):
                wanted = (self._value(word.value) for word in words if word.arg == "setup_requires")
                value = next(wanted, _OPEN)
                if isinstance(value, list) and certain:
                    self.setup_requires += (each for each in value if isinstance(each, str))

    def _value(self, node: ast.expr) -> object:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.names.get(name, _OPEN)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(item) for item in items]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                sides = [self._value(left), self._value(right)]
                return _together(sides) if all(isinstance(side, list) for side in sides) else _OPEN
            case ast.IfExp(test=test, body=body, orelse=other):
                taken = self._value(test)
                return _OPEN if taken is _OPEN else self._value(body if taken else other)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                truth = self._value(inner)
                return truth if truth is _OPEN else not truth
            case ast.BoolOp(op=op, values=parts):
                return _combined([self._value(part) for part in parts], any_of=isinstance(op, ast.Or))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._compared(left, op, right)
            case ast.Call(func=function, args=args):
                return self._called(ast.unparse(function), args)
            case _:
                return _OPEN

    def _compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> object:
        if isinstance(op, ast.In | ast.NotIn):
            asked = left.value if isinstance(left, ast.Constant) else None
            there = _given(asked, ast.unparse(right)) if isinstance(asked, str) else _OPEN
            return there if there is _OPEN or isinstance(op, ast.In) else not there
        one, other = self._value(left), self._value(right)
        if _OPEN in (one, other) or not isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
            return _OPEN
        return (one == other) == isinstance(op, ast.Eq | ast.Is)

    def _called(self, function: str, args: Sequence[ast.expr]) -> object:
        if function.rpartition(".")[2] in {"bool", "int", "strtobool"} and len(args) == 1:
            return _as_number(self._value(args[0]))
        if function.endswith(("environ.get", "getenv")) and args:
            asked = args[0].value if isinstance(args[0], ast.Constant) else None
            unset = isinstance(asked, str) and not asked.startswith(_SET_BY_BUILDS)
            return (self._value(args[1]) if len(args) > 1 else None) if unset else _OPEN
        return _OPEN


def _inner(node: ast.stmt) -> list[ast.stmt]:
    """Return the statements in a loop, or in an attempt; what is in functions and classes runs at another time."""
    if isinstance(node, ast.Try):
        handled = [each for handler in node.handlers for each in handler.body]
        return [*node.body, *handled, *node.orelse, *node.finalbody]
    return [*node.body, *node.orelse] if isinstance(node, ast.For | ast.While) else []


def _given(asked: str, place: str) -> object:
    """Return whether a plain build has a variable or an argument."""
    if place.endswith("environ"):
        return _OPEN if asked.startswith(_SET_BY_BUILDS) else False
    known = place == "sys.argv" and (asked.startswith("-") or asked in _OTHER_COMMANDS)
    return False if known else _OPEN


def _together(lists: Sequence[object]) -> object:
    joined = [item for each in lists if isinstance(each, list) for item in each]
    return joined if len(joined) <= _MOST_ITEMS else _OPEN


def _combined(values: Sequence[object], *, any_of: bool) -> object:
    """Return the truth of `or`, or of `and`: one value may decide it, whatever the open ones are."""
    known = [bool(value) for value in values if value is not _OPEN]
    if any_of in known:
        return any_of
    return _OPEN if len(known) < len(values) else not any_of


def _as_number(value: object) -> object:
    """Return what `bool`, `int` and `strtobool` make of a value."""
    match value:
        case "0" | "no" | "n" | "false" | "False" | "off" | "":
            return False
        case "1" | "yes" | "y" | "true" | "True" | "on":
            return True
        case bool() | int() | None:
            return bool(value)
        case _:
            return _OPEN
