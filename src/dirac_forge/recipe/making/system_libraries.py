"""System libraries that a compiled project links to, read off its build files, as conda-forge's packages."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from dirac_forge.recipe.making.library_tables import NOT_LIBRARIES, libraries
from dirac_forge.upstream.files.literals import parse
from dirac_forge.values import dataclass

_LISTS = re.compile(r"lib(?:rarie)?s|.*_lib(?:rarie)?s", re.IGNORECASE)
"""Variables, arguments and keys that hold names of libraries."""
_ASIDE = re.compile(
    r"(?:^|/)(?:demos?|samples?|examples?|tests?|testing|docs?|benchmarks?|packagefiles)/", re.IGNORECASE
)
"""Folders with build files of what is not built, or not for the package."""
_OTHERS = re.compile(
    r"(?:^|/)(?:subprojects|third[-_]?party|vendor(?:ed)?|extern(?:al)?s?(?:[-_]?libs?)?|bundled|submodules|deps)/",
    re.IGNORECASE,
)
"""Folders with build files of other projects, which count where the project's own lead to them."""
_LINK_FLAG = re.compile(r"[\"'\s]-l([\w+.-]+)")
_STRING = re.compile(r"[\"']([\w+.-]+)[\"']")
_PKG_CONFIG = re.compile(
    r"pkg-?config[\w.]*\(?[^)\n]{0,80}?[\"']([\w+.-]+)[\"']|--(?:libs|cflags|exists)[\"',\s]+([\w+.-]+)", re.IGNORECASE
)
_ASKED_FOR = re.compile(
    r"\bdependency\(\s*'([\w+.-]+)'"
    r"|\bpkg_(?:check|search)_modules?\(\s*\w+\s+(?:(?:REQUIRED|QUIET|IMPORTED_TARGET)\s+)*([\w+.-]+)"
    r"|\bfind_package\(\s*([\w+-]+)",
    re.IGNORECASE,
)

_SEARCHED = re.compile(r"find_library_file\([^()\n]*[\"'](?:lib)?(\w+?)(?:_static)?[\"']\s*\)")
"""How setup.py asks a compiler whether a library is there (distutils' `find_library_file`)."""

_CHOSEN_BLAS = re.compile(r"\b(?:blas|lapack)_name\b")
"""How NumPy, SciPy and others look for the BLAS that an option names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedLibraries:
    """The libraries that build files name."""

    packages: Mapping[str, str]
    """Package to the file that names its library."""
    unknown: Mapping[str, str]
    """What Meson, CMake or setup.py looks for and no table knows, to the file."""


def system_libraries(texts: Mapping[str, str], read: Collection[str] = ()) -> NamedLibraries:
    """Return the libraries that the build files in `texts` (path to text) name.

    `read` are the build files that the topmost one leads to: those count in folders of other projects, too.
    """
    packages: dict[str, str] = {}
    unknown: dict[str, str] = {}
    own = (path for path in texts if not is_aside(path) and (path in read or _counts_alone(path)))
    for path in sorted(own, key=lambda p: (p.count("/"), p)):
        for name, found in _named(PurePosixPath(path), texts[path]):
            for package in found:
                packages.setdefault(package, path)
            if not found:
                unknown.setdefault(name, path)
    return NamedLibraries(packages=packages, unknown=unknown)


def is_aside(path: str) -> bool:
    """Whether a build file is one of what is not built, or not for the package."""
    return _ASIDE.search(path) is not None


def _counts_alone(path: str) -> bool:
    """Whether a build file counts even if no other one is known to lead to it."""
    return not (_OTHERS.search(path) or path.endswith(".cmake"))


def _named(path: PurePosixPath, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the names of libraries in a build file with their packages, () if those are not known."""
    match path.name:
        case "Cargo.toml":
            yield from ((c, p) for c, p in libraries("crate").items() if re.search(rf"^{c}\b", text, re.MULTILINE))
        case name if name in {"meson.build", "CMakeLists.txt"} or path.suffix == ".cmake":
            text = re.sub(r"#.*$", "", text, flags=re.MULTILINE)
            yield from _configured(text)
            if _CHOSEN_BLAS.search(text):
                yield "blas", libraries("discovered")["openblas"]
            for match in _ASKED_FOR.finditer(text):
                name = next(group for group in match.groups() if group)
                if name.lower() not in NOT_LIBRARIES:
                    yield name, libraries("discovered").get(name.lower(), ())
        case _ if path.suffix == ".py":
            code = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
            yield from _in_python(code)
            yield from _searched(code)
            yield from _configured(code)


def _configured(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what pkg-config or a library's own program is asked for."""
    programs = libraries("program")
    yield from ((p, packages) for p, packages in programs.items() if re.search(rf"(?<![\w-]){p}(?![\w-])", text))
    for match in _PKG_CONFIG.finditer(text):
        name = next(group for group in match.groups() if group)
        if packages := libraries("discovered").get(name.lower()):
            yield name, packages


def _in_python(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    names = (*_linked(text), *_LINK_FLAG.findall(text))
    linked, discovered = libraries("linked"), libraries("discovered")
    yield from ((name, linked[name]) for name in names if name in linked)
    if "pkg-config" in text:  # names are often handed to it through variables
        yield from ((name, discovered[name]) for name in _STRING.findall(text) if name in discovered)


def _searched(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the libraries that setup.py looks for, other names of theirs on Windows aside."""
    known = {**libraries("discovered"), **libraries("linked")}
    for line in text.split("\n"):
        if "win32" not in line:
            yield from ((name, known.get(name, ())) for name in _SEARCHED.findall(line))


def _linked(text: str) -> Iterator[str]:
    """Yield what stands in lists of libraries, names of constants followed."""
    tree = parse(text.encode())
    if tree is None:
        return
    assigned: dict[str, list[ast.expr]] = {}
    found = tuple(_assignments(tree))
    for name, value in found:
        assigned.setdefault(name, []).append(value)
    for name, value in found:
        if _LISTS.fullmatch(name):
            yield from _strings(value, assigned, frozenset())


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


def _strings(value: ast.expr, assigned: Mapping[str, list[ast.expr]], seen: frozenset[str]) -> Iterator[str]:
    for node in ast.walk(value):
        if text := _string(node):
            yield text
        elif isinstance(node, ast.Name) and node.id not in seen:
            for other in assigned.get(node.id, ()):
                yield from _strings(other, assigned, seen | {node.id})
