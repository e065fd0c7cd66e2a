"""Programs that the Python of a build runs, as packages: no requirement names them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from dirac_forge.upstream.files.literals import parse

_PACKAGES: Final = {
    "autoconf": "autoconf",
    "autoreconf": "autoconf",
    "automake": "automake",
    "bison": "bison",
    "cmake": "cmake",
    "flex": "flex",
    "gmake": "make",
    "gperf": "gperf",
    "libtoolize": "libtool",
    "make": "make",
    "meson": "meson",
    "nasm": "nasm",
    "ninja": "ninja",
    "pkg-config": "pkg-config",
    "swig": "swig",
    "yasm": "yasm",
}
_RUNNING: Final = re.compile(r"\b(?:call|check_call|check_output|run|Popen|system|popen|spawn|getoutput)$")
_ASIDE: Final = re.compile(r"\b(?:clean|docs?|html|tests?)\b")
"""Words of commands that belong to no build."""
_HINT: Final = re.compile(r"subprocess|\bos\.(?:system|popen)|spawn")


@lru_cache(maxsize=64)
def run_programs(text: str) -> tuple[str, ...]:
    """Return the packages of the programs that calls of `subprocess`, `os.system` and the like begin with."""
    tree = parse(text.encode()) if _HINT.search(text) else None
    if tree is None:
        return ()
    bound = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args and _runs(node.func))
    commands = (call.args[0] for call in calls if not _ASIDE.search(ast.unparse(call.args[0])))
    programs = (program for command in commands for program in _first(command, bound))
    return tuple(sorted({_PACKAGES[name] for name in programs if name in _PACKAGES}))


def _runs(function: ast.expr) -> bool:
    return _RUNNING.search(ast.unparse(function)) is not None


def _first(command: ast.expr, bound: dict[str, ast.expr]) -> Iterator[str]:
    """Yield the first word of a command: text, a list, or a variable with one; a default of the environment's."""
    match command:
        case ast.Constant(value=str(text)):
            yield from text.split()[:1]
        case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]) | ast.BinOp(left=first):
            yield from _first(first, bound)
        case ast.JoinedStr(values=[first, *_]):
            yield from _first(first, bound)
        case ast.Call(args=[_, ast.Constant(value=str(default))]):
            yield from default.split()[:1]
        case ast.Name(id=name) if name in bound:
            yield from _first(bound[name], {other: value for other, value in bound.items() if other != name})
