"""What the modules of a source archive import when they are loaded; nothing of them is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

from dirac_forge.upstream.files.facts import SourceModule
from dirac_forge.upstream.files.literals import parse
from dirac_forge.upstream.once import by_content

_MOST_IMPORTS = 300
_MOST_LIBRARIES = 40
_LOADING = re.compile(
    r"(?:find_library|CDLL|LoadLibrary|dlopen|\b\w*(?:load|locate)_(?:shared_)?library)\s*\(((?:[^()]|\([^()]{0,2000}\)){0,2000})\)"
)
"""Calls of ctypes, cffi, and of functions that are named after theirs."""
_LIBRARY_NAME = re.compile(r"[A-Za-z][\w.+-]{0,60}")
_LIBRARY = re.compile(rf"""["']({_LIBRARY_NAME.pattern})["']""")

# Strings and comments are skipped, so that an import in a docstring is none. An import that is indented is in a
# function or under a condition: the module loads without it.
_TOKENS = re.compile(
    r"""\"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"\"\"|\'\'\'[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*\'\'\'"""
    r"""|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|\#[^\n]*"""
    r"""|^(?:import|from)[ \t]+[^\n;#(]*(?:\([^)]*\))?""",
    re.DOTALL | re.MULTILINE,
)
_FROM = re.compile(r"from\s+(\.*)\s*([\w.]*)\s+(?:c?import)\s+(.*)", re.DOTALL)
_CIMPORT = re.compile(r"^(?:cimport[ \t]+([\w.]+)|from[ \t]+([\w.]+)[ \t]+cimport\b)", re.MULTILINE)
_HANDLED = re.compile(r"^except\b\s*\(?[^:\n]*(?:Import|ModuleNotFound)Error", re.MULTILINE)
"""A handler at the top level, where `_insisted` looks for them."""
_NAMESPACE = re.compile(r"\bextend_path\s*\(|\bdeclare_namespace\s*\(")
_JOINERS = ("pkgutil", "pkg_resources", "__future__")
_CXX = re.compile(r"^#\s*distutils:\s*language\s*=\s*c\+\+", re.MULTILINE)


def read_module(path: str, source: bytes, *, cut: bool = False) -> SourceModule | None:
    """Return what a .py or .pyx file imports, None if it imports nothing and is nothing special.

    Of one that is `cut`, `source` is the beginning.
    """
    read = _read(source, path.endswith(".pyx"), path.endswith("/__init__.py"))
    if not (cut or read.imports or read.namespace or read.cxx or read.loads):
        return None
    return SourceModule(
        path=path, imports=read.imports, namespace=read.namespace, cxx=read.cxx, loads=read.loads, cut=cut
    )


class _Read(NamedTuple):
    """What the text of a module says, wherever it is."""

    imports: tuple[str, ...]
    namespace: bool
    cxx: bool
    loads: tuple[str, ...]


@by_content
def _read(source: bytes, cython: bool, initial: bool) -> _Read:
    text = source.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\\\n", " ")
    imports = dict.fromkeys(_unconditional(text))
    if cython:
        imports |= dict.fromkeys(one or other for one, other in _CIMPORT.findall(text))
    elif ("\nexcept" in text or text.startswith("except")) and _HANDLED.search(text):
        imports |= dict.fromkeys(_insisted(parse(source)))
    return _Read(
        imports=tuple(imports)[:_MOST_IMPORTS],
        namespace=initial and _NAMESPACE.search(text) is not None and _joins_only(parse(source)),
        cxx=cython and _CXX.search(text[:4000]) is not None,
        loads=tuple(dict.fromkeys(_loaded(text, source)))[:_MOST_LIBRARIES],
    )


def _loaded(text: str, source: bytes) -> Iterator[str]:
    """Yield the names in calls which look for a shared library, or load it: as they are written, or in variables."""
    if "ctypes" not in text and "dlopen" not in text:
        return
    calls = [
        call[1]
        for call in _LOADING.finditer(text)
        if text.find("#", text.rfind("\n", 0, call.start()) + 1, call.start()) < 0  # not in a comment
    ]
    for call in calls:
        yield from _LIBRARY.findall(call)
    variables = {call.strip() for call in calls if call.strip().isidentifier()}
    if variables and (tree := parse(source)) is not None:
        yield from (name for name in map(_file_name, _values_of(variables, tree)) if _LIBRARY_NAME.fullmatch(name))


def _file_name(path: str) -> str:
    return re.split(r"[/\\]", path)[-1]


def _values_of(variables: set[str], tree: ast.Module) -> Iterator[str]:
    """Yield the strings that variables are assigned, or loop over, other variables of them followed."""
    bound: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.For(target=ast.Name(id=name), iter=value) | ast.Assign(targets=[ast.Name(id=name)], value=value):
                bound.setdefault(name, []).append(value)
    waiting: list[ast.expr] = [value for name in sorted(variables) for value in bound.pop(name, ())]
    for value in waiting:  # which grows meanwhile
        match value:
            case ast.Constant(value=str(text)):
                yield text
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                waiting += parts
            case ast.IfExp(body=one, orelse=other):
                waiting += [one, other]
            case ast.Name(id=name):
                waiting += bound.pop(name, ())


def _joins_only(tree: ast.Module | None) -> bool:
    """Whether an `__init__.py` does nothing but join the folders of a namespace package."""
    return tree is not None and all(map(_joins, tree.body))


def _joins(node: ast.stmt) -> bool:
    match node:
        case ast.Import(names=names):
            return all(name.name in _JOINERS for name in names)
        case ast.ImportFrom(module=module):
            return module in _JOINERS
        case ast.Assign(targets=[target]):
            return ast.unparse(target) == "__path__"
        case ast.Try(body=body, handlers=handlers):
            return all(map(_joins, (*body, *(inner for handler in handlers for inner in handler.body))))
        case _:
            return isinstance(node, ast.Expr)


def _unconditional(text: str) -> Iterator[str]:
    # Imports are at the top of most modules: what follows the last one need not be taken apart.
    last = max(text.rfind("\nimport"), text.rfind("\nfrom")) + 1
    for match in _TOKENS.finditer(text):
        if match.start() > last:
            return
        token = match[0]
        if token[0] in "if":
            yield from _names(re.sub(r"#[^\n]*", "", token) if "#" in token else token)


def _names(statement: str) -> Iterator[str]:
    """Yield `a.b` of `import a.b` and of `from a import b`, which may be a module or not; `.a.b` of a relative one."""
    if match := _FROM.match(statement):
        base = match[1] + match[2]
        for name in re.findall(r"(\w+|\*)(?:\s+as\s+\w+)?", match[3]):
            yield base if name == "*" else f"{base}{'' if base.endswith('.') else '.'}{name}"
    elif statement.startswith("import"):
        for part in statement[len("import") :].split(","):
            if name := re.match(r"\s*([\w.]+)", part):
                yield name[1]


def _insisted(tree: ast.Module | None) -> Iterator[str]:
    """Yield the imports that a module tries, and gives up where they fail."""
    for node in tree.body if tree is not None else ():
        if insists(node):
            for inner in node.body:
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield from _names(ast.unparse(inner))


def insists(node: ast.AST) -> TypeGuard[ast.Try]:
    """Whether a statement tries something, and gives up where that fails."""
    return isinstance(node, ast.Try) and bool(node.handlers) and all(map(_gives_up, node.handlers))


def _gives_up(handler: ast.ExceptHandler) -> bool:
    """Whether a handler ends by raising or leaving."""
    match handler.body[-1]:
        case ast.Raise():
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="exit" | "quit") | ast.Attribute(attr="exit" | "_exit"))):
            return True
        case _:
            return False
