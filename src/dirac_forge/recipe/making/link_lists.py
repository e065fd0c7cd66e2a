"""Names of libraries in the lists of Python build files, with variables followed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from dirac_forge.upstream.files.literals import parse

_LISTS = re.compile(r"lib(?:rarie)?s|.*_lib(?:rarie)?s", re.IGNORECASE)
"""Variables, arguments and keys that hold names of libraries."""
_LINKED = "libraries"
"""The argument, key or attribute whose list is handed to the linker."""
_NAME = re.compile(r"[A-Za-z][\w.+-]*")
_BUILT = re.compile(r"\(\s*[\"']([\w.+-]+)[\"']\s*,\s*(?:\{|dict\()")
"""How `libraries` of setup() lists what it builds itself: name and options."""


def mentioned(text: str) -> tuple[str, ...]:
    """Return every string in lists of libraries, which may be something else (`os.environ["LIBS"]`)."""
    return _strings(text, _LISTS.fullmatch, ast.walk)


def linked(text: str) -> tuple[str, ...]:
    """Return the names that are elements of a list that is handed to the linker."""
    return tuple(filter(_NAME.fullmatch, _strings(text, _LINKED.__eq__, _elements)))


def built(text: str) -> frozenset[str]:
    """Return the names of the libraries that a setup.py compiles itself."""
    return frozenset(_BUILT.findall(text))


@lru_cache(maxsize=64)
def alternatives(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the lists of names that a loop tries in turn, until it finds one."""
    tree = parse(text.encode()) if "for " in text else None
    if tree is None:
        return ()
    bound = {name: value for name, value in _assignments(tree) if isinstance(value, ast.List | ast.Tuple)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and _ends_with_one(node, node.target.id):
            value = bound.get(node.iter.id) if isinstance(node.iter, ast.Name) else node.iter
            items = value.elts if isinstance(value, ast.List | ast.Tuple) else []
            found.append(tuple(filter(None, map(_string, items))))
    return tuple(filter(None, found))


def _ends_with_one(loop: ast.For, name: str) -> bool:
    """Whether a loop returns its variable, or ends where a test of one, or an attempt with it, succeeds."""
    for node in (inner for statement in loop.body for inner in ast.walk(statement)):
        match node:
            case ast.Return(value=ast.expr() as value):
                if any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(value)):
                    return True
            case ast.If(test=test, body=body):
                if isinstance(body[-1], ast.Break) and not isinstance(test, ast.UnaryOp):
                    return True
            case ast.Try(body=body, orelse=after):
                if isinstance((after or body)[-1], ast.Break):
                    return True
    return False


def _strings(
    text: str, wanted: Callable[[str], object], nodes: Callable[[ast.expr], Iterator[ast.AST]]
) -> tuple[str, ...]:
    """Return the strings among the nodes of what wanted names are bound to; each variable is followed once."""
    tree = parse(text.encode())
    if tree is None:
        return ()
    bound: dict[str, list[ast.AST]] = {}
    for name, value in _assignments(tree):
        bound.setdefault(name, []).extend(nodes(value))
    followed = dict.fromkeys(filter(wanted, bound))
    waiting = list(followed)
    for name in waiting:  # which grows meanwhile
        named = (node.id for node in bound.get(name, ()) if isinstance(node, ast.Name))
        new = dict.fromkeys(other for other in named if other not in followed)
        followed |= new
        waiting += new
    strings = (_string(node) for name in followed for node in bound.get(name, ()))
    return tuple(dict.fromkeys(filter(None, strings)))


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield names with what they are bound to: variables, attributes, keys of mappings, arguments of calls."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((name, value) for target in targets if (name := _name(target)))
            case ast.AugAssign(target=target, value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                yield _name(target), value
            case ast.keyword(arg=str(name), value=value):
                yield name, value
            case ast.Dict(keys=keys, values=values):
                yield from ((_string(key), value) for key, value in zip(keys, values, strict=True))
            case ast.Call(func=ast.Attribute(value=owner, attr="append" | "extend"), args=[value]):
                yield _name(owner), value


def _string(node: ast.AST | None) -> str:
    """Return the string that a node is, "" for any other node."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _name(target: ast.expr) -> str:
    """Return the last name of a target: `libraries` of `ext.libraries` and of `options["libraries"]`."""
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case _:
            return ""


def _elements(value: ast.expr) -> Iterator[ast.AST]:
    """Yield the elements of lists, of sums of lists, and of either branch of an `if`."""
    waiting = [value]
    for node in waiting:  # which grows meanwhile
        match node:
            case ast.List(elts=parts) | ast.Set(elts=parts):
                waiting += parts
            case ast.BinOp(left=one, op=ast.Add(), right=other) | ast.IfExp(body=one, orelse=other):
                waiting += [one, other]
            case ast.Starred(value=part):
                waiting.append(part)
            case _:
                yield node
