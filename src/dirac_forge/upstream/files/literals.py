"""Python source read as a syntax tree, never run: literal values, and calls that build a command-line parser."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import sub

from dirac_forge.upstream.once import by_content

SOURCE_LIMIT = 256 * 1024
"""Bytes of a module that is parsed: its syntax tree takes up to a thousand times as much memory."""

_MOST_VALUES = 100_000
"""Values that one module is evaluated to, those of names counted each time."""

_DEPTH = 150
"""Nested brackets in a module; CPython's own parser stops at 200."""

_PARSING = threading.Lock()
"""`warnings` filters are the process's: one thread at a time may silence the parser (it holds the GIL anyway)."""

_PARSERS = (
    *(
        b"argparse",
        b"optparse",
        b"getopt",
        b"click",
        b"typer",
        b"docopt",
        b"cyclopts",
        b"plac",
        b"absl",
        b"simple_parsing",
    ),
    *(b"configargparse", b"rich_click", b"fire", b"invoke", b"ArgumentParser", b"OptionParser", b"parseCommandLine"),
)
_WORD = re.compile(rb"\w")
_MODULES = {
    "argparse": {"ArgumentParser"},
    "configargparse": {"ArgumentParser", "ArgParser", "get_argument_parser"},
    "simple_parsing": {"ArgumentParser", "parse"},
    "optparse": {"OptionParser"},
    "click": {"command", "group", "Group", "Command", "MultiCommand", "CommandCollection"},
    "rich_click": {"command", "group", "Group", "Command"},
    "typer": {"Typer", "run"},
    "cyclopts": {"App", "run"},
    "docopt": {"docopt"},
    "fire": {"Fire"},
    "plac": {"call", "Interpreter"},
    "invoke": {"Program"},
    "invoke.program": {"Program"},
}
_METHODS = {"parseCommandLine"}
"""DIRAC's own: `Script.parseCommandLine()` answers --help."""


def parse(source: bytes) -> ast.Module | None:
    """Return the syntax tree; None if this Python can't parse it, or it is made to hurt (too large, too deep)."""
    if len(source) > SOURCE_LIMIT or _deep(source):
        return None
    # A coding cookie is ignored: looking a codec up imports modules.
    text = source.decode("utf-8-sig", errors="replace")
    try:
        with _PARSING, warnings.catch_warnings(action="ignore"):
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


# The parser joins a dotted name anew with each part, and nests each operator into the one before.
# Each pattern begins with what is rare, so that most of a module is passed over fast.
_CHAINS = (
    re.compile(rb"[-+~][ \t\\\r\n]*+(?:[-+~][ \t\\\r\n]*+){199}"),
    re.compile(rb"not\s++(?:not\s++){199}"),
    re.compile(rb"\.[ \t]*+\w++[ \t]*+(?:\.[ \t]*+\w++[ \t]*+){198}"),
)


_BRACKETS = bytes.maketrans(b"[({])}", bytes([1, 1, 1, 2, 2, 2]))
_OTHERS = bytes(set(range(256)) - set(b"[({])}"))
_STEPS = (0, 1, -1)


def _deep(source: bytes) -> bool:
    """Return whether brackets nest, or an operator repeats, beyond what anybody writes; strings and comments count
    too.
    """
    if any(chain.search(source) for chain in _CHAINS):
        return True
    # One that closes nothing does not count: the depth is that above the lowest one before.
    depths = list(accumulate(map(_STEPS.__getitem__, source.translate(_BRACKETS, _OTHERS)), initial=0))
    deepest: int = max(map(sub, depths, accumulate(depths, min)))
    return deepest > _DEPTH


@by_content
def names_parser(source: bytes) -> bool:
    """Return whether the module names something that builds command-line parsers: worth a look at its syntax tree."""
    # All modules of a project are searched: `find` takes a quarter of the time of a pattern.
    return any(_has_word(source, word) for word in _PARSERS)


def _has_word(source: bytes, word: bytes) -> bool:
    start = source.find(word)
    while start >= 0:
        end = start + len(word)
        if not _WORD.match(source, end) and not (start and _WORD.match(source, start - 1)):
            return True
        start = source.find(word, end)
    return False


def builds_parser(source: bytes) -> bool:
    """Return whether the module's syntax tree builds a command-line parser: `--help` can be expected to answer."""
    if not names_parser(source):
        return False
    tree = parse(source)
    if tree is None:
        return False
    names: dict[str, str] = {}
    for node in _in_order(tree):
        names |= _imported(node)
        if any(_is_parser(call, names) for call in _called(node)):
            return True
    return False


def _imported(node: ast.AST) -> dict[str, str]:
    """Return the names that an import binds, with what they stand for."""
    if isinstance(node, ast.Import):
        return {(item.asname or item.name).partition(".")[0]: item.name for item in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}
    return {}


def _called(node: ast.AST) -> Sequence[ast.expr]:
    """Return what a node calls, decorates with or derives from."""
    if isinstance(node, ast.Call):
        return (node.func,)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.decorator_list
    return node.bases if isinstance(node, ast.ClassDef) else ()


def _in_order(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all statements and expressions in the order of the source, so that an import precedes what uses it."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        inner: list[ast.AST] = []
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                inner += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.expr | ast.stmt):
                inner.append(value)
        stack += reversed(inner)


