"""System libraries that a compiled project links to, read off its build files, as conda-forge's packages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from dirac_forge.recipe.making.library_tables import CRATES, DISCOVERED, LINKED, NOT_LIBRARIES, PROGRAMS

__all__ = ["NamedLibraries", "system_libraries"]

_PYTHON_LIST = re.compile(
    r"\blib(?:rarie)?s\s*(?:=|\+=|\.extend\(|\.append\()\s*[\[(]?\s*((?:[\"'][\w+.-]+[\"']\s*,?\s*)+)"
)
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

_CHOSEN_BLAS = re.compile(r"\b(?:blas|lapack)_name\b")
"""How NumPy, SciPy and others look for the BLAS that an option names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedLibraries:
    """The libraries that build files name."""

    packages: Mapping[str, str]
    """Package to the file that names its library."""
    unknown: Mapping[str, str]
    """What Meson or CMake looks for and no table knows, to the file."""


def system_libraries(texts: Mapping[str, str]) -> NamedLibraries:
    """The libraries that the build files in `texts` (path to text) name."""
    packages: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for path in sorted(texts, key=lambda p: (p.count("/"), p)):
        for name, found in _named(PurePosixPath(path), texts[path]):
            for package in found:
                packages.setdefault(package, path)
            if not found:
                unknown.setdefault(name, path)
    return NamedLibraries(packages=packages, unknown=unknown)


def _named(path: PurePosixPath, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names of libraries in a build file with their packages, () where those are not known."""
    match path.name:
        case "Cargo.toml":
            yield from ((c, (p,)) for c, p in CRATES.items() if re.search(rf"^{c}\b", text, re.MULTILINE))
        case "meson.build" | "CMakeLists.txt":
            text = re.sub(r"#.*$", "", text, flags=re.MULTILINE)
            yield from _configured(text)
            if _CHOSEN_BLAS.search(text):
                yield "blas", tuple(DISCOVERED["openblas"].split())
            for match in _ASKED_FOR.finditer(text):
                name = next(group for group in match.groups() if group)
                if name.lower() not in NOT_LIBRARIES:
                    yield name, tuple(DISCOVERED.get(name.lower(), "").split())
        case _ if path.suffix == ".py":
            code = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
            yield from _in_python(code)
            yield from _configured(code)


def _configured(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What pkg-config or a library's own program is asked for."""
    yield from ((p, (package,)) for p, package in PROGRAMS.items() if re.search(rf"(?<![\w-]){p}(?![\w-])", text))
    for match in _PKG_CONFIG.finditer(text):
        name = next(group for group in match.groups() if group)
        if packages := DISCOVERED.get(name.lower()):
            yield name, tuple(packages.split())


def _in_python(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    names = [name for group in _PYTHON_LIST.findall(text) for name in _STRING.findall(group)]
    yield from ((name, (LINKED[name],)) for name in (*names, *_LINK_FLAG.findall(text)) if name in LINKED)
    if "pkg-config" in text:  # names are often handed to it through variables
        yield from ((name, tuple(DISCOVERED[name].split())) for name in _STRING.findall(text) if name in DISCOVERED)