def _is_parser(call: ast.expr, names: dict[str, str]) -> bool:
    if isinstance(call, ast.Attribute):
        if call.attr in _METHODS:
            return True
        if isinstance(call.value, ast.Name):
            module = names.get(call.value.id, "")
            return call.attr in _MODULES.get(module, ())
        return False
    if isinstance(call, ast.Name):
        module, _, name = names.get(call.id, "").rpartition(".")
        return name in _MODULES.get(module, ())
    return False


class NotLiteralError(Exception):
    """A value that can't be known without running the module."""


class Constants:
    """Module-level names of a syntax tree that are assigned once, to a literal."""

    def __init__(self, tree: ast.Module) -> None:
        self._values: dict[str, ast.expr] = {}
        self._open: set[str] = set()
        self._left = _MOST_VALUES
        twice: set[str] = set()
        for node in tree.body:
            for name, value in _assigned(node):
                twice |= {name} & self._values.keys()
                self._values[name] = value
        # What is changed later, or in a branch, is not a constant: `install_requires.append(…)`, `deps += […]`.
        for name in twice | _changed(tree):
            self._values.pop(name, None)

    def literal(self, node: ast.expr, depth: int = 0) -> object:
        """Return the value of a literal, names and simple joins resolved; raises NotLiteralError for anything else."""
        # Names that stand for lists of names multiply: eight names can make 8**8 values.
        self._left -= 1
        if depth > 20 or self._left < 0:
            raise NotLiteralError("too deep or too large")
        match node:
            case ast.Constant(value=value):
                self._left -= len(value) // 16 if isinstance(value, str | bytes) else 0
                return value
            case ast.Name(id=name):
                return self._named(name, depth)
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return self._sequence(items, depth)
            case ast.Dict():
                return self._mapping(node, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._sum(left, right, depth + 1)
            case ast.Call():
                return self._called(node, depth)
            case _:
                raise NotLiteralError("not a literal")

    def _sum(self, left: ast.expr, right: ast.expr, depth: int) -> object:
        joined = _joined(self.literal(left, depth), self.literal(right, depth))
        self._left -= len(joined) // 16 if isinstance(joined, str) else len(joined)
        return joined

    def _named(self, name: str, depth: int) -> object:
        if name not in self._values or name in self._open:
            raise NotLiteralError(f"{name} is not a constant")
        self._open.add(name)
        try:
            return self.literal(self._values[name], depth + 1)
        finally:
            self._open.discard(name)

    def _sequence(self, nodes: list[ast.expr], depth: int) -> list[object]:
        items: list[object] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                more = self.literal(node.value, depth + 1)
                if not isinstance(more, list):
                    raise NotLiteralError("* of what is not a list")
                self._left -= len(more)
                items += more
            else:
                items.append(self.literal(node, depth + 1))
        return items

    def _mapping(self, node: ast.Dict, depth: int) -> dict[str, object]:
        items: dict[str, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            item = self.literal(value, depth + 1)
            if key is None and isinstance(item, dict):
                items |= item
            elif key is not None:
                items[str(self.literal(key, depth + 1))] = item
            else:
                raise NotLiteralError("** of what is not a dict")
        return items

    def _called(self, node: ast.Call, depth: int) -> object:
        """Return `dict(a=1)` and `"a b".split()`, which stand for literals in many a setup.py."""
        match node:
            case ast.Call(func=ast.Name(id="dict"), args=[]):
                return {word.arg: self.literal(word.value, depth + 1) for word in node.keywords if word.arg}
            case ast.Call(func=ast.Attribute(value=text, attr="split" | "strip" | "splitlines" as method), keywords=[]):
                texts = [self.literal(each, depth + 1) for each in (text, *node.args)]
                if len(texts) <= 2 and all(isinstance(each, str) for each in texts) and "" not in texts[1:]:
                    return getattr(texts[0], method)(*texts[1:])
        raise NotLiteralError("a call")


def _joined(left: object, right: object) -> str | list[object]:
    if isinstance(left, str) and isinstance(right, str):
        joined: str | list[object] = left + right
    elif isinstance(left, list) and isinstance(right, list):
        joined = left + right
    else:
        raise NotLiteralError("a sum of what does not add up")
    # Names may double a value again and again: 2**20 copies are no literal.
    if len(left) + len(right) > 100_000:
        raise NotLiteralError("too long")
    return joined


def _assigned(node: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        return [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return [(node.target.id, node.value)]
    return []


def _changed(tree: ast.Module) -> set[str]:
    """Return names that are added to, changed through a method or an item, or assigned below the module's first
    level.
    """
    top = {id(node) for node in tree.body}
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and id(node) not in top:
            names |= {name for name, _ in _assigned(node)}
        target = _mutated(node)
        while isinstance(target, ast.Subscript | ast.Attribute):
            target = target.value
        if isinstance(target, ast.Name):
            names.add(target.id)
    return names


def _mutated(node: ast.AST) -> ast.expr | None:
    """Return the expression whose value a node changes in place."""
    if isinstance(node, ast.AugAssign):
        return node.target
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
        return node.func.value
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return node.value
    return None


_MUTATORS = {"append", "extend", "insert", "update", "remove", "pop", "clear", "add", "discard", "setdefault"}
